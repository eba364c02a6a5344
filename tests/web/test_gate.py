"""The gate on a release's page: what stands in the way, and a lead's override."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from releasedesk.accounts.models import Team, User
from releasedesk.accounts.roles import DESK, Role
from releasedesk.actions.gate import ask_to_ship
from releasedesk.actions.passages import judge_passages
from releasedesk.catalog.models import Environment, Service
from releasedesk.releases.models import Override, Release
from tests.builders import (
    NOON,
    make_deployment,
    make_environment,
    make_plan,
    make_release,
    make_service,
    make_shippable,
    make_user,
    minutes,
)
from tests.conftest import Clock
from tests.web.forms import controls, read
from tests.web.reading import text_of

PAGE = "/services/checkout-api/releases/1.1/"
OVERRIDES = f"{PAGE}gate/production/overrides/"
WHY = "The outage cannot wait; linting follows tomorrow at ten."


@pytest.fixture(autouse=True)
def _five_past_noon(clock: Clock) -> None:
    """Nothing here depends on the day of the run."""


@pytest.fixture
def service(payments: Team) -> Service:
    service = make_service("checkout-api", payments)
    Service.objects.update(created_at=NOON - minutes(1000))
    return service


@pytest.fixture
def closed(service: Service, alice: User) -> Release:
    """1.1 is in order but for one failed check."""
    release = make_shippable(service, "1.1", owner="alice")
    release.items.filter(key="lint").update(outcome="failed")
    return release


def say(client: Client, user: User, gate: str = "checklist", reason: str = WHY, path: str = OVERRIDES) -> Any:
    client.force_login(user)
    return client.post(path, {"override/gate": gate, "override/reason": reason})


def test_the_page_says_what_stands_in_the_way_and_where_it_is_mended(
    client: Client, closed: Release, bob: User
) -> None:
    text = text_of(client, bob, PAGE)
    assert "May it ship to production?" in text
    assert "checkout-api 1.1 may not ship to production yet: Checklist." in text
    assert "Linting failed: 1 of 5 required items. mend it" in text
    assert "The way back to 1.0 is ready" in text
    assert "Override a gate" not in text, "bob is no lead"
    assert "releasedesk gate checkout-api 1.1 --environment production --ask" in text


def test_a_viewer_and_charlie_see_it_and_are_offered_nothing(
    client: Client, closed: Release, vera: User, charlie: User
) -> None:
    for user in (vera, charlie):
        text = text_of(client, user, PAGE)
        assert "Linting failed" in text
        assert "mend it" not in text
        assert "Override a gate" not in text


def test_a_leads_override_on_the_page_stays_there(client: Client, closed: Release, alice: User) -> None:
    client.force_login(alice)
    read(client.get(PAGE).content)  # no id is there twice
    assert "Override a gate" in text_of(client, alice, PAGE)
    answer = say(client, alice)
    assert answer["Location"] == f"{PAGE}#gate"
    text = text_of(client, alice, PAGE)
    assert "checkout-api 1.1 may ship to production." in text
    assert f"Checklist by alice, just now {WHY}" in text
    make_deployment(closed.service, "1.1", at=NOON + minutes(10))
    judge_passages(closed.service_id, now=NOON + minutes(11))
    shipped = text_of(client, alice, PAGE)
    assert "through the gate" in shipped
    assert WHY in shipped, "for ever"


@pytest.mark.parametrize(
    ("gate", "reason", "status", "said"),
    [
        ("checklist", "asdf", 422, "This is too short to be a reason."),
        ("checklist", "", 422, "An override needs its reason."),
        ("cheklist", WHY, 422, "No gate asked for here is called"),
        ("owner", WHY, 409, "Owner is met"),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_nothing_typed_is_lost(
    client: Client, closed: Release, alice: User, gate: str, reason: str, status: int, said: str
) -> None:
    answer = say(client, alice, gate, reason)
    assert answer.status_code == status
    text = answer.content.decode()
    assert said in text
    assert reason in text
    assert '<details class="body ruled" id="override" open>' in text
    read(answer.content)
    assert not Override.objects.exists()


def test_charlie_bob_and_vera_are_refused(
    client: Client, closed: Release, charlie: User, bob: User, vera: User
) -> None:
    for user in (charlie, bob, vera):
        assert say(client, user).status_code == 403
    assert not Override.objects.exists()


def test_a_stranger_keeps_what_was_typed(closed: Release) -> None:
    answer = Client().post(OVERRIDES, {"override/gate": "checklist", "override/reason": WHY})
    assert answer.status_code == 403
    assert WHY in answer.content.decode()


def test_an_environment_that_does_not_exist_is_answered_with_near_names(
    client: Client, closed: Release, alice: User
) -> None:
    answer = say(client, alice, path=OVERRIDES.replace("production", "produktion"))
    assert answer.status_code == 404
    assert "production" in answer.content.decode()


def test_with_four_eyes_the_page_says_that_it_waits_for_another(
    client: Client, closed: Release, alice: User, payments: Team
) -> None:
    Environment.objects.filter(name="production").update(four_eyes=True)
    say(client, alice)
    text = text_of(client, alice, PAGE)
    assert "waits for another lead" in text
    assert "may not ship" in text
    say(client, make_user("adam", payments, Role.LEAD))
    assert "may ship to production." in text_of(client, alice, PAGE)


def test_the_answers_that_were_given_are_listed(client: Client, closed: Release, bob: User) -> None:
    ask_to_ship(DESK, closed, make_environment("production"), now=NOON + minutes(4))
    text = text_of(client, bob, PAGE)
    assert ", asked by desk: Checklist" in text
    assert "asked to ship to production: closed: Checklist" in text, "what happened"


def test_what_went_past_the_gate_says_so_on_its_page_on_the_board_and_in_the_api(
    client: Client, service: Service, alice: User, ci: Client
) -> None:
    make_deployment(service, "1.0", at=NOON - minutes(600))
    make_plan(service)
    make_release(service, "1.1", owner="alice", now=NOON - minutes(60))
    make_deployment(service, "1.1", at=NOON)
    judge_passages(service.pk, now=NOON + minutes(1))
    missing = "Expected result, Checklist, Measured before, Way back"
    text = text_of(client, alice, PAGE)
    assert "shipped past the gate" in text
    assert f"This was missing: {missing}, Staging first" in text
    assert f"live in production, past the gate: {missing} and Staging first missing" in text
    board = text_of(client, alice, "/")
    assert "past the gate checkout-api 1.1 Shipped to production past the gate; missing: Exp" in board
    (deployment,) = ci.get(f"/api/v1{PAGE[:-1]}").json()["deployments"]
    assert deployment["gate"]["open"] is False
    assert deployment["gate"]["unmet"] == [*missing.split(", "), "Staging first"]


def test_the_board_tells_what_was_stopped(client: Client, closed: Release, alice: User) -> None:
    ask_to_ship(DESK, closed, make_environment("production"), now=NOON + minutes(4))
    text = text_of(client, alice, "/")
    assert "may not ship checkout-api 1.1 When it was asked, the gate was closed: Checklist." in text


def test_overrides_are_counted_on_the_board_and_listed_by_month_for_the_team(
    client: Client, closed: Release, alice: User, charlie: User, ci: Client
) -> None:
    assert "overridden this month" not in text_of(client, alice, "/")
    say(client, alice)
    assert "1 gate overridden this month" in text_of(client, charlie, "/")
    assert ci.get("/api/v1/board").json()["overrides_this_month"] == {"payments": 1}
    text = text_of(client, alice, "/teams/payments/")
    assert f"November 2026: 1 checkout-api 1.1 : Checklist in production, by alice, just now {WHY}" in text
    assert "None within a year" in text_of(client, charlie, "/teams/search/")


# -- levels


LEVELS = "/services/checkout-api/gates/?environment=production"


def test_a_lead_sets_what_is_asked_of_the_service(client: Client, closed: Release, alice: User) -> None:
    client.force_login(alice)
    sent = controls(client.get(LEVELS).content)
    assert sent["levels/checklist"] == ""
    refused = client.post(LEVELS, {**sent, "levels/checklist": "advisory"})
    assert refused.status_code == 422
    assert "To ask less than everybody is asked (Checklist) takes a reason." in refused.content.decode()
    assert client.post(LEVELS, {**sent, "levels/checklist": "advisory", "reason": WHY}).status_code == 302
    assert controls(client.get(LEVELS).content)["levels/checklist"] == "advisory"
    assert "may ship to production." in text_of(client, alice, PAGE)


def test_charlie_and_bob_read_the_levels_and_set_none(
    client: Client, closed: Release, charlie: User, bob: User
) -> None:
    for user in (charlie, bob):
        text = text_of(client, user, LEVELS)
        assert "Checklist Has everything been checked? required" in text
        assert "Save" not in text
        assert client.post(LEVELS, {"levels/checklist": "off", "reason": WHY}).status_code == 403
    assert client.get(LEVELS.replace("production", "produktion")).status_code == 404
    assert Client().get(LEVELS).status_code == 302


EVERYBODY = "/gates/?environment=production"


def test_an_administrator_sets_what_is_asked_of_every_service(
    client: Client, closed: Release, alice: User
) -> None:
    ada = make_user("ada")
    ada.is_superuser = True
    ada.save()
    client.force_login(ada)
    sent = controls(client.get(EVERYBODY).content)
    assert sent["levels/checklist"] == ""
    assert "reason" not in sent
    answer = client.post(EVERYBODY, {**sent, "levels/checklist": "advisory"})
    assert (answer.status_code, answer["Location"]) == (302, EVERYBODY)
    assert "Checklist : advisory ada, " in text_of(client, ada, EVERYBODY)
    assert "may ship to production." in text_of(client, alice, PAGE)
    client.force_login(alice)
    assert b"as everybody: advisory" in client.get(LEVELS).content


def test_charlie_and_every_lead_read_what_is_asked_of_everybody_and_set_none(
    client: Client, closed: Release, alice: User, charlie: User
) -> None:
    for user in (alice, charlie):
        text = text_of(client, user, EVERYBODY)
        assert "Checklist Has everything been checked? required" in text
        assert "An administrator sets them" in text
        assert client.post(EVERYBODY, {"levels/checklist": "off"}).status_code == 403
    assert Client().get(EVERYBODY).status_code == 302
    assert f'href="{EVERYBODY}"' in client.get(LEVELS).content.decode()
