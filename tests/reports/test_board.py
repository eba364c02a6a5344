"""The board: what is live, is it all right, can we go back, what waits, who owes what."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from releasedesk.accounts.models import Membership, Team, User
from releasedesk.accounts.roles import DESK
from releasedesk.catalog.models import Environment, Service, Token
from releasedesk.deliveries.models import Delivery
from releasedesk.problems.problem import Problem
from releasedesk.releases.history import Status
from releasedesk.reports.board import Board, board, is_current
from releasedesk.reports.board_filters import Filters
from releasedesk.reports.board_rows import Place, Row
from releasedesk.reports.kept_rows import KeptRows
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
    make_user,
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


def in_production(user: User, **how: Any) -> Place:
    place = only_row(user, **how).production
    assert place is not None
    return place


def make_unmatched(team: Team, key: str = "1") -> None:
    Delivery.objects.create(
        team=team,
        source="native",
        key=key,
        body={},
        digest=b"",
        outcome="unmatched",
        answer={},
        actor="ci",
        received_at=NOON,
    )


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
    production = in_production(alice)
    assert production.live is not None
    assert production.live.version == "1.0"
    assert production.attempt is not None
    assert (production.attempt.version, production.status) == ("1.1", Status.FAILED)


def test_a_deployment_nobody_ended_is_running_and_after_an_hour_lost(alice: User) -> None:
    make_deployment(make_service(), kind="started", at=NOON)
    assert in_production(alice, now=NOON + minutes(59)).status is Status.STARTED
    assert in_production(alice, now=NOON + minutes(61)).status is Status.LOST


def test_what_succeeded_on_staging_since_the_last_shipping_waits(alice: User) -> None:
    service = make_service()
    make_deployment(service, "1.0", "staging", at=NOON)
    make_deployment(service, "1.0", "production", at=NOON + minutes(1))
    for number in range(1, 6):
        make_deployment(service, f"1.{number}", "staging", at=NOON + minutes(1 + number))
    assert [release.version for release in only_row(alice).pending] == ["1.5", "1.4", "1.3"]


def test_what_waits_goes_by_rank_on_staging_and_not_by_the_clock(alice: User) -> None:
    """1.1 was staged before 1.0 shipped, and waits all the same."""
    service = make_service()
    make_deployment(service, "1.0", "staging", at=NOON)
    make_deployment(service, "1.1", "staging", at=NOON + minutes(1))
    make_deployment(service, "1.0", "production", at=NOON + minutes(5))
    row = only_row(alice)
    assert [release.version for release in row.pending] == ["1.1"]
    assert row.waiting == "1 waiting for production"


def test_what_waits_says_of_how_many_changes_it_is(alice: User) -> None:
    service = make_service()
    make_release(service, "1.0", changes=[{"sha": "a" * 40}, {"sha": "b" * 40}])
    make_deployment(service, "1.0", "staging")
    assert only_row(alice).waiting == "1 waiting for production, 2 changes"


def test_what_was_rolled_back_on_staging_does_not_wait(alice: User) -> None:
    service = make_service()
    for number, version in enumerate(("1.0", "1.1", "1.0")):
        make_deployment(service, version, "staging", at=NOON + minutes(number))
    assert [release.version for release in only_row(alice).pending] == ["1.0"]


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
    assert row.way is not None
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
    with django_assert_max_num_queries(6):
        board(Filters(), actor=actor, now=LATER).as_json()


# -- today


def test_every_release_that_shipped_today_counts_and_no_rollback(alice: User) -> None:
    service = make_service()
    make_deployment(service, "1.0", at=NOON - timedelta(days=1))
    for number, version in enumerate(("1.1", "1.2", "1.1")):
        make_deployment(service, version, at=NOON + minutes(number))
    make_deployment(service, "1.3", "staging", at=NOON + minutes(5))
    assert seen_by(alice).tallies.shipped == 2
    assert len(seen_by(alice, only="shipped_today").rows) == 1


def test_measured_are_those_of_the_shipped_that_were_compared(alice: User) -> None:
    regressed_service()
    tallies = seen_by(alice).tallies
    assert (tallies.measured, tallies.shipped) == (1, 2)
    assert len(seen_by(alice, only="measured_today").rows) == 1


def test_today_ends_at_midnight_and_the_version_with_it(alice: User) -> None:
    make_deployment(make_service())
    late, next_day = NOON + timedelta(hours=11), NOON + timedelta(hours=12)
    found = seen_by(alice, now=late)
    assert found.tallies.shipped == 1
    actor = alice.as_actor()
    assert is_current(found.version, Filters(), actor=actor, now=next_day - timedelta(seconds=1))
    assert not is_current(found.version, Filters(), actor=actor, now=next_day)
    assert seen_by(alice, now=next_day).tallies.shipped == 0


@pytest.mark.parametrize("kind", ["failed", "rolled_back"])
def test_a_need_of_the_last_day_ends_with_the_version(alice: User, kind: str) -> None:
    service = make_service()
    make_deployment(service, "1.0", at=NOON - minutes(9))
    if kind == "failed":
        make_deployment(service, "1.1", kind="failed", at=NOON)
    else:
        make_deployment(service, "1.1", at=NOON - minutes(5))
        make_deployment(service, "1.0", at=NOON)
    end = NOON + timedelta(hours=24)
    found = seen_by(alice, now=end - minutes(1))
    assert kind in kinds(found)
    assert is_current(found.version, Filters(), actor=alice.as_actor(), now=end)
    after = end + timedelta(seconds=1)
    assert not is_current(found.version, Filters(), actor=alice.as_actor(), now=after)
    assert kind not in kinds(seen_by(alice, now=after))


# -- who asks


def test_a_token_owns_nothing(ci_token: str) -> None:
    make_deployment(make_service())
    actor = Token.objects.get().as_actor()
    assert len(board(Filters(), actor=actor, now=LATER).rows) == 1
    assert board(Filters(mine=True), actor=actor, now=LATER).rows == ()


def test_needs_are_those_of_the_readers_teams_and_of_all_for_who_has_none(alice: User) -> None:
    make_deployment(make_service("checkout-api"))
    make_deployment(make_service("indexer", make_team("search")))
    assert {need.title for need in seen_by(alice).needs} == {"checkout-api 1.0"}
    newcomer = make_user("newcomer")
    assert {need.title for need in seen_by(newcomer).needs} == {"checkout-api 1.0", "indexer 1.0"}


def test_an_unmatched_delivery_ends_the_version(alice: User, payments: Team) -> None:
    for has_service in (False, True):
        if has_service:
            make_deployment(make_service())
        found = seen_by(alice)
        make_unmatched(payments, key=str(has_service))
        assert not is_current(found.version, Filters(), actor=alice.as_actor(), now=LATER)
        assert seen_by(alice).unmatched == found.unmatched + 1


def test_filters_cost_no_query_where_nothing_has_changed(alice: User, django_assert_num_queries: Any) -> None:
    make_deployment(make_service(owner="alice"))
    actor = alice.as_actor()
    query = {"team": "payments", "service": "checkout-api", "mine": "1", "only": "notes_due"}
    version = board(Filters.read(query), actor=actor, now=LATER).version
    with django_assert_num_queries(1):
        assert is_current(version, Filters.read(query), actor=actor, now=LATER)


def test_a_token_learns_no_other_teams_names_from_a_wrong_one(ci_token: str) -> None:
    make_service("indexer", make_team("search"))
    with pytest.raises(Problem) as refused:
        board(Filters(service="indexes"), actor=Token.objects.get().as_actor(), now=LATER)
    assert "indexer" not in str(refused.value.errors[0].expected)


def test_by_attention_the_most_urgent_comes_first(alice: User) -> None:
    make_deployment(make_service("a-quiet-one", owner="alice"))
    regressed_service()
    assert [row.service.slug for row in seen_by(alice).rows] == ["a-quiet-one", "checkout-api"]
    assert [row.service.slug for row in seen_by(alice, sort="attention").rows] == [
        "checkout-api",
        "a-quiet-one",
    ]


# -- where it runs


def test_without_an_environment_there_are_rows_and_nothing_is_live(alice: User) -> None:
    make_service()
    Environment.objects.all().delete()
    found = seen_by(alice)
    assert found.environments == ()
    assert [(row.production, row.way, row.state) for row in found.rows] == [(None, None, "planned")]
    assert found.as_json()["rows"][0]["rollback"] is None


def two_productions() -> Service:
    Environment.objects.filter(name="production").update(name="eu")
    Environment.objects.create(name="us", tier="production", order=30)
    service = make_service(owner="alice")
    make_deployment(service, "1.0", "staging", at=NOON)
    return service


def test_of_two_productions_none_is_where_a_release_waits(alice: User) -> None:
    service = two_productions()
    make_deployment(service, "1.0", "eu", at=NOON + minutes(1))
    row = only_row(alice)
    assert [place.environment.name for place in row.places] == ["staging", "eu", "us"]
    assert row.pending == (), "us was never used, so that nothing waits for it"
    make_deployment(service, "0.9", "us", at=NOON + minutes(2))
    row = only_row(alice)
    assert row.pending == (), "what us has came later than the last word from staging"
    make_deployment(service, "1.1", "staging", at=NOON + minutes(3))
    assert [release.version for release in only_row(alice).pending] == ["1.1"]
    assert only_row(alice).pending_in == "staging"


def test_of_two_productions_the_worse_is_told(alice: User) -> None:
    service = two_productions()
    make_plan(service)
    make_deployment(service, "1.0", "eu", at=NOON + minutes(1))
    make_deployment(service, "1.1", "eu", at=NOON + minutes(2))
    make_deployment(service, "1.0", "us", at=NOON + minutes(3))
    make_rehearsal(service.releases.get(version="1.1"))
    row = only_row(alice)
    assert row.way is not None
    assert (row.way.environment, row.way.headline) == ("us", "no target")
    release = service.releases.get(version="1.1")
    for phase, ms in (("before", 100), ("after", 300)):
        make_snapshot(release, phase, environment="eu", requests=requests_of(2000, ms=ms))
    row = only_row(alice)
    assert row.production is not None
    assert (row.production.environment.name, row.state) == ("eu", "suspect")


# -- what is kept


def test_a_row_that_still_holds_is_not_read_again(alice: User, django_assert_num_queries: Any) -> None:
    for number in range(3):
        make_deployment(make_service(f"service-{number}"))
    actor = alice.as_actor()
    first = board(Filters(), actor=actor, now=LATER)
    with django_assert_num_queries(3):
        again = board(Filters(), actor=actor, now=LATER + minutes(1))
    assert [id(row) for row in again.rows] == [id(row) for row in first.rows]
    make_deployment(Service.objects.get(slug="service-1"), "1.1", at=NOON + minutes(1))
    fresh = board(Filters(), actor=actor, now=LATER)
    assert [new is old for new, old in zip(fresh.rows, first.rows, strict=True)] == [True, False, True]
    assert fresh.rows[1].live is not None
    assert fresh.rows[1].live.version == "1.1"


def test_a_kept_row_is_never_shown_before_it_was_read(alice: User) -> None:
    make_deployment(make_service(), kind="started", at=NOON)
    late = only_row(alice, now=NOON + minutes(70))
    early = only_row(alice, now=NOON + minutes(10))
    assert (late.places[-1].status, early.places[-1].status) == (Status.LOST, Status.STARTED)


def asked_by(seeing: Callable[[], object]) -> dict[str, Any]:
    """Return the prepared statements of the board by their text, each with what it was asked with."""
    asked = {}

    def note(execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
        if isinstance(parameters, dict):
            asked[sql] = parameters
        return execute(sql, parameters, many, context)

    with connection.execute_wrapper(note):
        seeing()
    return asked


def plan_of(sql: str, parameters: dict[str, Any]) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN " + sql, parameters)
        return [line for (line,) in cursor.fetchall()]


def test_one_row_and_a_hundred_are_asked_for_by_one_plan(alice: User) -> None:
    """Planning takes ten times what answering does: it is done once where no value makes it cheaper."""
    services = [make_service(f"service-{number}") for number in range(20)]
    for service in services:
        make_deployment(service)
    all_of_them = asked_by(lambda: seen_by(alice))
    make_release(services[0], "2.0")  # a change: one row is read anew
    one = asked_by(lambda: seen_by(alice))
    assert len(one) == 2
    for sql, parameters in one.items():
        assert len(parameters["services"]) == 1
        assert len(all_of_them[sql]["services"]) == 20
        assert plan_of(sql, parameters) == plan_of(sql, all_of_them[sql])
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements")
        prepared = {statement for (statement,) in cursor.fetchall()}
    assert {sql.partition("%(")[0] for sql in one} <= {statement.partition("$")[0] for statement in prepared}


def test_who_joins_a_team_sees_its_inbox_at_once(charlie: User) -> None:
    team = make_team("payments")
    make_deployment(make_service("checkout-api", team))
    make_unmatched(team)
    assert seen_by(charlie).unmatched == 0
    Membership.objects.create(team=team, user=charlie, role="viewer")
    assert seen_by(charlie).unmatched == 1
    Membership.objects.all().delete()
    assert seen_by(charlie).unmatched == 0


def test_no_more_rows_are_kept_than_there_is_room_for(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("releasedesk.reports.kept_rows.KEPT", 2)
    kept = KeptRows()
    for number in range(3):
        make_service(f"service-{number}")
    rows, environments = board(Filters(), actor=DESK, now=LATER).rows, list(Environment.objects.all())
    assert len(kept.of([row.service for row in rows], environments, LATER)) == 3
    assert len(kept.rows) == 2


# -- p95 over releases


def test_the_line_has_a_place_for_every_release_and_gaps_for_the_unmeasured(alice: User) -> None:
    service = make_service()
    for number, ms in enumerate((100, None, 200)):
        make_deployment(service, f"1.{number}", at=NOON + minutes(number))
        release = service.releases.get(version=f"1.{number}")
        if ms:
            make_snapshot(release, "after", requests=requests_of(ms=ms))
            make_snapshot(release, "after", at=NOON - minutes(9), requests=requests_of(ms=5000))
    spark = only_row(alice).spark
    assert spark is not None
    assert spark.words == "p95 of the last 3 releases, in ms: 109, not measured, 218"
    assert spark.gaps


def test_the_line_follows_the_route_the_plan_names(alice: User) -> None:
    service = make_service()
    release = make_release(service, "1.0", route="GET /basket/{id}")
    make_deployment(service, "1.0")
    make_snapshot(release, "after", requests=requests_of(ms=100))
    make_snapshot(release, "after", at=NOON + minutes(5), route="GET /other", requests=requests_of(ms=900))
    spark = only_row(alice).spark
    assert spark is not None
    assert spark.words == "p95 of the last release: 109 ms"
