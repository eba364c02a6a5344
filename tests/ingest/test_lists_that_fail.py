"""What fails in the middle of a list fails alone, and whatever was answered is there exactly once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection
from psycopg.errors import DeadlockDetected

from releasedesk.accounts.models import Team
from releasedesk.actions.fold_anew import fold_anew
from releasedesk.catalog.models import Environment, Service
from releasedesk.deliveries.models import Delivery
from releasedesk.ingest import lists
from releasedesk.ingest.lists import receive_all
from releasedesk.ingest.message import Message
from releasedesk.operations.statements import unless_sacrificed
from releasedesk.problems.problem import Problem
from releasedesk.releases.models import DeploymentFact
from tests.builders import make_deployment, make_service
from tests.ingest.test_plain_way import NOW, told
from tests.releases.folded import ci_of

HOLD = "SELECT FROM catalog_service WHERE slug = ANY (%s) FOR UPDATE"


@contextmanager
def beside() -> Iterator[psycopg.Connection[Any]]:
    """A connection of somebody else."""
    parameters = {**connection.get_connection_params(), "cursor_factory": psycopg.Cursor}
    with psycopg.connect(**parameters, autocommit=True) as opened:
        yield opened


@pytest.fixture
def services(committed: None, payments: Team) -> Iterator[Team]:
    """`a`, `b` and `c`, over a connection on which nothing takes long."""
    for slug in "abc":
        make_service(slug, payments)
    ci_of(payments)
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = '150ms'; SET deadlock_timeout = '50ms'")
    yield payments
    connection.close()


def send(team: Team, *messages: Message) -> list[int]:
    return [said.status for said in receive_all(ci_of(team), team.pk, messages, now=NOW)]


def deployments() -> list[Message]:
    return [told(id=f"{slug}{number}", service=slug, version=number) for number in "12" for slug in "abc"]


def checks() -> list[Message]:
    """What is never plain."""
    about = {"kind": "check.finished", "key": "lint", "outcome": "passed", "environment": None}
    return [told(id=f"check-{slug}", service=slug, version="1", **about) for slug in "abc"]


@pytest.mark.parametrize("several", [deployments, checks])
def test_one_that_takes_too_long_keeps_none_of_the_others(
    services: Team, several: Callable[[], list[Message]]
) -> None:
    messages = several()
    with beside() as other, other.transaction():
        other.execute(HOLD, [["b"]])
        answers = receive_all(ci_of(services), services.pk, messages, now=NOW)
    late = [number for number, message in enumerate(messages) if message.body["service"] == "b"]  # type: ignore[index]
    assert [said.status for said in answers] == [
        503 if number in late else 201 for number in range(len(messages))
    ]
    assert all(said.retryable for said in answers if isinstance(said, Problem))
    assert send(services, *messages) == [201 if number in late else 200 for number in range(len(messages))]
    assert Delivery.objects.count() == len(messages)


def test_who_holds_everything_is_not_waited_for_without_end(
    services: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "PATIENCE", 0.2)
    with beside() as other, other.transaction():
        other.execute(HOLD, [["a", "b"]])
        with pytest.raises(Problem) as refused:
            receive_all(ci_of(services), services.pk, checks(), now=NOW)
    assert (refused.value.status, refused.value.retryable) == (503, True)
    assert not Delivery.objects.exists(), "after two that failed the third was not tried"
    assert send(services, *checks()) == [201] * 3


def test_a_list_that_was_given_up_for_another_is_taken_in_all_the_same(services: Team) -> None:
    """It holds `a` and waits for `b`; somebody who changes both the other way round waits for `a`."""
    holds, waits = Event(), Event()

    def other_way_round() -> None:
        with beside() as other, other.transaction():
            other.execute("SET LOCAL deadlock_timeout = '10s'")
            other.execute(HOLD, [["b"]])
            holds.set()
            waits.wait(5)
            other.execute(HOLD, [["a"]])

    def tell_that_it_waits(execute: Any, sql: str, *rest: Any) -> Any:
        if "releases_take_in" in sql:
            Thread(target=announce).start()
        return execute(sql, *rest)

    def announce() -> None:
        with beside() as watching:
            blocked = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock')"
            while not watching.execute(blocked).fetchone()[0]:  # type: ignore[index]
                pass
        waits.set()

    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = '10s'")
    thread = Thread(target=other_way_round)
    thread.start()
    assert holds.wait(5)
    with connection.execute_wrapper(tell_that_it_waits):
        assert send(services, *deployments()) == [201] * 6
    thread.join(5)
    assert DeploymentFact.objects.count() == 6


def test_what_was_given_up_for_another_is_done_once_more() -> None:
    tries: list[int] = []

    def deed(fails: int) -> str:
        tries.append(1)
        if len(tries) <= fails:
            raise OperationalError from DeadlockDetected()
        return "done"

    assert unless_sacrificed(lambda: deed(1)) == "done"
    tries.clear()
    with pytest.raises(OperationalError):
        unless_sacrificed(lambda: deed(2))
    assert len(tries) == 2


@contextmanager
def ending_the_second(then: Callable[[], None] = lambda: None) -> Iterator[None]:
    """The server of this connection ends while it takes in the second message."""
    claims: list[str] = []

    def watched(execute: Any, sql: str, *rest: Any) -> Any:
        if "pg_advisory_xact_lock" in sql:
            claims.append(sql)
            if len(claims) == 2:
                with beside() as other:
                    pid = connection.connection.info.backend_pid
                    other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
                then()
        return execute(sql, *rest)

    with connection.execute_wrapper(watched):
        yield


def test_the_end_of_a_connection_costs_one_message_its_answer(services: Team) -> None:
    with ending_the_second():
        assert send(services, *checks()) == [201, 503, 201]
    assert send(services, *checks()) == [200, 201, 200]


def test_of_a_list_that_was_broken_off_all_may_be_sent_again(
    services: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    def database_gone() -> None:
        monkeypatch.setitem(connection.settings_dict, "HOST", "/nowhere")

    with ending_the_second(database_gone), pytest.raises(Problem) as refused:
        receive_all(ci_of(services), services.pk, checks(), now=NOW)
    assert (refused.value.status, refused.value.retryable, refused.value.retry_after) == (503, True, 5)
    assert refused.value.detail == (
        "The database went away after 1 of 3 events. Send them all again in 5 s: what is stored counts once."
    )
    monkeypatch.undo()
    connection.close()
    assert send(services, *checks()) == [200, 201, 201]


def test_what_nobody_foresaw_of_one_keeps_none_of_the_others(
    payments: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two services are told of the past, and one of them cannot be folded."""
    for slug in "ab":
        make_deployment(make_service(slug, payments), "0")

    def fails(service: Service, environment: Environment) -> None:
        if service.slug == "b":
            raise ZeroDivisionError
        fold_anew(service, environment)

    monkeypatch.setattr("releasedesk.actions.fold_anew.fold_anew", fails)
    monkeypatch.setattr("releasedesk.actions.deployments.fold_anew", fails)
    late = [told(id=slug, service=slug, occurred_at="2026-11-23T11:00:00Z") for slug in "ab"]
    assert send(payments, *late) == [201, 500]
    assert set(DeploymentFact.objects.filter(key__in="ab").values_list("key", flat=True)) == {"a"}
    monkeypatch.undo()
    assert send(payments, *late) == [200, 201]
