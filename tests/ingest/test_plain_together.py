"""Threads of one process that report at the same moment share a statement, and each is told its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from django.db import connection, connections, transaction

from releasedesk.accounts.models import Team
from releasedesk.actions import take_in
from releasedesk.catalog.models import Service
from releasedesk.deliveries.models import Delivery
from releasedesk.operations import statements
from releasedesk.releases.models import DeploymentFact, Live, Release
from tests.actions.at_once import at_once, with_its_own_connection
from tests.builders import make_service
from tests.ingest.test_plain_way import answers_of, told
from tests.releases.folded import ci_of


@pytest.fixture
def keeping(committed: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """A process keeps its connections, as a server does. Gives how many were told together, every time."""
    sizes: list[int] = []

    def counted(lane: int, statement: str, parameters: Sequence[str]) -> list[tuple[str, ...]]:
        answers = statements.run_shared(lane, statement, parameters)
        sizes.append(len(answers))
        return answers

    monkeypatch.setitem(connections["default"].settings_dict, "CONN_MAX_AGE", 60)
    monkeypatch.setattr(take_in, "run_shared", counted)
    yield sizes
    statements.close_shared()


def plainly(team: Team, **fields: object) -> dict[str, object] | None:
    """What is answered to one event; None where it is left to the general way."""
    answers = answers_of(team, told(**fields))
    return dict(answers[0].body) if answers else None


def test_forty_that_report_at_once_are_each_taken_in_once(keeping: list[int], payments: Team) -> None:
    slugs = [f"service-{number}" for number in range(8)]
    for slug in slugs:
        make_service(slug, payments)
    ci_of(payments)
    deeds = [
        partial(plainly, payments, service=slug, id=f"{slug}-{turn}", version=f"1.{turn}") for slug in slugs
        for turn in range(5)
    ]  # fmt: skip
    answers = at_once(deeds)
    for slug in slugs:
        keys = {answer["id"] for answer in answers if answer and answer["service"] == slug}
        assert len(keys) == 5
        assert keys == set(Delivery.objects.filter(service__slug=slug).values_list("key", flat=True))
        assert keys == set(DeploymentFact.objects.filter(service__slug=slug).values_list("key", flat=True))
    assert Live.objects.count() == len(slugs)
    assert sum(keeping) <= Delivery.objects.count(), "what came after something later goes alone"
    assert len(keeping) < len(deeds), "some were told together"


def test_one_whose_service_is_held_elsewhere_holds_up_nobody(keeping: list[int], payments: Team) -> None:
    for slug in ("held", "free"):
        make_service(slug, payments)
    ci_of(payments)
    with ThreadPoolExecutor(2) as pool:
        with transaction.atomic():
            Service.objects.filter(slug="held").changed()
            held = pool.submit(with_its_own_connection, partial(plainly, payments, service="held", id="1"))
            free = pool.submit(with_its_own_connection, partial(plainly, payments, service="free", id="2"))
            assert free.result(30), "it is taken in while the other still waits"
            assert not held.done()
        assert held.result(30)
    assert set(Delivery.objects.values_list("key", flat=True)) == {"1", "2"}


def test_one_that_cannot_be_stored_takes_nobody_with_it(keeping: list[int], payments: Team) -> None:
    slugs = [f"service-{number}" for number in range(6)]
    for slug in slugs:
        make_service(slug, payments)
    ci_of(payments)
    bad = partial(plainly, payments, service="service-0", id="bad", url="https://ci.example/" + "x" * 5000)
    good = [partial(plainly, payments, service=slug, id=slug) for slug in slugs[1:]]
    answers = at_once([bad, *good])
    assert answers[0] is None
    assert all(answers[1:])
    assert Release.objects.count() == len(good)


def test_a_shared_connection_that_was_ended_is_opened_anew(keeping: list[int], payments: Team) -> None:
    make_service("checkout-api", payments)
    ci_of(payments)
    assert plainly(payments, id="1", version="1")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert plainly(payments, id="2", version="2")
    assert keeping == [1, 1]


def test_who_keeps_no_connection_shares_none(
    keeping: list[int], payments: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_service("checkout-api", payments)
    ci_of(payments)
    monkeypatch.setitem(connections["default"].settings_dict, "CONN_MAX_AGE", 0)
    assert plainly(payments, id="1")
    monkeypatch.setitem(connections["default"].settings_dict, "CONN_MAX_AGE", 60)
    monkeypatch.setitem(connections["default"].settings_dict, "DISABLE_SERVER_SIDE_CURSORS", True)
    assert plainly(payments, id="2", version="2"), "behind a pooler"
    assert keeping == []
