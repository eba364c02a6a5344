"""The roll-back page."""

from __future__ import annotations

import re
from functools import partial
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest
from django.db import OperationalError, connection, transaction
from django.test import Client

from releasedesk.accounts.models import Team, User
from releasedesk.catalog.models import Service
from releasedesk.releases.models import Lock
from releasedesk.rollbacks.models import Run
from tests.actions.at_once import at_once
from tests.builders import (
    NOON,
    make_deployment,
    make_plan,
    make_rehearsal,
    make_release,
    make_run,
    make_service,
    make_snapshot,
    make_team,
    make_user,
    minutes,
    requests_of,
)

if TYPE_CHECKING:
    from pytest_django import DjangoAssertNumQueries

    from tests.conftest import Clock

pytestmark = pytest.mark.django_db
PAGE = "/services/checkout-api/rollback/production/"


@pytest.fixture
def service(payments: Team, clock: Clock) -> Service:
    service = make_service(team=payments)
    make_plan(service)
    for number, version in enumerate(("1.0", "1.1", "2.0")):
        make_deployment(service, version, at=NOON - minutes(60 - number))
    make_rehearsal(make_release(service, "2.0"), finished_at=NOON - minutes(30))
    return service


def text_of(answer: Any) -> str:
    """What a person reads: no markup, single spaces, none of them before a comma or a full stop."""
    bare = " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())
    return re.sub(r" ([.,:])", r"\1", bare)


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def seen(client: Client, path: str = PAGE, **headers: str) -> str:
    answer = client.get(path, headers=headers)
    assert answer.status_code == 200
    return text_of(answer)


def press(client: Client, do: str, **fields: object) -> str:
    answer = client.post(PAGE, {"do": do, **fields})
    assert answer.status_code == 302, text_of(answer)
    return seen(client)


def run() -> Run:
    return Run.objects.with_names().get()


def test_it_says_what_is_live_and_what_it_goes_back_to_with_finished_commands(
    service: Service, bob: User
) -> None:
    page = seen(browser(bob))
    for words in (
        "Live now 2.0",
        "Goes back to 1.1",
        "the last good one",
        "In rehearsal 1 min 48 s",
        "2 steps",
        "make deploy SERVICE=checkout-api ENVIRONMENT=production VERSION=1.1",
        "about 1 min 10 s",
        "Start the rollback",
    ):
        assert words in page


def test_another_version_may_be_named(service: Service, bob: User) -> None:
    page = seen(browser(bob), f"{PAGE}?to=1.0")
    assert "Goes back to 1.0" in page
    assert "Taken back as well: 1.1" in page
    assert "VERSION=1.0" in page
    assert browser(bob).get(f"{PAGE}?to=9").status_code == 404


def test_everybody_reads_it_and_only_the_teams_engineers_start(
    service: Service, vera: User, charlie: User
) -> None:
    for user in (vera, charlie):
        assert "Start the rollback" not in seen(browser(user))
        answer = browser(user).post(PAGE, {"do": "start"})
        assert answer.status_code == 403
        assert "may not roll back checkout-api" in text_of(answer)
    assert not Run.objects.exists()


def test_a_stranger_is_sent_to_the_login(service: Service) -> None:
    assert Client().get(PAGE)["Location"].startswith("/accounts/login/")


def test_from_start_to_done(service: Service, bob: User, clock: Clock) -> None:
    mine = browser(bob)
    page = press(mine, "start", reason="p95 doubled")
    assert "bob started this just now: p95 doubled" in page
    assert "0 of 2 steps done" in page
    page = press(mine, "tick", run=run().pk, step=1)
    assert "1 of 2 steps done" in page
    assert "done bob" in page
    page = press(mine, "untick", run=run().pk, step=1)
    assert "0 of 2 steps done" in page
    clock.tick(2)
    page = press(mine, "done", run=run().pk, reason="All green.")
    assert "Start the rollback" in page
    assert "the desk still counts 2.0 as live. Let CI report the deployment of 1.1." in page
    assert (run().outcome, run().closed_because, run().seconds) == ("done", "All green.", 120.0)


def test_what_ci_reports_ends_it_with_its_time_and_asks_for_the_note(service: Service, bob: User) -> None:
    make_run(service, at=NOON, actor=bob.as_actor(), reason="p95 doubled")
    make_deployment(service, "1.1", at=NOON + minutes(2))
    page = seen(browser(bob))
    for words in (
        "Left 2.0",
        "Went back to 1.1",
        "Took 2 min",
        "rehearsed in 1 min 48 s",
        "Write down what was rolled back and why",
        "Rollbacks here",
        "Restored in 2 min",
    ):
        assert words in page


def test_who_presses_start_second_sees_whose_run_it_is(service: Service, alice: User, bob: User) -> None:
    press(browser(alice), "start", reason="p95")
    assert "alice started this" in press(browser(bob), "start", reason="the same")
    assert Run.objects.count() == 1


def test_no_lock_stops_it(service: Service, bob: User) -> None:
    Lock.objects.create(reason="Black Friday", created_by="alice", created_at=NOON)
    assert "bob started this" in press(browser(bob), "start")


def test_without_a_plan_the_last_known_command_helps(payments: Team, bob: User, clock: Clock) -> None:
    service = make_service(team=payments)
    make_deployment(service, "1.0", at=NOON - minutes(9), command="./deploy 1.0 --safely")
    make_deployment(service, "2.0", at=NOON - minutes(8))
    page = seen(browser(bob))
    assert "Nobody wrote down how to go back. This put 1.0 here the last time" in page
    assert "./deploy 1.0 --safely" in page
    assert "There is no rollback plan." in page
    page = press(browser(bob), "start")
    assert "./deploy 1.0 --safely" in page
    assert "0 of 1 step done" in page


def test_where_nothing_is_older_it_says_what_to_do(payments: Team, bob: User, clock: Clock) -> None:
    make_deployment(make_service(team=payments), "1.0", at=NOON - minutes(9))
    page = seen(browser(bob))
    assert "Nothing to go back to" in page
    assert "ship a fix forward" in page
    answer = browser(bob).post(PAGE, {"do": "start"})
    assert answer.status_code == 409
    assert "The desk knows no good release before 1.0." in text_of(answer)


def test_ones_own_trigger_is_the_reason_it_begins_with(service: Service, bob: User) -> None:
    release = make_release(service, "2.0")
    make_snapshot(release, "before", at=NOON - minutes(70), requests=requests_of(2000))
    make_snapshot(release, "after", at=NOON - minutes(40), requests=requests_of(2000, ms=300))
    answer = browser(bob).get(f"{PAGE}?because=trigger")
    assert "Your own trigger is met:" in text_of(answer)
    assert 'value="p95 is 32' in answer.content.decode()
    assert 'value="the pager"' in browser(bob).get(f"{PAGE}?because=the+pager").content.decode()


def test_a_target_that_cannot_be_had_is_replaced_with_one_button(service: Service, bob: User) -> None:
    mine = browser(bob)
    press(mine, "start", reason="p95")
    make_deployment(service, "1.1", kind="failed", at=NOON + minutes(5))
    page = seen(mine)
    assert "If that version cannot be had any more, go back to 1.0 instead." in page
    page = press(mine, "instead", run=run().pk, to="1.0", reason="p95")
    assert "Goes back to 1.0" in page
    assert sorted(Run.objects.values_list("outcome", flat=True)) == ["running", "stopped"]


def test_one_left_open_for_hours_is_shown_as_such(service: Service, bob: User, clock: Clock) -> None:
    make_run(service, at=NOON)
    clock.tick(300)
    assert "This rollback has been open for 5 h 5 min." in seen(browser(bob))


def test_the_culprit_is_named_later(service: Service, bob: User) -> None:
    rollback = make_deployment(service, "1.0", at=NOON)
    page = press(browser(bob), "culprit", rollback=rollback.pk, version="1.1", reason="the index")
    assert "It was 1.1: the index (bob, " in page


def test_what_has_not_changed_costs_five_queries_and_no_page(
    service: Service, bob: User, clock: Clock, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    mine = browser(bob)
    tag = mine.get(PAGE)["ETag"]
    with django_assert_num_queries(5):
        assert mine.get(PAGE, headers={"If-None-Match": tag}).status_code == 304
    make_run(service, at=clock.now)
    assert mine.get(PAGE, headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize(("running", "queries"), [(False, 18), (True, 20)])
def test_it_asks_a_fixed_number_of_queries(
    service: Service,
    bob: User,
    running: bool,
    queries: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    mine = browser(bob)
    if running:
        make_run(service)
    mine.get(PAGE)
    with django_assert_num_queries(queries):
        mine.get(PAGE)


def test_what_it_cannot_do_is_said_and_nothing_typed_is_lost(service: Service, bob: User) -> None:
    answer = browser(bob).post(f"{PAGE}?to=1.0", {"do": "start", "to": "9.9", "reason": "p95 doubled"})
    assert answer.status_code == 422
    assert 'value="p95 doubled"' in answer.content.decode()
    assert browser(bob).post(PAGE, {"do": "dance"}).status_code == 422
    assert browser(bob).post(PAGE, {"do": "tick", "run": "99", "step": "1"}).status_code == 404


# -- faults tried


def test_two_people_who_press_start_at_once_share_one_run(committed: None) -> None:
    team = make_team("payments")
    people = [make_user(name, team) for name in ("bob", "alice")]
    service = make_service(team=team)
    for number, version in enumerate(("1.0", "2.0")):
        make_deployment(service, version, at=NOON - minutes(60 - number))

    def start(user: User) -> int:
        browser(user).post(PAGE, {"do": "start", "reason": user.username})
        return run().pk

    first, second = at_once([partial(start, user) for user in people])
    assert first == second
    assert Run.objects.count() == 1


def test_without_a_queue_or_a_worker_everything_here_works(service: Service, bob: User) -> None:
    """The tables of the jobs are not even there."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE procrastinate_jobs RENAME TO gone")
    mine = browser(bob)
    press(mine, "start", reason="p95")
    press(mine, "tick", run=run().pk, step=1)
    text = mine.get(PAGE.rstrip("/") + ".txt").content.decode()
    for words in ("SOMEBODY IS ROLLING BACK", "bob, since 2026-11-23 12:05 UTC: p95", "DONE by bob"):
        assert words in text
    assert "    $ make deploy SERVICE=checkout-api ENVIRONMENT=production VERSION=1.1\n" in text
    assert all(len(line) <= 80 for line in text.splitlines() if not line.startswith("    $ "))


def test_the_text_is_there_when_the_database_only_reads(service: Service, bob: User) -> None:
    """As a standby does, after the first one has gone."""
    mine = browser(bob)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL transaction_read_only = on")
        assert "Goes back to  1.1" in mine.get(PAGE.rstrip("/") + ".txt").content.decode()
        transaction.set_rollback(True)  # which is how it may be written to again


def test_a_database_that_goes_away_loses_no_tick_and_says_to_try_again(
    service: Service, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = browser(bob)
    press(mine, "start")
    press(mine, "tick", run=run().pk, step=1)

    def away(*args: object, **how: object) -> None:
        raise OperationalError("gone")

    with monkeypatch.context() as patch:
        patch.setattr("releasedesk.web.rollback.tick_step", away)
        answer = mine.post(PAGE, {"do": "tick", "run": run().pk, "step": 2})
        assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "1 of 2 steps done" in seen(mine)


def test_what_arrives_out_of_order_while_it_runs_ends_it_once(service: Service, bob: User) -> None:
    press(browser(bob), "start")
    make_deployment(service, "1.1", at=NOON + minutes(8), run="7")
    make_deployment(service, "1.1", kind="started", at=NOON + minutes(6), run="7")
    make_deployment(service, "1.1", kind="failed", at=NOON + minutes(5.5), run="6")
    page = seen(browser(bob))
    assert "Went back to 1.1" in page
    assert run().seconds == 180.0


def test_somebody_who_ships_over_it_is_said(service: Service, bob: User) -> None:
    press(browser(bob), "start")
    make_deployment(service, "2.1", at=NOON + minutes(6))
    page = seen(browser(bob))
    assert "2.1 went live on 2026-11-23 12:06 UTC, after this rollback began." in page
    assert run().running


def test_the_board_says_who_is_on_the_way_back_and_what_was_left_open(
    service: Service, bob: User, clock: Clock
) -> None:
    press(browser(bob), "start")
    board = seen(browser(bob), "/")
    assert "rolling back checkout-api 2.0 bob started to go back to 1.1 in production" in board
    clock.tick(61)
    assert "left open checkout-api 2.0" in seen(browser(bob), "/")


def test_the_note_begins_with_what_was_rolled_back_and_why(service: Service, bob: User) -> None:
    make_run(service, at=NOON, reason="p95 doubled")
    make_deployment(service, "1.1", at=NOON + minutes(2))
    note = seen(browser(bob), "/services/checkout-api/releases/2.0/note/")
    assert "2.0 was rolled back to 1.1 in production in 2 min (rehearsed in 1 min 48 s)" in note
    assert "Why: p95 doubled" in note
