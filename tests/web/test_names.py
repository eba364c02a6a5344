"""A name that is explained on the team's list applies all that waited for it, as in the inbox."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from releasedesk.accounts.models import Team, User
from releasedesk.catalog.models import Service
from releasedesk.deliveries.models import Alias, Delivery
from releasedesk.releases.models import CommitCheck, Live, Release
from tests.api.asking import send
from tests.api.hooks import Sender, make_sender
from tests.builders import make_service, make_team
from tests.conftest import Clock
from tests.ingest import payloads

NAMES = "/teams/payments/names/"


@pytest.fixture(autouse=True)
def _five_past_noon(clock: Clock) -> None:
    """Nothing here depends on the day of the run."""


@pytest.fixture
def github(payments: Team) -> Sender:
    make_service("checkout-api", payments)
    return make_sender(payments)


def deployed(number: int, at: str, place: str = "np-env", repository: str = "") -> dict[str, Any]:
    told = payloads.github_deployment_status(
        ref=f"v1.{number}.0", environment=place, created_at=f"2026-11-23T{at}:00Z"
    )
    if repository:
        told["repository"] = {**told["repository"], "full_name": repository}
    return told


def say(user: User, theirs: str, meant: str, path: str = NAMES) -> Any:
    browser = Client()
    browser.force_login(user)
    return browser.post(path, {"theirs": theirs, "meant": meant})


def outcomes() -> list[str]:
    return list(Delivery.objects.order_by("pk").values_list("outcome", flat=True))


@pytest.mark.parametrize("typed", ["np-env", " NP-Env "])
def test_all_that_waited_for_a_name_is_applied_in_order_and_shown(
    bob: User, github: Sender, typed: str
) -> None:
    for number, at in ((3, "11:30"), (1, "11:10"), (2, "11:20")):
        assert github.deliver("deployment_status", deployed(number, at)).status_code == 202
    answer = say(bob, typed, "environment/staging")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "“np-env” is staging" in page
    assert "3 messages, in order of occurrence" in page
    assert page.index("v1.1.0") < page.index("v1.2.0") < page.index("v1.3.0")
    assert outcomes() == ["applied"] * 3
    assert Live.objects.get().release.version == "v1.3.0"


def test_a_name_that_nothing_waits_for_is_remembered_and_the_list_is_shown_again(
    bob: User, github: Sender
) -> None:
    github.deliver("deployment_status", deployed(1, "11:10", "another"))
    answer = say(bob, "np-env", "environment/staging")
    assert (answer.status_code, answer["Location"]) == (302, "/teams/payments/sources/#names")
    assert outcomes() == ["unmatched"]


def test_a_name_said_before_anything_was_applied_is_said_again_and_applies(bob: User, github: Sender) -> None:
    """So waits what came while this form still applied nothing."""
    github.deliver("deployment_status", deployed(1, "11:10"))
    say(bob, "np-env", "environment/staging")
    Delivery.objects.update(outcome="unmatched", waits_for="environment", waits_name="np-env")
    assert say(bob, "np-env", "environment/staging").status_code == 200


def test_a_repository_is_explained_and_what_waited_under_its_slug_is_applied(
    bob: User, payments: Team
) -> None:
    """The slug is another team's; what another repository of the same name sent goes on waiting."""
    make_service("checkout-api", make_team("search"))
    make_service("shop", payments)
    github = make_sender(payments)
    for number, repository in enumerate(("Acme/Checkout-API", "umbrella/checkout-api", "Acme/Checkout-API")):
        told = deployed(number, f"11:1{number}", "staging", repository)
        assert github.deliver("deployment_status", told).status_code == 202
    page = say(bob, "Acme/Checkout-API", "service/shop").content.decode()
    assert "2 messages, in order of occurrence" in page
    assert outcomes() == ["applied", "unmatched", "applied"]
    assert set(Release.objects.values_list("service__slug", "version")) == {
        ("shop", "v1.0.0"),
        ("shop", "v1.2.0"),
    }


def test_a_name_explains_the_repositories_that_are_called_like_it(bob: User, payments: Team) -> None:
    make_service("ledger", payments, repository="https://github.com/acme/backend/ledger")
    make_service("shop", payments)
    told = deployed(1, "11:10", "staging", "acme/frontend/ledger")
    assert make_sender(payments).deliver("deployment_status", told).status_code == 202
    assert Delivery.objects.get().waits_name == "acme/frontend/ledger"
    say(bob, "ledger", "service/shop")
    assert Release.objects.get().service.slug == "shop"


def test_a_native_event_that_waits_for_its_service_is_applied(
    bob: User, ci: Client, settings: Settings, payments: Team
) -> None:
    settings.REGISTER_UNKNOWN_SERVICES = False
    make_service("ledger", payments)
    assert send(ci, service="ledgr").status_code == 202
    assert "1 message, in order" in say(bob, "ledgr", "service/ledger").content.decode()
    assert Release.objects.get().service.slug == "ledger"


@pytest.mark.parametrize("registers", [True, False])
def test_a_native_service_that_is_left_alone_neither_waits_nor_is_registered(
    bob: User, ci: Client, settings: Settings, registers: bool
) -> None:
    settings.REGISTER_UNKNOWN_SERVICES = False
    assert send(ci, service="ledgr").status_code == 202
    page = say(bob, "ledgr", "service/-nothing").content.decode()
    assert "“ledgr” is left alone from now on" in page
    settings.REGISTER_UNKNOWN_SERVICES = registers
    told = send(ci, service="ledgr")
    assert (told.status_code, told.json()["outcome"]) == (202, "ignored")
    assert told.json()["detail"] == "The team wants nothing of the service 'ledgr'."
    assert outcomes() == ["ignored", "ignored"]
    assert not Delivery.objects.waiting().exists()
    assert not Service.objects.exists()


def test_a_cdevent_that_waits_for_its_service_is_applied_by_the_name_its_sender_writes(
    bob: User, ci: Client, settings: Settings, payments: Team
) -> None:
    settings.REGISTER_UNKNOWN_SERVICES = False
    make_service("ledger", payments)
    told = payloads.cdevent(
        "service.deployed",
        {"environment": {"id": "staging"}, "artifactId": "pkg:oci/x@sha256%3A0b?tag=2.1"},
        subject="General Ledger",
    )
    assert ci.post("/api/v1/events", told, content_type="application/json").status_code == 202
    assert Delivery.objects.get().waits_name == "general-ledger"
    assert "1 message, in order" in say(bob, "General Ledger", "service/ledger").content.decode()
    assert Release.objects.get().service.slug == "ledger"


def test_a_cdevent_that_waits_for_its_environment_is_applied(bob: User, ci: Client, payments: Team) -> None:
    make_service("ledger", payments)
    told = payloads.cdevent(
        "service.deployed",
        {"environment": {"id": "NP-Env"}, "artifactId": "pkg:oci/ledger@sha256%3A0b?tag=2.1"},
        subject="ledger",
    )
    assert ci.post("/api/v1/events", told, content_type="application/json").status_code == 202
    say(bob, "NP-Env", "environment/staging")
    assert Live.objects.get().environment.name == "staging"


def test_a_job_that_had_run_before_is_applied(bob: User, github: Sender) -> None:
    github.deliver("workflow_run", payloads.github_workflow_run(name="Nightly"))
    assert "“nightly” is integration" in say(bob, "Nightly", "check/integration").content.decode()
    assert CommitCheck.objects.get().item == "integration"


def test_a_name_longer_than_any_is_kept_is_the_one_that_messages_wait_for(bob: User, github: Sender) -> None:
    name = "eu-central-" * 8
    github.deliver("deployment_status", deployed(1, "11:10", name))
    say(bob, name, "environment/staging")
    assert outcomes() == ["applied"]
    assert github.deliver("deployment_status", deployed(2, "11:20", name)).status_code == 201


def test_what_was_applied_stays_when_its_name_is_forgotten_and_what_comes_then_waits(
    bob: User, github: Sender
) -> None:
    github.deliver("deployment_status", deployed(1, "11:10"))
    say(bob, "np-env", "environment/staging")
    browser = Client()
    browser.force_login(bob)
    assert browser.post(f"{NAMES}{Alias.objects.get().pk}/forget/").status_code == 302
    assert github.deliver("deployment_status", deployed(2, "11:20")).status_code == 202
    assert outcomes() == ["applied", "unmatched"]
    assert Live.objects.get().release.version == "v1.1.0"


def test_vera_and_charlie_apply_nothing(vera: User, charlie: User, github: Sender) -> None:
    github.deliver("deployment_status", deployed(1, "11:10"))
    assert say(vera, "np-env", "environment/staging").status_code == 403
    assert say(charlie, "np-env", "environment/staging").status_code == 404
    assert say(charlie, "np-env", "environment/staging", "/teams/search/names/").status_code == 302
    assert outcomes() == ["unmatched"], "what is said in his own team counts there"


def test_applying_many_takes_a_bounded_number_of_queries_each(
    bob: User, github: Sender, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(4):
        github.deliver("deployment_status", deployed(number, f"11:1{number}"))
    with django_assert_max_num_queries(4 * 50 + 20):
        say(bob, "np-env", "environment/staging")
