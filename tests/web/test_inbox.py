"""The inbox: find what came, read it, say what is meant, and apply all that waited."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from releasedesk.accounts.models import Membership, Team, User
from releasedesk.accounts.roles import DESK
from releasedesk.actions.environments import put_environment
from releasedesk.catalog.models import Service
from releasedesk.checklists.models import Item
from releasedesk.deliveries.models import Alias, Delivery
from releasedesk.ingest import again
from releasedesk.releases.models import CommitCheck, Deployment, Live, Release
from tests.api.asking import send
from tests.api.hooks import Sender, make_sender
from tests.builders import event, make_service, make_team, make_token
from tests.conftest import Clock
from tests.ingest import payloads
from tests.web.reading import text_of


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture(autouse=True)
def _five_past_noon(clock: Clock) -> None:
    """Nothing here depends on the day of the run."""


@pytest.fixture
def github(payments: Team) -> Sender:
    make_service("checkout-api", payments)
    return make_sender(payments)


def deployed(number: int, at: str, state: str = "success") -> dict[str, Any]:
    return payloads.github_deployment_status(
        state, ref=f"v1.{number}.0", environment="prod-eu", created_at=f"2026-11-23T{at}:00Z"
    )


def post_event(ci: Client, event: dict[str, Any]) -> Any:
    return ci.post("/api/v1/events", event, content_type="application/json")


def explain(user: User, waits_for: str, name: str, meant: str, team: str = "payments") -> Any:
    said = {"team": team, "waits_for": waits_for, "name": name, "meant": meant}
    return signed_in(user).post("/inbox/explain/", said)


def test_an_environment_is_explained_and_all_that_waited_is_applied_in_order(
    bob: User, github: Sender
) -> None:
    for number, at in ((3, "11:30"), (1, "11:10"), (2, "11:20")):
        assert github.deliver("deployment_status", deployed(number, at)).status_code == 202
    text = text_of(Client(), bob, "/inbox/")
    assert "prod-eu Payments · 3 messages" in text
    answer = explain(bob, "environment", "prod-eu", "production")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert page.index("v1.1.0") < page.index("v1.2.0") < page.index("v1.3.0")
    assert page.count(">applied<") + page.count("applied") >= 3
    assert Live.objects.get().release.version == "v1.3.0"
    assert list(Delivery.objects.values_list("outcome", "waits_for", "sealed").distinct()) == [
        ("applied", "", "")
    ]
    assert set(Deployment.objects.values_list("finish__actor", flat=True)) == {"acme (source)"}
    assert "prod-eu" not in text_of(Client(), bob, "/inbox/?outcome=unmatched")


def test_what_comes_later_is_ours_at_once(bob: User, github: Sender) -> None:
    explain(bob, "environment", "prod-eu", "production")
    assert github.deliver("deployment_status", deployed(1, "11:10")).status_code == 201


def test_a_repetition_of_what_was_applied_later_tells_what_came_of_it(bob: User, github: Sender) -> None:
    assert github.deliver("deployment_status", deployed(1, "11:10"), id="7").status_code == 202
    explain(bob, "environment", "prod-eu", "production")
    again = github.deliver("deployment_status", deployed(1, "11:10"), id="7")
    assert (again.status_code, again.json()["outcome"]) == (200, "applied")


def test_a_native_event_waits_for_its_service_and_finds_it(
    bob: User, ci: Client, settings: Settings, payments: Team
) -> None:
    settings.REGISTER_UNKNOWN_SERVICES = False
    make_service("ledger", payments)
    for number in range(2):
        assert (
            send(
                ci, service="ledgr", version=f"1.{number}", config={"DB_PASSWORD": f"hmac-sha256:{'ab' * 16}"}
            ).status_code
            == 202
        )
    answer = explain(bob, "service", "ledgr", "ledger")
    assert answer.content.decode().count("/services/ledger/releases/1.") == 2
    assert set(Release.objects.values_list("service__slug", "version")) == {
        ("ledger", "1.0"),
        ("ledger", "1.1"),
    }
    assert send(ci, service="ledgr", version="1.2").json()["service"] == "ledger"


def test_an_unknown_service_is_registered(bob: User, ci: Client, settings: Settings) -> None:
    settings.REGISTER_UNKNOWN_SERVICES = False
    send(ci, service="ledgr")
    assert "ledgr is a service of Payments" in explain(bob, "service", "ledgr", "+register").content.decode()
    assert Release.objects.get().service.slug == "ledgr"


def test_a_repository_that_a_service_of_its_name_does_not_name_waits_and_can_be_registered(
    bob: User, payments: Team
) -> None:
    make_service("ledger", payments, repository="https://gitlab.example/acme/backend/ledger")
    gitlab = make_sender(payments, "gitlab")
    for path, answered in (("acme/backend/ledger", "ledger"), ("acme/frontend/ledger", None)):
        project = {**payloads.GITLAB_PROJECT, "path_with_namespace": path}
        answer = gitlab.deliver("Deployment Hook", payloads.gitlab_deployment(ref="v1.0.0", project=project))
        assert answer.json()["service"] == answered
    assert "register acme-frontend-ledger" in text_of(Client(), bob, "/inbox/")
    said = explain(bob, "service", "acme/frontend/ledger", "+register").content.decode()
    assert "acme-frontend-ledger is a service of Payments" in said
    assert [row.service.slug for row in Live.objects.order_by("service__slug")] == [
        "acme-frontend-ledger",
        "ledger",
    ]


def test_who_is_in_two_teams_does_not_move_a_service_by_registering_it(bob: User, payments: Team) -> None:
    search = make_team("search")
    Membership.objects.create(team=search, user=bob, role="lead")
    make_service("checkout-api", search)
    make_sender(payments).deliver("deployment", payloads.github_deployment())
    assert "register checkout-api" not in text_of(Client(), bob, "/inbox/")
    answer = explain(bob, "service", "checkout-api", "+register")
    assert (answer.status_code, Service.objects.get().team) == (409, search)
    assert "is a service of Search, and stays there." in html.unescape(answer.content.decode())
    assert not Release.objects.exists()


@pytest.mark.parametrize("name", ["", "No Slug", "a" * 65])
def test_what_is_no_slug_is_not_registered(bob: User, name: str) -> None:
    assert explain(bob, "service", name, "+register").status_code == 422
    assert not Service.objects.exists()


def test_a_message_that_waits_for_two_names_waits_for_the_second(
    bob: User, payments: Team, settings: Settings
) -> None:
    settings.REGISTER_UNKNOWN_SERVICES = False
    make_service("shop", payments)
    make_sender(payments).deliver("deployment_status", deployed(1, "11:10"))
    text = explain(bob, "service", "checkout-api", "shop").content.decode()
    assert "No environment is called" in text
    explain(bob, "environment", "prod-eu", "production")
    assert Live.objects.get().service.slug == "shop"


def test_what_is_to_be_left_alone_no_longer_waits(bob: User, github: Sender) -> None:
    github.deliver("deployment_status", deployed(1, "11:10"))
    explain(bob, "environment", "prod-eu", "-nothing")
    assert Delivery.objects.get().outcome == "ignored"
    assert not Release.objects.exists()


def test_a_job_nobody_knows_is_offered_and_explained(bob: User, github: Sender) -> None:
    github.deliver("workflow_run", payloads.github_workflow_run(name="Nightly"))
    assert "nightly" in text_of(Client(), bob, "/inbox/")
    answer = explain(bob, "check", "nightly", "integration")
    assert "applied" in answer.content.decode(), "the run that had come before is not lost"
    assert CommitCheck.objects.get().item == "integration"
    assert "nightly" not in text_of(Client(), bob, "/inbox/?outcome=unmatched")
    assert github.deliver("workflow_run", payloads.github_workflow_run(name="Nightly")).status_code == 201


def test_many_jobs_hide_no_environment_and_each_can_be_explained(bob: User, github: Sender) -> None:
    """On one of them deployments hang, on the others nothing."""
    github.deliver("deployment_status", deployed(1, "11:59"))
    for number in range(21):
        github.deliver("workflow_run", payloads.github_workflow_run(name=f"nightly {number:02}"))
    inbox = text_of(Client(), bob, "/inbox/")
    assert "environment prod-eu" in inbox
    assert "22 names" in inbox
    assert "2 more are not shown here. See all that wait" in inbox
    assert "nightly 20" in text_of(Client(), bob, "/inbox/names/")
    hidden = Delivery.objects.get(waits_name="nightly 20")
    assert "nightly 20" not in inbox.partition("Messages")[0]
    assert "This job decides" in text_of(Client(), bob, f"/inbox/{hidden.pk}/")


def test_a_job_that_decides_nothing_is_not_asked_about_again(bob: User, github: Sender) -> None:
    github.deliver("workflow_run", payloads.github_workflow_run(name="Nightly"))
    explain(bob, "check", "nightly", "-nothing")
    github.deliver("workflow_run", payloads.github_workflow_run(name="Nightly", id=32))
    assert not Delivery.objects.waiting().exists()


def test_an_environment_that_was_announced_can_be_explained_before_anything_is_deployed(
    bob: User, ci: Client
) -> None:
    announced = payloads.cdevent("environment.created", {"name": "Production (EU)"}, subject="prod-eu-1")
    assert post_event(ci, announced).json()["outcome"] == "unmatched"
    explain(bob, "environment", "prod-eu-1", "production")
    told = Delivery.objects.get().answer
    assert (told["outcome"], told["environment"], told["service"]) == ("applied", "production", None)
    where = {"environment": {"id": "prod-eu-1"}, "artifactId": "pkg:oci/checkout-api@sha256%3A0b?tag=2.1"}
    deployed = payloads.cdevent("service.deployed", where)
    deployed["context"]["id"] = "another"
    assert post_event(ci, deployed).json()["outcome"] == "applied"


def test_what_a_team_said_of_a_job_holds_for_cdevents_sent_with_a_token(bob: User, ci: Client) -> None:
    artifact = {"artifactId": "pkg:oci/checkout-api@sha256%3A0b?tag=2.1"}
    run = payloads.cdevent("taskrun.finished", {"taskName": "Verify", "outcome": "success", **artifact})
    assert post_event(ci, run).json()["outcome"] == "ignored"
    explain(bob, "check", "verify", "lint")
    case = {"testCase": {"id": "7", "name": "Verify"}, "outcome": "fail", **artifact}
    finished = payloads.cdevent("testcaserun.finished", case)
    finished["context"].update(id="another", timestamp="2026-11-23T12:01:00Z")
    assert post_event(ci, finished).json()["outcome"] == "applied"
    item = Item.objects.get(key="lint")
    assert (item.release.version, item.outcome) == ("2.1", "failed")


@pytest.mark.parametrize(
    ("waits_for", "meant"),
    [("environment", "mars"), ("service", "theirs"), ("planet", "x"), ("service", ""), ("check", "mars")],
)
def test_a_meaning_that_is_none_is_refused(bob: User, github: Sender, waits_for: str, meant: str) -> None:
    make_service("theirs", make_team("search"))
    assert explain(bob, waits_for, "x", meant).status_code == 422
    assert not Alias.objects.exists()


def test_vera_explains_nothing_and_charlie_knows_of_nothing(
    vera: User, charlie: User, github: Sender
) -> None:
    github.deliver("deployment_status", deployed(1, "11:10"))
    pk = Delivery.objects.get().pk
    assert explain(vera, "environment", "prod-eu", "production").status_code == 403
    assert explain(charlie, "environment", "prod-eu", "production").status_code == 404
    assert signed_in(vera).post(f"/inbox/{pk}/again/").status_code == 403
    assert signed_in(charlie).post(f"/inbox/{pk}/again/").status_code == 404
    assert signed_in(charlie).get(f"/inbox/{pk}/").status_code == 404
    assert "prod-eu" not in signed_in(charlie).get("/inbox/").content.decode()
    assert Client().get(f"/inbox/{pk}/").status_code == 302
    assert not Alias.objects.exists()
    assert Delivery.objects.get().outcome == "unmatched"


def test_a_message_is_read_with_its_headers_its_body_and_our_answer(bob: User, github: Sender) -> None:
    github.deliver("deployment_status", deployed(1, "11:10"), Authorization="Bearer hunter2-hunter2")
    text = text_of(Client(), bob, f"/inbox/{Delivery.objects.get().pk}/")
    for part in ("X-GitHub-Event", "Acme/Checkout-API", "unmatched", "This environment is", "secrets masked"):
        assert part in text
    assert "hunter2" not in text


def test_a_refused_message_shows_what_its_sender_saw_and_can_be_sent_again(
    bob: User, ci: Client, payments: Team
) -> None:
    make_service("checkout-api", payments)
    seen = send(ci, event(id="1", environment="qa", command="deploy --token hunter2")).json()
    row = Delivery.objects.get()
    text = text_of(Client(), bob, f"/inbox/{row.pk}/")
    assert seen["errors"][0]["detail"].replace("'", "&#x27;") in text
    found = signed_in(bob).get(f"/inbox/?q={seen['request_id']}").content.decode()
    assert f"/inbox/{row.pk}/" in found, "what stands in CI's log leads here"
    again = f"/inbox/{row.pk}/again/"
    assert "No environment is called" in signed_in(bob).post(again).content.decode()
    put_environment(DESK, "qa", tier="testing", order=5)
    assert "applied" in signed_in(bob).post(again).content.decode()
    assert Release.objects.get().version == "2026.11.23-2"
    assert signed_in(bob).post(again).status_code == 200
    assert Deployment.objects.count() == 1
    assert send(ci, event(id="1", environment="qa", command="deploy --token hunter2")).status_code == 200


def test_what_is_forgotten_cannot_be_sent_again_from_here(bob: User, ci: Client, clock: Clock) -> None:
    send(ci, event(environment="qa"))
    Delivery.objects.update(body={}, sealed="", forgotten_at=clock.now)
    row = Delivery.objects.get()
    assert "were forgotten" in text_of(Client(), bob, f"/inbox/{row.pk}/")
    assert signed_in(bob).post(f"/inbox/{row.pk}/again/").status_code == 409


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"ping", "deployment.succeeded"}),
        ("?outcome=ignored", {"ping"}),
        ("?source=native", {"deployment.succeeded"}),
        ("?type=ping", {"ping"}),
        ("?service=checkout-api", {"deployment.succeeded"}),
        ("?q=logically", {"ping"}),
        ("?q=build-77", {"deployment.succeeded"}),
        ("?q=logically+build-77", set()),
        ("?q=%25", set()),
        ("?team=payments", {"ping", "deployment.succeeded"}),
    ],
)
def test_messages_are_found(bob: User, ci: Client, github: Sender, query: str, found: set[str]) -> None:
    github.deliver("ping", payloads.github(zen="Keep it logically awesome."))
    assert send(ci, event(id="build-77")).status_code == 201
    rows = signed_in(bob).get(f"/inbox/{query}").context["page"].rows
    assert {row.type for row in rows} == found


@pytest.mark.parametrize("query", ["?outcome=lost", "?flavour=x", "?service=none", "?page=first"])
def test_a_filter_that_is_none_is_told_so(bob: User, query: str) -> None:
    assert signed_in(bob).get(f"/inbox/{query}").status_code == 422


def test_a_source_of_another_team_is_not_named(charlie: User, github: Sender) -> None:
    assert github.source.name not in signed_in(charlie).get("/inbox/").content.decode()


def test_a_token_of_one_service_has_its_message_applied_by_who_may(bob: User, payments: Team) -> None:
    ledger = make_service("ledger", payments)
    machine = Client(
        headers={"Authorization": f"Bearer {make_token(payments, make_service('shop', payments))}"}
    )
    assert send(machine, service="ledgr").status_code == 202
    explain(bob, "service", "ledgr", "ledger")
    assert Release.objects.get().service == ledger
    assert Service.objects.count() == 2


def test_applying_many_takes_a_bounded_number_of_queries_each(
    bob: User, github: Sender, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(4):
        github.deliver("deployment_status", deployed(number, f"11:1{number}"))
    with django_assert_max_num_queries(4 * 50 + 20):
        explain(bob, "environment", "prod-eu", "production")


def test_of_a_huge_body_the_beginning_is_shown(bob: User, github: Sender) -> None:
    github.deliver("ping", payloads.github(zen="x" * 100_000))
    text = text_of(Client(), bob, f"/inbox/{Delivery.objects.get().pk}/")
    assert "more characters" in text
    assert len(text) < 50_000


def test_of_many_that_waited_what_fails_keeps_no_other_from_its_turn(
    bob: User, github: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(again, "AT_ONCE", 2)
    for number in range(5):
        github.deliver("deployment_status", deployed(number, f"11:1{number}"))
    Delivery.objects.filter(pk__in=Delivery.objects.order_by("pk")[:2]).update(sealed="of another key")
    browser, page = signed_in(bob), explain(bob, "environment", "prod-eu", "production").content.decode()
    for left in (3, 1):
        assert f"Apply the other {left}" in page
        fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))
        page = browser.post("/inbox/explain/", fields).content.decode()
    assert "Apply the other" not in page
    assert sorted(Delivery.objects.values_list("outcome", flat=True)) == ["applied"] * 3 + ["unmatched"] * 2
    assert explain(bob, "environment", "prod-eu", "production").context["left"] == 0


@pytest.mark.parametrize("after", ["-1", "x", "9" * 40, "²"])
def test_what_is_no_place_in_the_queue_is_its_beginning(bob: User, github: Sender, after: str) -> None:
    github.deliver("deployment_status", deployed(1, "11:10"))
    said = {"team": "payments", "waits_for": "environment", "name": "prod-eu", "meant": "production"}
    assert signed_in(bob).post("/inbox/explain/", {**said, "after": after}).status_code == 200
    assert Delivery.objects.get().outcome == "applied"


def test_a_message_that_no_key_of_ours_opens_is_told_so(
    bob: User, github: Sender, settings: Settings
) -> None:
    github.deliver("deployment_status", deployed(1, "11:10"))
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [], "another"
    text = explain(bob, "environment", "prod-eu", "production").content.decode()
    assert "its sender has to send it again" in text
    assert Delivery.objects.get().outcome == "unmatched"
