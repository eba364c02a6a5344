"""GitHub and GitLab ask whether something may ship; the desk answers, and again when that has changed."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from releasedesk.actions.answering import forget_answering, set_answering
from releasedesk.actions.gate_requests import REPORTS, TASK
from releasedesk.actions.overrides import override
from releasedesk.actions.reseal import reseal_everything
from releasedesk.deliveries.models import Answering, Delivery
from releasedesk.jobs.gate_requests import NO_KEY, answer_gate_request, ask_again
from releasedesk.operations.outgoing_rule import Allowed
from releasedesk.problems.problem import Problem
from releasedesk.releases.models import GateAnswer, GateRequest, Release
from releasedesk.releases.models.lock import Lock
from tests.api.hooks import Sender, make_sender
from tests.builders import (
    NOON,
    make_deployment,
    make_environment,
    make_release,
    make_service,
    make_shippable,
    make_team,
    minutes,
)
from tests.ingest import payloads
from tests.ingest.payloads import SHA
from tests.jobs.vendors import APP, GITLAB_TOKEN, PEM, missing, vendor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_django import Settings

    from releasedesk.accounts.models import Team, User
    from tests.conftest import Clock
    from tests.jobs.vendors import Vendor

pytestmark = pytest.mark.django_db


@pytest.fixture
def theirs(clock: Clock, settings: Settings) -> Iterator[Vendor]:
    settings.OUTGOING_ALLOWED = Allowed.read(["127.0.0.0/8"])
    settings.DESK_URL = "https://desk.example.com"
    with vendor(SHA, lambda: timezone.now().timestamp()) as server:
        yield server


@pytest.fixture
def github(payments: Team, alice: User, theirs: Vendor) -> Sender:
    sender = make_sender(payments, "github", "GitHub")
    answered_by(alice, sender, url=theirs.github, app=APP, secret=PEM)
    return sender


@pytest.fixture
def gitlab(payments: Team, alice: User, theirs: Vendor) -> Sender:
    sender = make_sender(payments, "gitlab", "GitLab")
    answered_by(alice, sender, url=theirs.gitlab, app="", secret=GITLAB_TOKEN)
    return sender


def answered_by(who: User, sender: Sender, **how: Any) -> Answering:
    return set_answering(who.as_actor(), sender.source, **{"environment": None, "now": NOON, **how})


def asks(sender: Sender, theirs: Vendor, ref: str = "main", **fields: Any) -> Any:
    return sender.deliver(
        "deployment_protection_rule", payloads.github_protection_rule(theirs.callback, ref, **fields)
    )


def checks(sender: Sender, sha: str = SHA, **fields: Any) -> Any:
    """As GitLab sends an external status check: no event, no id, and the body signed."""
    raw = json.dumps(payloads.gitlab_status_check(sha, **fields)).encode()
    signature = hmac.new(sender.secret.encode(), raw, hashlib.sha256).hexdigest()
    return sender.send(raw, {"X-Gitlab-Signature": signature})


def work() -> None:
    """Run what was handed to the worker."""
    jobs = ProcrastinateJob.objects.filter(task_name=TASK)
    for request in sorted({job.args["request"] for job in jobs}):
        answer_gate_request(request)


def a_minute_later(clock: Clock) -> None:
    clock.tick(1)
    ask_again(0)
    work()


def shippable(payments: Team, alice: User, slug: str = "checkout-api", **fields: Any) -> Release:
    service = make_service(slug, payments, owner="alice")
    return make_shippable(service, "2.0", commit=SHA, **fields)


# -- GitHub: a custom deployment protection rule


def test_a_job_that_waits_is_let_through_when_the_gate_is_open(
    github: Sender, theirs: Vendor, payments: Team, alice: User
) -> None:
    release = shippable(payments, alice)
    make_deployment(release.service, "2.0", "staging", at=NOON - minutes(65), commit=SHA)
    answer = asks(github, theirs)
    assert (answer.status_code, answer.json()["environment"]) == (201, "production"), answer.content
    work()
    asked = GateRequest.objects.get()
    ((environment, state, comment),) = theirs.decisions
    assert (environment, state) == ("Production", "approved")
    assert comment.startswith("checkout-api 2.0 may ship to production.\n- **Same configuration** (advisory")
    assert (asked.state, asked.release, asked.answer) == ("approved", release, GateAnswer.objects.get())
    assert asked.answer is not None
    assert asked.answer.asked_by == "GitHub (source)"
    work()
    assert len(theirs.decisions) == 1, "it is told once"


def test_it_waits_while_the_gate_is_closed_is_told_why_and_let_through_when_that_is_mended(
    github: Sender, theirs: Vendor, payments: Team, alice: User, clock: Clock
) -> None:
    release = make_release(make_service("checkout-api", payments), "2.0", commit=SHA)
    asks(github, theirs)
    work()
    assert theirs.reports[0].startswith(
        "checkout-api 2.0 may not ship to production yet: Owner, Expected result, Checklist, Way back and "
        "Staging first.\n- **Owner** (required, unmet): "
    )
    assert "https://desk.example.com/services/checkout-api/releases/2.0/edit/" in theirs.reports[0]
    a_minute_later(clock)
    assert len(theirs.reports) == 1, "nothing has changed, so nothing is said"
    why, place = "It is a drill, and nothing is behind it.", make_environment("production")
    for gate in ("owner", "expected_result", "checklist", "rollback_ready"):
        override(alice.as_actor(), release, place, gate, why, now=clock.now)
    a_minute_later(clock)
    assert [missing(report) for report in theirs.reports[1:]] == [["Staging first"]]
    make_deployment(release.service, "2.0", "staging", at=clock.now, commit=SHA)
    a_minute_later(clock)
    assert [(state, theirs.refused) for _, state, _ in theirs.decisions] == [("approved", [])]
    assert GateRequest.objects.get().settled_at == clock.now


def test_an_unknown_version_is_made_a_release_as_its_deployment_would(
    github: Sender, theirs: Vendor, payments: Team
) -> None:
    make_service("checkout-api", payments)
    asks(github, theirs, "v2.4.0")
    work()
    assert Release.objects.get().version == "v2.4.0"
    assert theirs.reports[0].startswith("checkout-api v2.4.0 may not ship to production yet: ")


def test_going_back_is_never_held_up(github: Sender, theirs: Vendor, payments: Team) -> None:
    service = make_service("checkout-api", payments)
    make_deployment(service, "1.0", at=NOON - minutes(60), commit=SHA)
    make_deployment(service, "2.0", at=NOON - minutes(50))
    asks(github, theirs)
    work()
    assert [state for _, state, _ in theirs.decisions] == ["approved"]


def test_after_a_week_the_job_is_told_no_and_ends(
    github: Sender, theirs: Vendor, payments: Team, clock: Clock
) -> None:
    make_service("checkout-api", payments)
    asks(github, theirs)
    work()
    clock.tick(7 * 24 * 60 - 1)
    a_minute_later(clock)
    assert [state for _, state, _ in theirs.decisions] == ["rejected"]
    asked = GateRequest.objects.get()
    assert (asked.state, asked.answer) == ("refused", None)
    assert "Nobody mended it within 7 days" in asked.sentence


def test_who_runs_the_job_again_asks_anew(
    github: Sender, theirs: Vendor, payments: Team, clock: Clock
) -> None:
    make_service("checkout-api", payments)
    asks(github, theirs)
    work()
    clock.tick(1)
    asks(github, theirs)
    work()
    assert (len(theirs.reports), GateRequest.objects.get().asked_at) == (2, clock.now)


def test_reports_stay_within_what_github_takes(
    github: Sender, theirs: Vendor, payments: Team, clock: Clock
) -> None:
    make_service("checkout-api", payments)
    asks(github, theirs)
    for number in range(12):
        GateRequest.objects.update(told=[f"something else {number}"])
        a_minute_later(clock)
    assert (len(theirs.reports), theirs.refused) == (REPORTS, [])


def test_a_server_that_is_away_is_asked_again_with_longer_pauses(
    github: Sender, theirs: Vendor, payments: Team, clock: Clock
) -> None:
    make_service("checkout-api", payments)
    theirs.away = 2
    asks(github, theirs)
    work()
    asked = GateRequest.objects.get()
    assert (asked.attempts, asked.error) == (1, "GitHub answered 503: We are down for maintenance.")
    assert (asked.due_at - clock.now).total_seconds() == 10
    a_minute_later(clock)
    asked.refresh_from_db()
    assert (asked.attempts, (asked.due_at - clock.now).total_seconds()) == (2, 20)
    a_minute_later(clock)
    asked.refresh_from_db()
    assert (len(theirs.reports), asked.attempts, asked.error) == (1, 0, "")


def test_a_job_that_was_decided_elsewhere_is_left_alone(
    github: Sender, theirs: Vendor, payments: Team
) -> None:
    make_service("checkout-api", payments)
    theirs.decisions.append(("Production", "approved", "by hand"))
    asks(github, theirs)
    work()
    asked = GateRequest.objects.get()
    assert asked.state == "failed"
    assert asked.error == "GitHub answered 422: There is no pending request for this environment."


def test_the_key_is_shown_to_nobody_but_the_address_it_is_for(
    github: Sender, theirs: Vendor, payments: Team
) -> None:
    make_service("checkout-api", payments)
    elsewhere = theirs.callback.replace("127.0.0.1", "127.0.0.2")
    github.deliver("deployment_protection_rule", payloads.github_protection_rule(elsewhere))
    work()
    asked = GateRequest.objects.get()
    assert asked.state == "failed"
    assert "which is not of http://127.0.0.1" in asked.error
    assert (theirs.reports, theirs.refused) == ([], [])


def test_a_network_that_is_not_listed_is_not_called(
    github: Sender, theirs: Vendor, payments: Team, settings: Settings
) -> None:
    make_service("checkout-api", payments)
    settings.OUTGOING_ALLOWED = Allowed.read(["api.github.com"])
    asks(github, theirs)
    work()
    assert "OUTGOING_ALLOWED does not list it" in GateRequest.objects.get().error
    assert theirs.reports == []


def test_a_question_without_a_key_waits_until_a_lead_sets_one(
    github: Sender, theirs: Vendor, payments: Team, alice: User, clock: Clock
) -> None:
    make_service("checkout-api", payments)
    forget_answering(alice.as_actor(), github.source)
    asks(github, theirs)
    work()
    asked = GateRequest.objects.get()
    assert (asked.state, asked.error) == ("waiting", NO_KEY)
    answered_by(alice, github, url=theirs.github, app=APP, secret=PEM, now=clock.now)
    ask_again(0)
    work()
    assert len(theirs.reports) == 1


def test_charlies_service_is_not_answered_for(github: Sender, theirs: Vendor) -> None:
    make_service("checkout-api", make_team("search"))
    answer = asks(github, theirs)
    assert (answer.status_code, answer.json()["outcome"]) == (202, "unmatched")
    assert not GateRequest.objects.exists()


def test_an_environment_nobody_has_explained_waits_in_the_inbox(
    github: Sender, theirs: Vendor, payments: Team
) -> None:
    make_service("checkout-api", payments)
    assert asks(github, theirs, environment="prod-eu").status_code == 202
    assert Delivery.objects.get().waits_name == "prod-eu"


# -- GitLab: an external status check


def test_a_merge_request_fails_while_the_gate_is_closed_and_passes_when_it_opens(
    gitlab: Sender, theirs: Vendor, payments: Team, alice: User, clock: Clock
) -> None:
    release = shippable(payments, alice, "ledger")
    answer = checks(gitlab)
    assert answer.status_code == 201, answer.content
    work()
    assert theirs.statuses == [(SHA, "failed")], "its commit has not run on staging"
    make_deployment(release.service, "2.0", "staging", at=clock.now, commit=SHA)
    a_minute_later(clock)
    assert theirs.statuses[1:] == [(SHA, "passed")]
    assert GateRequest.objects.get().state == "approved"


def test_a_commit_of_no_release_fails_and_makes_none(gitlab: Sender, theirs: Vendor, payments: Team) -> None:
    make_service("ledger", payments)
    checks(gitlab)
    work()
    assert theirs.statuses == [(SHA, "failed")]
    assert not Release.objects.exists()
    assert GateRequest.objects.get().sentence.startswith(
        f"No release of ledger is known to have the commit {SHA[:12]}. Plan it"
    )


def test_a_check_that_is_retried_is_answered_again_though_its_body_is_the_same(
    gitlab: Sender, theirs: Vendor, payments: Team, clock: Clock
) -> None:
    make_service("ledger", payments)
    for _ in range(2):
        checks(gitlab)
        work()
        clock.tick(1)
    assert [status for _, status in theirs.statuses] == ["failed", "failed"]


def test_a_newer_commit_takes_the_older_ones_place(
    gitlab: Sender, theirs: Vendor, payments: Team, clock: Clock
) -> None:
    make_service("ledger", payments)
    checks(gitlab)
    work()
    theirs.head = "b" * 40
    checks(gitlab, theirs.head)
    work()
    assert theirs.statuses == [(SHA, "failed"), (theirs.head, "failed")]
    assert GateRequest.objects.get().commit == theirs.head


def test_a_commit_that_is_no_longer_the_head_is_let_go(
    gitlab: Sender, theirs: Vendor, payments: Team
) -> None:
    make_service("ledger", payments)
    theirs.head = "b" * 40
    checks(gitlab)
    work()
    asked = GateRequest.objects.get()
    assert (asked.state, asked.error) == (
        "failed",
        "GitLab answered 409: SHA does not match HEAD of source branch.",
    )


def test_a_merge_request_is_asked_for_the_environment_that_the_team_has_named(
    gitlab: Sender, theirs: Vendor, payments: Team, alice: User
) -> None:
    staging = make_environment("staging")
    answered_by(alice, gitlab, url=theirs.gitlab, app="", secret="", environment=staging)
    make_release(make_service("ledger", payments), "2.0", commit=SHA[:9])
    checks(gitlab)
    work()
    assert theirs.statuses == [(SHA, "passed")], "staging only advises"


@pytest.mark.parametrize("state", ["closed", "merged", "locked"])
def test_a_merge_request_that_is_not_open_asks_nothing(gitlab: Sender, payments: Team, state: str) -> None:
    make_service("ledger", payments)
    answer = checks(gitlab, state=state)
    assert (answer.status_code, answer.json()["outcome"]) == (202, "ignored")
    assert not GateRequest.objects.exists()


def test_a_wrong_signature_of_a_status_check_is_refused(gitlab: Sender) -> None:
    raw = json.dumps(payloads.gitlab_status_check()).encode()
    assert gitlab.send(raw, {"X-Gitlab-Signature": "0" * 64}).status_code == 401
    assert (
        gitlab.send(raw, {"X-Gitlab-Signature": "0" * 64, "X-Gitlab-Token": gitlab.secret}).status_code == 401
    )


# -- a lock ends while somebody waits; the key


def test_what_waits_behind_a_lock_is_let_through_when_the_lock_ends(
    github: Sender, theirs: Vendor, payments: Team, alice: User, clock: Clock
) -> None:
    release = shippable(payments, alice)
    make_deployment(release.service, "2.0", "staging", at=NOON - minutes(65), commit=SHA)
    Lock.objects.create(
        kind="block",
        reason="The bank moves.",
        until=clock.now + minutes(2),
        created_by="alice",
        created_at=clock.now,
        source="person",
    )
    asks(github, theirs)
    work()
    assert missing(theirs.reports[0]) == ["No lock"]
    clock.tick(2)
    a_minute_later(clock)
    assert [state for _, state, _ in theirs.decisions] == ["approved"]


@pytest.mark.parametrize("name", ["bob", "vera", "charlie"])
def test_only_a_lead_sets_the_key(github: Sender, request: pytest.FixtureRequest, name: str) -> None:
    other: User = request.getfixturevalue(name)
    with pytest.raises(Problem) as refused:
        answered_by(other, github, url="http://127.0.0.1:1", app=APP, secret=PEM)
    assert refused.value.status == 403
    with pytest.raises(Problem):
        forget_answering(other.as_actor(), github.source)


@pytest.mark.parametrize(
    ("how", "pointer"),
    [
        ({"url": "ftp://x"}, "#/url"),
        ({"url": "https://10.0.0.1"}, "#/url"),
        ({"url": "http://127.0.0.1:1?x=1"}, "#/url"),
        ({"app": ""}, "#/app"),
        ({"secret": "-----BEGIN RSA PRIVATE KEY-----\nno\n-----END RSA PRIVATE KEY-----"}, "#/secret"),
        ({"url": "http://127.0.0.2:1", "secret": ""}, "#/secret"),
    ],
)
def test_what_cannot_work_is_named(
    github: Sender, theirs: Vendor, alice: User, how: dict[str, str], pointer: str
) -> None:
    before = Answering.objects.get()
    with pytest.raises(Problem) as refused:
        answered_by(alice, github, **{"url": theirs.github, "app": APP, "secret": PEM, **how})
    assert [error.pointer for error in refused.value.errors] == [pointer]
    assert all("PRIVATE" not in str(error.received) for error in refused.value.errors)
    assert Answering.objects.get().credential == before.credential


def test_the_key_is_sealed_and_moves_with_the_desks_own(github: Sender, settings: Settings) -> None:
    assert "PRIVATE KEY" not in Answering.objects.get().credential
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-key-of-the-desk"
    reseal_everything()
    settings.SECRET_KEY_FALLBACKS = []
    assert Answering.objects.get().secret.strip() == PEM.strip()
