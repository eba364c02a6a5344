"""Any message, whatever its wire format: what it says is applied as one, waits as one, or is ignored."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from releasedesk.accounts.models import Team
from releasedesk.accounts.roles import DESK, Actor, Role
from releasedesk.actions.aliases import name_check, name_environment, name_service
from releasedesk.catalog.models import Environment, Service
from releasedesk.checklists.models import Item
from releasedesk.deliveries.models import Alias, Delivery
from releasedesk.ingest import native
from releasedesk.ingest.again import apply_waiting
from releasedesk.ingest.facts import Fact
from releasedesk.ingest.message import Ignored, Message, Reading
from releasedesk.ingest.names import Names
from releasedesk.ingest.receive import apply_again, receive
from releasedesk.problems.problem import Problem
from releasedesk.releases.models import Live, Release
from tests.builders import NOON, event, make_service, make_team, minutes

NOW = NOON + minutes(5)


def engineer_of(team: Team) -> Actor:
    return Actor("ci (token)", token_id="1", roles={team.pk: Role.ENGINEER})


def fact(kind: str = "deployment.succeeded", **fields: object) -> Fact:
    return native.read(event(kind, **fields), now=NOW, skew=minutes(5))


def message(reading: Reading, key: str = "delivery-1", *, waits: bool = True) -> Message:
    body = {"said": [one.id for one in reading] if isinstance(reading, tuple) else str(reading)}
    return Message(
        source="ci.example",
        key=key,
        type="deployment",
        body=body,
        read=lambda _known: reading,
        waits=waits,
        key_at="X-Delivery",
    )


def test_all_that_one_message_says_is_applied(payments: Team) -> None:
    said = (fact("check.finished", key="tag", outcome="passed"), fact(version="2026.11.23-2"))
    told = receive(engineer_of(payments), payments.pk, message(said), now=NOW)
    assert (told.status, told.body["outcome"], told.body["id"]) == (201, "applied", "delivery-1")
    assert told.body["deployment"]["mode"] == "forward", "the deployment stands for the message"
    assert (Live.objects.count(), Item.objects.get(key="tag").outcome) == (1, "passed")
    assert Delivery.objects.get().service == Service.objects.get()


def test_of_a_message_that_is_refused_in_part_nothing_is_applied(payments: Team) -> None:
    said = (fact(), fact("check.finished", key="no-such-item", outcome="passed"))
    with pytest.raises(Problem):
        receive(engineer_of(payments), payments.pk, message(said), now=NOW)
    assert not Release.objects.exists()
    assert Delivery.objects.get().outcome == "rejected"


def test_what_the_desk_does_not_need_is_kept_and_says_why(payments: Team) -> None:
    ping = message(Ignored("A ping says only that the hook works."))
    told = receive(engineer_of(payments), payments.pk, ping, now=NOW)
    assert (told.status, told.body["outcome"]) == (202, "ignored")
    assert told.body["detail"] == "A ping says only that the hook works."
    assert receive(engineer_of(payments), payments.pk, ping, now=NOW).status == 200
    assert Delivery.objects.get().outcome == "ignored"


def test_the_same_key_with_another_body_names_where_the_key_was(payments: Team) -> None:
    receive(engineer_of(payments), payments.pk, message((fact(),)), now=NOW)
    with pytest.raises(Problem) as refused:
        receive(engineer_of(payments), payments.pk, message((fact(),)), now=NOW)
    assert (refused.value.kind, refused.value.errors[0].pointer) == ("conflict", "X-Delivery")


def test_an_unknown_environment_is_refused_where_the_sender_can_correct_it(payments: Team) -> None:
    told = message((fact(environment="live"),), waits=False)
    with pytest.raises(Problem) as refused:
        receive(engineer_of(payments), payments.pk, told, now=NOW)
    assert refused.value.kind == "invalid-fields"


def test_a_message_that_waits_leaves_nothing_until_its_environment_is_known(payments: Team) -> None:
    actor, said = engineer_of(payments), (fact(environment="live"), fact(environment="staging"))
    told = receive(actor, payments.pk, message(said), now=NOW)
    assert (told.status, told.body["outcome"], told.body["environment"]) == (202, "unmatched", "live")
    assert told.body["detail"].startswith("No environment is called 'live'.")
    assert not Release.objects.exists()

    Environment.objects.create(name="live", tier="production", order=30)
    kept = Delivery.objects.get()
    again = apply_again(actor, kept, message(said), now=NOW)
    assert (again.status, again.body["outcome"]) == (201, "applied")
    assert set(Live.objects.values_list("environment__name", flat=True)) == {"live", "staging"}
    kept.refresh_from_db()
    assert (kept.outcome, kept.service, kept.answer) == ("applied", Service.objects.get(), again.body)
    assert receive(actor, payments.pk, message(said), now=NOW).body == again.body, "its sender hears it too"


def test_what_is_applied_is_not_applied_again(payments: Team) -> None:
    first = receive(engineer_of(payments), payments.pk, message((fact(),)), now=NOW)
    again = apply_again(engineer_of(payments), Delivery.objects.get(), message((fact(),)), now=NOW)
    assert (again.status, again.replayed, again.body) == (200, True, first.body)


def test_what_waits_goes_on_waiting_while_nothing_more_is_known(payments: Team, settings: Settings) -> None:
    settings.REGISTER_UNKNOWN_SERVICES = False
    actor, said = engineer_of(payments), (fact(),)
    receive(actor, payments.pk, message(said), now=NOW)
    told = apply_again(actor, Delivery.objects.get(), message(said), now=NOW)
    assert (told.status, told.body["detail"][:30]) == (202, "No service is called 'checkout")
    make_service("checkout-api", payments)
    assert apply_again(actor, Delivery.objects.get(), message(said), now=NOW).status == 201


def test_charlie_applies_nothing_of_ours(payments: Team) -> None:
    make_service("checkout-api", payments)
    search = make_team("search")
    said = (fact(),)
    with pytest.raises(Problem) as refused:
        receive(engineer_of(search), search.pk, message(said), now=NOW)
    assert refused.value.kind == "forbidden"


@pytest.mark.parametrize("waits_for", ["environment", "service", "check"])
def test_what_is_explained_while_it_comes_in_does_not_wait_for_ever(
    payments: Team, settings: Settings, waits_for: str
) -> None:
    """Who explains a name applies what waits for it. What is about to wait is not there to be found."""
    settings.REGISTER_UNKNOWN_SERVICES = False
    service, production = make_service(), Environment.objects.get(name="production")
    explain = {
        "environment": lambda: name_environment(DESK, payments, "prod", production, now=NOW),
        "service": lambda: name_service(DESK, payments, "shop", service, now=NOW),
        "check": lambda: name_check(DESK, payments, "odd", "lint", now=NOW),
    }
    names = {"environment": "prod", "service": "shop", "check": "odd"}

    def reading(known: Names) -> Reading:
        if waits_for == "check":
            decided = fact("check.finished", key="lint", outcome="passed")
            return (decided,) if known.checks.get("odd") else Ignored("What decides it?", job="odd")
        return (fact(service=known.called("shop")) if waits_for == "service" else fact(environment="prod"),)

    def explain_in_between(execute: Any, sql: str, *rest: Any) -> Any:
        if "pg_advisory_xact_lock" in sql and not Alias.objects.exists():
            explain[waits_for]()
            assert apply_waiting(DESK, payments, waits_for, names[waits_for], now=NOW) == ([], 0)
        return execute(sql, *rest)

    told = replace(message((fact(),)), read=reading)
    with connection.execute_wrapper(explain_in_between):
        assert receive(engineer_of(payments), payments.pk, told, now=NOW).status == 201
    assert Delivery.objects.get().outcome == "applied"
    assert receive(engineer_of(payments), payments.pk, told, now=NOW).status == 200
