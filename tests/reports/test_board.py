"""The board: what is live, is it all right, can we go back, what waits, who owes what."""

from datetime import timedelta
from typing import Any

import pytest

from releasedesk.accounts.models import Team, User
from releasedesk.accounts.roles import DESK
from releasedesk.problems.problem import Problem
from releasedesk.releases.history import Status
from releasedesk.reports.board import Board, board, is_current
from releasedesk.reports.board_filters import Filters
from releasedesk.reports.board_rows import Row
from tests.builders import (
    NOON,
    make_deployment,
    make_note,
    make_plan,
    make_rehearsal,
    make_release,
    make_service,
    make_snapshot,
    make_team,
    minutes,
    requests_of,
)

pytestmark = pytest.mark.django_db
LATER = NOON + minutes(30)


def seen_by(user: User, *, now: Any = LATER, **filters: Any) -> Board:
    return board(Filters(**filters), actor=user.as_actor(), now=now)


def only_row(user: User, **how: Any) -> Row:
    (row,) = seen_by(user, **how).rows
    return row


def kinds(found: Board) -> list[str]:
    return [need.kind for need in found.needs]


def test_an_empty_desk_has_an_empty_board(alice: User) -> None:
    found = seen_by(alice)
    assert found.rows == ()
    assert found.needs == []


def test_a_service_shows_what_is_live_and_the_failed_attempt_since(alice: User, payments: Team) -> None:
    service = make_service(owner="alice")
    make_deployment(service, "1.0", at=NOON)
    make_deployment(service, "1.1", kind="failed", at=NOON + minutes(5))
    production = only_row(alice).production
    assert production.live is not None
    assert production.live.version == "1.0"
    assert production.attempt is not None
    assert (production.attempt.version, production.status) == ("1.1", Status.FAILED)


def test_a_deployment_nobody_ended_is_running_and_after_an_hour_lost(alice: User) -> None:
    make_deployment(make_service(), kind="started", at=NOON)
    assert only_row(alice, now=NOON + minutes(59)).production.status is Status.STARTED
    assert only_row(alice, now=NOON + minutes(61)).production.status is Status.LOST


def test_what_succeeded_on_staging_since_the_last_shipping_waits(alice: User) -> None:
    service = make_service()
    make_deployment(service, "1.0", "staging", at=NOON)
    make_deployment(service, "1.0", "production", at=NOON + minutes(1))
    for number in range(1, 6):
        make_deployment(service, f"1.{number}", "staging", at=NOON + minutes(1 + number))
    assert [release.version for release in only_row(alice).pending] == ["1.5", "1.4", "1.3"]


def test_what_was_passed_by_does_not_wait(alice: User) -> None:
    service = make_service()
    make_deployment(service, "1.0", "staging", at=NOON)
    make_deployment(service, "1.1", "production", at=NOON + minutes(1))
    assert only_row(alice).pending == ()


def test_a_note_is_owed_from_shipping_until_it_is_finished(alice: User) -> None:
    service = make_service()
    make_deployment(service, "1.0")
    release = service.releases.get()
    assert len(only_row(alice).notes_due) == 1
    make_note(release, draft=True)
    assert len(only_row(alice).notes_due) == 1
    make_note(release)
    assert only_row(alice).notes_due == ()


def regressed_service() -> None:
    service = make_service(owner="alice")
    make_deployment(service, "1.0", at=NOON - minutes(60))
    release = make_release(service, "1.1")
    make_rehearsal(_planned(release), finished_at=NOON - minutes(30))
    make_snapshot(release, "before", at=NOON - minutes(10), requests=requests_of(1000, ms=200))
    make_deployment(service, "1.1", at=NOON)
    make_snapshot(release, "after", at=NOON + minutes(10), requests=requests_of(1000, ms=260))


def _planned(release: Any) -> Any:
    make_plan(release.service, release)
    return release


def test_a_regression_past_the_plans_trigger_comes_first_and_offers_the_way_back(alice: User) -> None:
    regressed_service()
    found = seen_by(alice)
    (row,) = found.rows
    assert row.offer_rollback
    assert row.mark.tone == "bad"
    assert row.mark.words == "p95 +30 %"
    assert row.way.readiness.ready
    assert row.way.headline == "ready, 1 min 48 s"
    assert kinds(found)[0] == "trigger_met"
    assert found.needs[0].sentence.startswith("p95 is 28")
    assert found.tallies.regressed == 1


def test_the_board_as_json_has_the_shape_of_the_contract(alice: User) -> None:
    regressed_service()
    answer = seen_by(alice).as_json()
    (row,) = answer["rows"]
    assert (row["service"], row["team"], row["owner"]) == ("checkout-api", "payments", "alice")
    assert row["live"]["production"]["version"] == "1.1"
    assert row["live"]["production"]["deployed_at"] == "2026-11-23T12:00:00Z"
    assert row["live"]["production"]["verdict"] == "suspect"
    assert row["live"]["production"]["state"] == "suspect"
    assert row["rollback"]["ready"] is True
    assert row["rollback"]["reasons"] == []
    assert row["rollback"]["rehearsed_seconds"] == 108
    assert row["rollback"]["target"] == "1.0"
    assert row["pending"] is None
    assert row["notes_due"] == 2
    assert answer["needs"][0]["kind"] == "trigger_met"


def test_a_rollback_asks_for_the_note_on_what_was_rolled_back(alice: User) -> None:
    service = make_service()
    for number, version in enumerate(("1.0", "1.1", "1.0")):
        make_deployment(service, version, at=NOON + minutes(number))
    need = next(need for need in seen_by(alice).needs if need.kind == "rolled_back")
    assert need.title == "checkout-api 1.1"
    assert need.path == "/services/checkout-api/releases/1.1/"


def test_filters_choose_by_team_state_and_owner(alice: User, charlie: User) -> None:
    make_deployment(make_service("checkout-api", owner="alice"))
    make_deployment(make_service("indexer", make_team("search")))
    assert [row.service.slug for row in seen_by(alice).rows] == ["checkout-api", "indexer"]
    assert [row.service.slug for row in seen_by(alice, team="search").rows] == ["indexer"]
    assert [row.service.slug for row in seen_by(alice, mine=True).rows] == ["checkout-api"]
    assert [row.service.slug for row in seen_by(charlie, state="suspect").rows] == []
    assert len(seen_by(charlie, state="shipped").rows) == 2


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"team": "paymints"}, "No team is called 'paymints'."),
        ({"state": "broken"}, "No state is called 'broken'."),
        ({"colour": "red"}, "There is no filter 'colour'."),
    ],
)
def test_a_filter_that_does_not_exist_is_refused_by_name(query: dict[str, str], said: str) -> None:
    make_team("payments")
    with pytest.raises(Problem) as refused:
        board(Filters.read(query), actor=DESK, now=LATER)
    assert refused.value.status == 422
    assert refused.value.errors[0].detail == said


def test_the_version_holds_until_something_is_reported(alice: User, django_assert_num_queries: Any) -> None:
    service = make_service()
    make_deployment(service)
    actor = alice.as_actor()
    version = seen_by(alice).version
    with django_assert_num_queries(1):
        assert is_current(version, Filters(), actor=actor, now=LATER)
    make_deployment(service, "1.1", at=NOON + minutes(1))
    assert not is_current(version, Filters(), actor=actor, now=LATER)


def test_the_version_is_the_readers_own_and_the_filters(alice: User, charlie: User) -> None:
    make_deployment(make_service())
    version = seen_by(alice).version
    assert not is_current(version, Filters(), actor=charlie.as_actor(), now=LATER)
    assert not is_current(version, Filters(mine=True), actor=alice.as_actor(), now=LATER)


def test_the_version_ends_when_a_note_falls_overdue(alice: User) -> None:
    make_deployment(make_service())
    due = NOON + timedelta(hours=24)
    version = seen_by(alice, now=due - minutes(1)).version
    actor = alice.as_actor()
    assert is_current(version, Filters(), actor=actor, now=due)
    assert not is_current(version, Filters(), actor=actor, now=due + timedelta(seconds=2))


def test_the_version_ends_when_a_running_deployment_is_given_up(alice: User) -> None:
    make_deployment(make_service(), kind="started", at=NOON)
    version = seen_by(alice).version
    actor = alice.as_actor()
    assert is_current(version, Filters(), actor=actor, now=NOON + minutes(60))
    assert not is_current(version, Filters(), actor=actor, now=NOON + minutes(60) + timedelta(seconds=2))


@pytest.mark.parametrize("nonsense", ["", "x", "x.y", "..", "abc.99999999999999999999"])
def test_a_version_that_was_never_given_is_not_current(alice: User, nonsense: str) -> None:
    assert not is_current(nonsense, Filters(), actor=alice.as_actor(), now=LATER)


def test_the_number_of_queries_does_not_grow_with_the_services(
    alice: User, django_assert_max_num_queries: Any
) -> None:
    for number in range(12):
        service = make_service(f"service-{number}", owner="alice")
        make_plan(service)
        for day in range(3):
            make_deployment(service, f"1.{day}", "staging", at=NOON + minutes(day))
            make_deployment(service, f"1.{day}", "production", at=NOON + minutes(day + 5))
    actor = alice.as_actor()
    with django_assert_max_num_queries(7):
        board(Filters(), actor=actor, now=LATER).as_json()
