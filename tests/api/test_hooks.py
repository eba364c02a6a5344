"""`POST /api/v1/hooks/{source_id}`: what other systems deliver."""

from __future__ import annotations

import json
from itertools import permutations
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from releasedesk.accounts.models import Team
from releasedesk.accounts.roles import DESK
from releasedesk.actions.sources import end_former_secret, pause_source, rotate_secret
from releasedesk.catalog.models import Service
from releasedesk.checklists.models import Item
from releasedesk.deliveries.models import Alias, Delivery, Source
from releasedesk.releases.models import Change, Deployment, Live, Release
from tests.api.asking import problem
from tests.api.hooks import Sender, make_sender, signed_headers
from tests.builders import NOON, make_environment, make_service, make_team, minutes
from tests.conftest import Clock
from tests.ingest import payloads
from tests.ingest.payloads import OLDER, SHA

RUN = "https://gitlab.example/acme/ledger/-/jobs/796"


@pytest.fixture
def github(payments: Team) -> Sender:
    return make_sender(payments)


@pytest.fixture
def gitlab(payments: Team) -> Sender:
    return make_sender(payments, "gitlab")


@pytest.fixture
def cdevents(payments: Team) -> Sender:
    return make_sender(payments, "cdevents")


def test_a_day_on_github(github: Sender) -> None:
    for event, payload in (
        ("ping", payloads.github(zen="Keep it logically awesome.")),
        ("push", payloads.github_push()),
        ("workflow_run", payloads.github_workflow_run()),
        ("release", payloads.github_release("created")),
        ("release", payloads.github_release("published")),
        ("release", payloads.github_release("released")),
        ("deployment", payloads.github_deployment(ref="v2.4.0")),
        ("deployment_status", payloads.github_deployment_status("in_progress", ref="v2.4.0")),
        ("deployment_status", payloads.github_deployment_status("success", ref="v2.4.0")),
    ):
        answer = github.deliver(event, payload)
        assert answer.status_code == (202 if event == "ping" else 201), answer.content
    release = Release.objects.get()
    assert (release.service.slug, release.version, release.sha) == ("checkout-api", "v2.4.0", SHA)
    assert list(release.changes.values_list("sha", flat=True)) == [OLDER, SHA]
    assert dict(release.items.exclude(outcome="open").values_list("key", "outcome")) == {
        "unit_tests": "passed",
        "tag": "passed",
    }
    deployment = Deployment.objects.get()
    assert (deployment.status, deployment.started_at, deployment.finished_at) == (
        "succeeded",
        NOON,
        NOON + minutes(2),
    )
    assert answer.json()["release_url"] == "http://testserver/services/checkout-api/releases/v2.4.0/"
    assert Live.objects.get().release == release


def test_a_day_on_gitlab(gitlab: Sender) -> None:
    job = {"id": 1, "name": "pytest", "status": "success"}
    for event, payload in (
        ("Push Hook", payloads.gitlab_push()),
        ("Pipeline Hook", payloads.gitlab_pipeline(job)),
        ("Tag Push Hook", payloads.gitlab_push("tag_push", "refs/tags/v1.1.0")),
        ("Release Hook", payloads.gitlab_release()),
        (
            "Deployment Hook",
            payloads.gitlab_deployment("running", ref="v1.1.0", status_changed_at="2026-11-23 12:00:00 UTC"),
        ),
        ("Deployment Hook", payloads.gitlab_deployment("success", ref="v1.1.0")),
    ):
        answer = gitlab.deliver(event, payload)
        assert answer.status_code == 201, answer.content
    assert Live.objects.get().release.version == "v1.1.0"
    assert Deployment.objects.get().status == "succeeded"
    assert Item.objects.get(key="unit_tests").outcome == "passed"
    assert Change.objects.get().sha == SHA


def test_cdevents_come_with_the_secret_as_their_token(cdevents: Sender) -> None:
    where = {"environment": {"id": "production"}, "artifactId": "pkg:oci/x@1?tag=2.1"}
    answer = cdevents.deliver("", payloads.cdevent("service.deployed", where))
    assert (answer.status_code, answer.json()["version"]) == (201, "2.1")


def test_a_cdevent_may_come_in_an_envelope_or_with_headers(cdevents: Sender) -> None:
    """All three bear one id of their own: the envelopes tell them apart."""
    where = {"environment": {"id": "production"}, "artifactId": "pkg:oci/x@1?tag=2.1"}
    event = payloads.cdevent("service.deployed", where)
    envelope = {"specversion": "1.0", "id": "1", "source": "/ci", "type": event["context"]["type"]}
    binary = {"Ce-Id": "2", "Ce-Source": "/ci", "Ce-Type": event["context"]["type"], "Ce-Specversion": "1.0"}
    assert cdevents.deliver("", event).status_code == 201
    assert cdevents.deliver("", {**envelope, "data": event}).status_code == 201
    assert cdevents.deliver("", event, **binary).status_code == 201
    assert Deployment.objects.filter(status="succeeded").count() == 3
    assert cdevents.deliver("", event, **binary).status_code == 200


def test_the_signed_form_of_gitlab_is_checked_over_the_body_as_it_came(gitlab: Sender) -> None:
    raw = json.dumps(payloads.gitlab_deployment(), indent=3).encode()
    signed = {"X-Gitlab-Event": "Deployment Hook", **signed_headers(gitlab.secret, raw, at=NOON + minutes(5))}
    assert gitlab.send(raw, signed).status_code == 201
    assert Delivery.objects.get().key == "msg-1"
    problem(gitlab.send(raw + b"\n", signed), 401)


def test_a_signed_message_that_somebody_recorded_is_refused_later(gitlab: Sender, clock: Clock) -> None:
    raw = json.dumps(payloads.gitlab_deployment()).encode()
    signed = {"X-Gitlab-Event": "Deployment Hook", **signed_headers(gitlab.secret, raw, at=clock.now)}
    assert gitlab.send(raw, signed).status_code == 201
    clock.tick(6)
    assert "5 minutes off" in problem(gitlab.send(raw, signed), 401)["detail"]


@pytest.mark.parametrize("headers", [{}, {"X-Hub-Signature-256": "sha256=00"}])
def test_a_bad_signature_is_refused_and_nothing_is_kept(github: Sender, headers: dict[str, str]) -> None:
    given = {**github.headers("ping", "1"), **headers}
    document = problem(github.send(b"{}", given), 401, "not-authenticated")
    assert document["retryable"] is False
    assert not Delivery.objects.exists()


def test_an_address_that_guesses_is_slowed_down(github: Sender, settings: Settings) -> None:
    settings.THROTTLE_FAILED_AUTH_PER_MINUTE = 2
    for _ in range(2):
        problem(github.send(b"{}", {}), 401)
    problem(github.send(b"{}", {}), 429)
    assert github.deliver("ping", payloads.github()).status_code == 202, "who signs is not slowed down"


def test_an_address_nobody_set_up_is_not_found(db: None) -> None:
    problem(Client().post("/api/v1/hooks/none", {}, content_type="application/json"), 404)


def test_another_sources_secret_does_not_fit(github: Sender) -> None:
    other = make_sender(make_team("search"))
    raw = b'{"zen": "x"}'
    problem(github.send(raw, {**github.headers("ping", "1"), **other.sign(raw)}), 401)


def test_while_a_secret_is_replaced_both_are_valid(github: Sender, clock: Clock) -> None:
    former = github.secret
    github.secret = rotate_secret(DESK, github.source, now=clock.now)
    for secret in (former, github.secret):
        raw = json.dumps(payloads.github(zen=secret[-4:])).encode()
        assert (
            github.send(raw, {**github.headers("ping", secret), **github.sign(raw, secret)}).status_code
            == 202
        )
    end_former_secret(DESK, github.source)
    raw = b'{"zen": "later"}'
    problem(github.send(raw, {**github.headers("ping", "3"), **github.sign(raw, former)}), 401)


def test_a_former_secret_ends_by_itself(github: Sender, clock: Clock, settings: Settings) -> None:
    former = github.secret
    rotate_secret(DESK, github.source, now=clock.now)
    clock.tick(settings.FORMER_SECRET_DAYS * 24 * 60)
    problem(github.send(b"{}", {**github.headers("ping", "1"), **github.sign(b"{}", former)}), 401)


def test_a_paused_source_is_told_so(github: Sender, clock: Clock) -> None:
    pause_source(DESK, github.source, paused=True, now=clock.now)
    assert "paused" in problem(github.deliver("ping", payloads.github()), 403)["detail"]
    pause_source(DESK, github.source, paused=False, now=clock.now)
    assert github.deliver("ping", payloads.github()).status_code == 202


def test_no_secret_is_in_the_database_in_the_clear(github: Sender) -> None:
    stored = Source.objects.values_list().get()
    assert github.secret not in str(stored)
    assert github.secret.removeprefix("whsec_") not in str(stored)


def test_a_redelivery_is_answered_as_before(github: Sender) -> None:
    first = github.deliver("deployment", payloads.github_deployment(), id="7")
    again = github.deliver("deployment", payloads.github_deployment(), id="7")
    assert (again.status_code, again["Idempotent-Replayed"]) == (200, "true")
    assert again.json() == first.json()
    problem(github.deliver("deployment", payloads.github_deployment(id=502), id="7"), 409)
    assert Deployment.objects.count() == 1


def test_the_same_id_from_two_sources_is_two_messages(github: Sender, payments: Team) -> None:
    other = make_sender(payments, name="other")
    assert github.deliver("ping", payloads.github(), id="7").status_code == 202
    assert other.deliver("ping", payloads.github(), id="7").status_code == 202


def test_a_delivery_without_a_name_goes_by_its_body(gitlab: Sender) -> None:
    payload = json.dumps(payloads.gitlab_push()).encode()
    headers = {"X-Gitlab-Event": "Push Hook", **gitlab.sign(payload)}
    assert gitlab.send(payload, headers).status_code == 201
    assert gitlab.send(payload, headers).status_code == 200


def test_what_older_gitlabs_bring_about_at_once_bears_one_name(gitlab: Sender) -> None:
    """Before 17.4 there is no name of its own for each: the push and the tag of one request share it."""
    for payload in (payloads.gitlab_push(), payloads.gitlab_push("tag_push", "refs/tags/v1.0.0")):
        raw = json.dumps(payload).encode()
        headers = {"X-Gitlab-Event": "Push Hook", "X-Gitlab-Event-UUID": "7", **gitlab.sign(raw)}
        assert [gitlab.send(raw, headers).status_code for _ in range(2)] == [201, 200]


def test_a_name_that_is_taken_is_pointed_at_where_it_stood(gitlab: Sender) -> None:
    assert gitlab.deliver("Push Hook", payloads.gitlab_push(), id="7").status_code == 201
    document = problem(gitlab.deliver("Push Hook", {"object_kind": "issue"}, id="7"), 409)
    assert document["errors"][0]["pointer"] == "Idempotency-Key"


@pytest.mark.parametrize("state", ["in_progress", "success"])
def test_two_hooks_that_tell_the_same_tell_it_once(github: Sender, state: str) -> None:
    payload = payloads.github_deployment_status(state, ref="v2.4.0")
    answers = [github.deliver("deployment_status", payload, id=hook).json() for hook in ("its own", "all")]
    assert [answer["outcome"] for answer in answers] == ["applied", "applied"]
    assert answers[0]["deployment"] == answers[1]["deployment"]
    assert Deployment.objects.count() == 1


def test_two_sources_that_tell_of_one_deployment_tell_it_once(github: Sender, payments: Team) -> None:
    organisation = make_sender(payments, name="all of acme")
    for state in ("in_progress", "success"):
        payload = payloads.github_deployment_status(state, ref="v2.4.0")
        told = [sender.deliver("deployment_status", payload).json() for sender in (github, organisation)]
        assert told[0]["deployment"] == told[1]["deployment"]
    assert Deployment.objects.get().mode == "forward"


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_a_start_that_is_told_several_times_began_when_the_earliest_says(
    gitlab: Sender, order: tuple[int, ...]
) -> None:
    told = [
        payloads.gitlab_deployment("running", status_changed_at=at, deployable_url=url)
        for at, url in (
            ("2026-11-23 13:01:00 +0100", None),
            ("2026-11-23 13:01:00 +0100", RUN),
            ("2026-11-23 13:04:00 +0100", f"{RUN.rpartition('/')[0]}/7"),
        )
    ]
    told.append(payloads.gitlab_deployment(status_changed_at="2026-11-23 13:03:00 +0100"))
    for index in order:
        answer = gitlab.deliver("Deployment Hook", told[index]).json()
        assert (answer["outcome"], answer["environment"]) == ("applied", "production")
    deployment = Deployment.objects.get()
    assert (deployment.started_at, deployment.finished_at) == (NOON + minutes(1), NOON + minutes(3))
    assert deployment.start is not None
    assert (deployment.start.occurred_at, deployment.start.url) == (NOON + minutes(1), RUN)
    assert Live.objects.get().deployment == deployment


@pytest.mark.parametrize("latest_first", [False, True])
def test_a_workflow_that_says_twice_that_it_has_begun_began_the_first_time(
    github: Sender, latest_first: bool
) -> None:
    times = ["2026-11-23T12:01:00Z", "2026-11-23T12:09:00Z"]
    for at in sorted(times, reverse=latest_first):
        payload = payloads.github_deployment_status("in_progress", created_at=at, updated_at=at)
        github.deliver("deployment_status", {**payload, "workflow_run": {"id": 1}})
    assert Deployment.objects.get().started_at == NOON + minutes(1)
    assert Service.objects.get().revision == (2 if latest_first else 1), "what is no news shows nobody anew"


def test_an_earlier_start_may_be_of_a_release_that_has_another_commit_by_now(gitlab: Sender) -> None:
    """Of two commits of one release the last one reported counts: no longer this one's."""
    for number, at, sha in ((15, "13:03", SHA), (16, "13:02", OLDER), (15, "13:01", SHA)):
        said = {"ref": "v1.0.0", "commit_url": f"https://gitlab.example/acme/ledger/-/commit/{sha}"}
        time = f"2026-11-23 {at}:00 +0100"
        payload = payloads.gitlab_deployment("running", deployment_id=number, status_changed_at=time, **said)
        gitlab.deliver("Deployment Hook", payload)
    assert Release.objects.get().reported_commit == OLDER


def test_github_may_send_a_form(github: Sender) -> None:
    raw = urlencode({"payload": json.dumps(payloads.github_deployment())}).encode()
    headers = {**github.headers("deployment", "1"), **github.sign(raw)}
    answer = github.send(raw, headers, "application/x-www-form-urlencoded")
    assert answer.status_code == 201


def test_json_that_says_it_is_a_form_is_read_and_a_form_without_payload_is_told_its_field(
    github: Sender,
) -> None:
    form = "application/x-www-form-urlencoded; charset=utf-8"
    raw = json.dumps(payloads.github_deployment()).encode()
    assert (
        github.send(raw, {**github.headers("deployment", "1"), **github.sign(raw)}, form).status_code == 201
    )
    raw = b"body=%7B%7D"
    answer = github.send(raw, {**github.headers("deployment", "2"), **github.sign(raw)}, form)
    assert "'payload'" in problem(answer, 400, "not-json")["detail"]


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_json_is_told_so(github: Sender, raw: bytes) -> None:
    problem(github.send(raw, {**github.headers("push", "1"), **github.sign(raw)}), 400, "not-json")


def test_a_huge_payload_is_taken_and_a_larger_one_is_told_so(github: Sender, settings: Settings) -> None:
    big = payloads.github_push(commits=[], padding="x" * 3_000_000)
    assert github.deliver("push", big).status_code == 202
    settings.LIMIT_HOOK_BYTES = 1_000_000
    problem(github.deliver("push", big), 413)


def test_an_unknown_environment_waits_and_is_applied_once_it_is_known(github: Sender, clock: Clock) -> None:
    answer = github.deliver("deployment_status", payloads.github_deployment_status(environment="prod-eu"))
    assert (answer.status_code, answer.json()["outcome"]) == (202, "unmatched")
    kept = Delivery.objects.get()
    assert (kept.waits_for, kept.waits_name) == ("environment", "prod-eu")
    assert not Service.objects.filter(slug="checkout-api").exists() or not Release.objects.exists()


def test_a_mapped_name_is_ours(github: Sender, payments: Team) -> None:
    shop = make_service("shop", payments)
    common: dict[str, Any] = {"team": payments, "created_by": "alice", "created_at": NOON}
    Alias.objects.create(kind="service", theirs="acme/checkout-api", service=shop, **common)
    Alias.objects.create(
        kind="environment", theirs="prod-eu", environment=make_environment("production"), **common
    )
    answer = github.deliver("deployment_status", payloads.github_deployment_status(environment="Prod-EU"))
    assert answer.status_code == 201
    assert (answer.json()["service"], answer.json()["environment"]) == ("shop", "production")


def test_a_services_own_repository_needs_no_mapping(github: Sender, payments: Team) -> None:
    make_service("shop", payments, repository="https://github.com/Acme/Checkout-API.git")
    assert github.deliver("deployment", payloads.github_deployment()).json()["service"] == "shop"


def test_a_name_that_means_nothing_is_left_alone(github: Sender, payments: Team) -> None:
    Alias.objects.create(
        team=payments, kind="environment", theirs="github-pages", created_by="alice", created_at=NOON
    )
    answer = github.deliver(
        "deployment_status", payloads.github_deployment_status(environment="github-pages")
    )
    assert (answer.status_code, answer.json()["outcome"]) == (202, "ignored")


def test_a_repository_named_like_charlies_service_waits_and_touches_nothing(github: Sender) -> None:
    make_service("checkout-api", make_team("search"))
    answer = github.deliver("deployment", payloads.github_deployment())
    assert answer.json()["outcome"] == "unmatched"
    assert not Release.objects.exists()


def test_secrets_of_a_delivery_are_not_kept(gitlab: Sender) -> None:
    job = {"id": 1, "name": "pytest", "status": "success"}
    gitlab.deliver("Pipeline Hook", payloads.gitlab_pipeline(job), Authorization="Basic aHVudGVyMg==")
    kept = Delivery.objects.get()
    assert "hunter2" not in kept.body_text
    assert gitlab.secret not in str(kept.headers)
    assert "aHVudGVyMg" not in str(kept.headers)
    assert kept.headers["X-Gitlab-Event"] == "Pipeline Hook"


def test_a_delivery_costs_a_fixed_number_of_queries(
    github: Sender, payments: Team, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_service("checkout-api", payments)
    with django_assert_num_queries(20):
        assert github.deliver("deployment", payloads.github_deployment()).status_code == 201


def test_a_secret_that_no_key_of_ours_opens_is_told_so(github: Sender, settings: Settings) -> None:
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", []
    document = problem(github.deliver("ping", payloads.github()), 503)
    assert "makes another" in document["detail"]
