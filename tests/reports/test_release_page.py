"""What the release's page knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from releasedesk.accounts.roles import DESK
from releasedesk.actions.locks import lock, lock_request
from releasedesk.releases.lock_bodies import LockBody
from releasedesk.releases.models import Change
from releasedesk.reports.release_page import ReleasePage, release_page
from tests.builders import (
    NOON,
    make_deployment,
    make_note,
    make_plan,
    make_rehearsal,
    make_release,
    make_service,
    make_snapshot,
    minutes,
    requests_of,
)

if TYPE_CHECKING:
    from pytest_django import DjangoAssertNumQueries

    from releasedesk.accounts.models import User
    from releasedesk.releases.models import Release

pytestmark = pytest.mark.django_db
LATER = NOON + minutes(60)


def page_of(release: Release, user: User | None = None) -> ReleasePage:
    return release_page(release, actor=user.as_actor() if user else DESK, now=LATER)


def a_regression() -> Release:
    """1.0 is live and good; 1.1 is planned, rehearsed, measured, shipped and slower."""
    service = make_service()
    make_release(service, "1.0")
    make_deployment(service, "1.0", at=NOON - minutes(600))
    release = make_release(service, "1.1", title="cache the total", route="GET /basket/{id}")
    make_plan(service, release)
    make_rehearsal(release, finished_at=NOON - minutes(100))
    make_snapshot(release, "before", at=NOON - minutes(20), requests=requests_of(ms=190))
    make_deployment(service, "1.1", kind="started", at=NOON - minutes(2), run="r1")
    make_deployment(service, "1.1", at=NOON, run="r1")
    make_snapshot(release, "after", at=NOON + minutes(10), requests=requests_of(ms=249))
    return release


def test_a_met_trigger_is_told_with_its_numbers_while_the_release_is_live() -> None:
    release = a_regression()

    assert len(page_of(release).triggers_met) == 1
    assert "the plan says to go back above 230 ms" in page_of(release).triggers_met[0]

    make_deployment(release.service, "1.0", at=NOON + minutes(30))
    assert page_of(release).triggers_met == ()
    assert page_of(release).measured[0].triggers_met != ()


def test_the_commands_are_finished_for_where_the_release_is_live() -> None:
    release = a_regression()

    commands = [step.command.command for step in page_of(release).plan.steps if step.command]

    assert commands[0] == "make deploy SERVICE=checkout-api ENVIRONMENT=production VERSION=1.0"


def test_a_release_that_is_live_nowhere_shows_its_plan_as_templates() -> None:
    service = make_service()
    release = make_release(service)
    make_plan(service)

    card = page_of(release).plan

    assert card.way is None
    assert card.is_inherited
    assert card.steps[0].command is not None
    assert "{target_version}" in card.steps[0].command.command


def test_a_rollback_stands_beside_its_rehearsal() -> None:
    release = a_regression()
    make_deployment(release.service, "1.0", kind="started", at=NOON + minutes(20), run="back")
    make_deployment(release.service, "1.0", at=NOON + minutes(22), run="back")

    page = page_of(release)

    left = page.attempts[0]
    assert left.leaves
    assert (left.seconds, left.rehearsed_seconds) == (120, 108)
    assert page.state == "rolled_back"
    assert page.moments[0].words == "rolled back in production, to 1.0"


def test_a_deployment_that_never_ended_is_lost_after_an_hour() -> None:
    service = make_service()
    release = make_release(service)
    make_deployment(service, kind="started", at=NOON - minutes(5))

    attempt = page_of(release).attempts[0]

    assert attempt.status == "lost"


def test_one_measured_side_shows_its_numbers_and_the_command_for_the_other() -> None:
    release = make_release(make_service(), route="GET /basket/{id}")
    command = "releasedesk measure https://shop.example/basket/1 --phase before --version 1.0"
    make_snapshot(release, "before", at=NOON, command=command)

    (card,) = page_of(release).measured

    assert card.verdict == "not_measured"
    assert {line.after for line in card.lines} == {""}
    assert "p95" in card.lines[1].label
    assert card.lines[1].before.endswith(" ms")
    (missing,) = card.missing
    assert missing.command == command.replace("--phase before", "--phase after")


def test_where_nothing_was_measured_both_commands_are_shown_and_safe_to_paste() -> None:
    service = make_service(health_url="https://shop.example/health")
    release = make_release(service, route="POST /basket; rm -rf $HOME")

    (card,) = page_of(release).measured

    assert [side.phase for side in card.missing] == ["before", "after"]
    assert "'https://shop.example/basket; rm -rf $HOME'" in card.missing[0].command
    assert card.missing[0].command.endswith("--route 'POST /basket; rm -rf $HOME' --method POST")


def test_numbers_from_staging_alone_do_not_hide_that_production_was_not_measured() -> None:
    release = make_release(make_service(), route="GET /basket/{id}")
    make_snapshot(release, "before", at=NOON, environment="staging")

    assert [card.environment.name for card in page_of(release).measured] == ["production", "staging"]


def test_the_stages_say_what_was_skipped_and_what_is_next() -> None:
    service = make_service()
    release = make_release(service, title="in a hurry")
    make_deployment(service, at=NOON)

    found = {stage.name: stage.progress for stage in page_of(release).stages}

    assert found == {
        "Planned": "done",
        "Rehearsed": "missed",
        "Shipped": "done",
        "Measured": "now",
        "Noted": "to_come",
    }


def test_a_draft_is_seen_by_the_team_and_by_nobody_else(alice: User, charlie: User) -> None:
    release = a_regression()
    make_note(release, now=NOON + minutes(15), reason="only for us", draft=True)

    assert page_of(release, alice).note.note is not None
    assert page_of(release, charlie).note.note is None
    assert "note begun" not in {moment.words for moment in page_of(release, charlie).moments}


def test_the_timeline_runs_backwards_and_names_who() -> None:
    moments = page_of(a_regression()).moments

    assert [moment.at for moment in moments] == sorted((moment.at for moment in moments), reverse=True)
    assert [moment.words for moment in moments][:3] == [
        "judged in production: suspect",
        "measured after in production",
        "live in production",
    ]
    assert moments[2].who == "desk"


def happened(release: Release, number: int) -> None:
    """One more of everything that can happen to a release, a route of its own among it."""
    at, route = NOON + minutes(20 + 20 * number), f"GET /route/{number}"
    for phase, when in (("before", NOON - minutes(30)), ("after", at)):
        make_snapshot(release, phase, at=when, route=route, requests=requests_of(ms=249))
    make_plan(release.service, release, data_note=f"as it was {number}")
    make_rehearsal(release, finished_at=at)
    body = LockBody.read({"service": release.service.slug, "reason": f"because {number}"})
    lock(DESK, lock_request(DESK, body), now=NOON)
    make_deployment(release.service, "1.0", at=at + minutes(1))  # a rollback
    make_deployment(release.service, "1.1", at=at + minutes(2))
    Change.objects.create(release=release, sha=f"{number:040x}", committed_at=at)


def test_the_number_of_queries_does_not_grow_with_what_happened(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    release = a_regression()
    for upto in (1, 10):
        for number in range(0 if upto == 1 else 1, upto):
            happened(release, number)
        with django_assert_num_queries(14):
            page_of(release)


def test_a_release_that_is_only_planned_costs_less(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    release = make_release(make_service(), "1.0")
    with django_assert_num_queries(5):
        page_of(release)
