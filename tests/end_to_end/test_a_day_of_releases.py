"""A day of releases, and nothing in it is mocked: gunicorn, PostgreSQL, Chromium, git, curl, our command.

Read it from `test_a_day_of_releases` down: it is the story that ReleaseDesk is for, step by step.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.desk import Desk, running_desk
from tests.end_to_end.gates import (
    the_gate_stops_a_release_once_for_each_reason,
    what_shipped_is_linked_to_its_answer_or_marked,
)
from tests.end_to_end.reader import Reader
from tests.end_to_end.routine import (
    BASKET,
    SUSPECT,
    UNDECIDED,
    VERIFIED,
    comparison,
    in_production,
    measure,
    metric,
    now,
    plan,
    ship,
    state,
    way_back,
)
from tests.end_to_end.shop import Shop, open_shop
from tests.end_to_end.way_back import (
    WAY_BACK,
    its_way_back_is_rehearsed_on_staging,
    we_go_back_from_the_terminal,
    we_go_back_through_the_page,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.end_to_end, pytest.mark.browser, pytest.mark.long]

PASSWORD = "correct-horse-battery"
CHECKS = ("lint", "unit_tests", "integration", "staging_config", "tag")


@pytest.fixture
def desk() -> Iterator[Desk]:
    with running_desk() as desk:
        yield desk


@pytest.fixture
def shop(desk: Desk, tmp_path: Path) -> Iterator[Shop]:
    with open_shop(tmp_path / "basket", desk.as_ci) as shop:
        yield shop


def test_a_day_of_releases(desk: Desk, shop: Shop, chromium: Browser) -> None:
    v1_is_live(desk, shop)
    alice = alice_takes_the_service_over(desk)

    v2_is_planned(desk)
    its_checks_are_reported(desk)
    rehearsed = its_way_back_is_rehearsed_on_staging(desk, shop)
    measure(desk, shop, "before", "v2")
    ship(shop, "v2")
    measure(desk, shop, "after", "v2", answer=VERIFIED)
    v2_is_verified(desk)
    its_note_is_finished(desk)
    the_board_is_quiet(desk, rehearsed)
    the_page_of_v2_tells_it_all(alice)

    plan(desk, "v3", title="Show a partner's offer", change="Every eighth basket asks the partner for one.")
    measure(desk, shop, "before", "v3")
    ship(shop, "v3")
    measure(desk, shop, "after", "v3", answer=SUSPECT)
    v3_is_suspect_and_meets_its_own_trigger(desk)
    the_board_says_so_first(desk, alice)
    we_go_back_through_the_page(desk, shop, chromium, ("alice", PASSWORD))
    v2_is_live_again_and_v3_is_marked(desk, rehearsed)
    the_recovery_stands_beside_the_rehearsal(alice)

    plan(desk, "v4", title="Warm the cache", change="700 of 800 baskets are read into it at the start.")
    measure(desk, shop, "before", "v4", cold=False)
    ship(shop, "v4")
    measure(desk, shop, "after", "v4", cold=False, answer=UNDECIDED)
    v4_was_only_lucky(desk, alice)
    we_go_back_from_the_terminal(desk, shop)

    the_gate_stops_a_release_once_for_each_reason(desk, alice)
    what_shipped_is_linked_to_its_answer_or_marked(desk, alice)


def v1_is_live(desk: Desk, shop: Shop) -> None:
    """Its own pipeline says so, and that is the first that the desk hears of the service."""
    ship(shop, "v1")
    (deployed,) = in_production(desk, "v1")
    assert (deployed["status"], deployed["mode"]) == ("succeeded", "forward")
    assert deployed["command"] == "./deploy production v1"
    codes = [reason["code"] for reason in way_back(desk, "production")["reasons"]]
    assert codes == ["no_target", "no_plan"]


def alice_takes_the_service_over(desk: Desk) -> Reader:
    desk.register("alice", PASSWORD)
    # 800 requests say little about the slowest eight of them on a machine that does other things too.
    policies = [
        {"metric": "response_ms_p95", "allowed": 0.25},
        {"metric": "response_ms_p99", "muted": True},
    ]
    mine = {"name": "Basket", "team": "shop", "owner": "alice", "metric_policies": policies}
    assert desk.put(BASKET, mine, expect=200)["owner"] == "alice"
    assert desk.put(f"{BASKET}/rollback-plan", WAY_BACK)["plan_version"] == 1
    return Reader(desk.url, "alice", PASSWORD)


def v2_is_planned(desk: Desk) -> None:
    planned = plan(
        desk,
        "v2",
        title="Read the prices of a basket with one query",
        reason="Large baskets are slow in the evening.",
        slow_part="SELECT cents FROM article WHERE id = ?, once for each line",
        users_notice="The basket page stays white for a moment.",
        expected_input="A basket of 30 lines.",
        change="One join instead of a query for each line.",
        expected_result="1 database call instead of 31, and p95 falls by half.",
        rollback_note="v1 reads the same tables.",
    )
    assert (planned["state"], planned["verdict"]) == ("planned", "not_measured")
    inherited = desk.get(f"{BASKET}/releases/v2/rollback-plan")
    assert [step["command"] for step in inherited["steps"]] == [step["command"] for step in WAY_BACK["steps"]]


def its_checks_are_reported(desk: Desk) -> None:
    """CI may say everything twice."""
    for key in CHECKS:
        told = {"service": "basket", "version": "v2", "key": key, "outcome": "passed", "occurred_at": now()}
        event = {"id": f"v2-{key}", "type": "check.finished", **told}
        assert desk.post("/api/v1/events", event)["outcome"] == "applied"
        assert desk.ask("POST", "/api/v1/events", event).headers["Idempotent-Replayed"] == "true"


def v2_is_verified(desk: Desk) -> None:
    compared = comparison(desk, "v2")
    assert compared["verdict"] == state(desk, "v2") == "verified"
    assert "DB calls per request fell from 31 to 1" in compared["sentence"]
    assert "nothing got worse" in compared["sentence"]
    calls = metric(compared, "db_calls")
    assert (calls["before"], calls["after"], calls["verdict"]) == (31, 1, "improved")
    assert metric(compared, "response_ms_p95")["verdict"] == "improved"
    assert metric(compared, "error_rate")["verdict"] == "unchanged"
    assert (compared["warnings"], compared["triggers_met"]) == ([], [])


def its_note_is_finished(desk: Desk) -> None:
    path = f"{BASKET}/releases/v2/note"
    (deployed,) = in_production(desk, "v2")
    note = {
        "reason": "A basket of 30 lines asked for 30 prices, one by one.",
        "files_touched": ["basket/lines.py"],
        "command_used": deployed["command"],
        "metric_improved": comparison(desk, "v2")["sentence"],
    }
    assert desk.put(path, {**note, "draft": True})["finished_at"] is None
    finished = desk.put(path, {**note, "surprise": "The join needed no index."}, expect=200)
    assert finished["finished_at"] is not None
    assert desk.get(path)["metric_improved"] == note["metric_improved"]


def the_board_is_quiet(desk: Desk, rehearsed: float) -> None:
    answer = desk.ask("GET", "/api/v1/board")
    (row,) = answer.json()["rows"]
    live = row["live"]["production"]
    assert (live["version"], live["verdict"], live["state"]) == ("v2", "verified", "verified")
    assert (row["rollback"]["ready"], row["rollback"]["target"]) == (True, "v1")
    assert row["rollback"]["rehearsed_seconds"] == rehearsed
    # Only what nobody wrote about v1, before anybody knew of the desk.
    assert [need["title"] for need in answer.json()["needs"]] == ["basket v1"]
    desk.ask("GET", "/api/v1/board", expect=304, **{"If-None-Match": answer.headers["ETag"]})


def the_page_of_v2_tells_it_all(alice: Reader) -> None:
    page = alice.read("/services/basket/releases/v2/")
    for told in (
        "v2 Read the prices of a basket with one query verified live in production",
        "Owner alice",
        "Expected result 1 database call instead of 31, and p95 falls by half.",
        "DB calls per request fell from 31 to 1",
        "Goes back to v1 in production",
        "./deploy production v1",
        "Release checklist 5 of 5",
        "The join needed no index.",
    ):
        assert told in page
    assert re.search(r"DB calls per request limit \S+ 31 1 ", page)


def v3_is_suspect_and_meets_its_own_trigger(desk: Desk) -> None:
    compared = comparison(desk, "v3")
    assert compared["verdict"] == state(desk, "v3") == "suspect"
    assert compared["sentence"].startswith("p95 rose from ")
    assert metric(compared, "response_ms_p95")["verdict"] == "regressed"
    (met,) = compared["triggers_met"]
    assert met.endswith("the plan says to go back above 200 ms.")
    way = way_back(desk, "production")
    assert way["ready"]
    assert way["triggers_met"] == [met]
    assert (way["live"]["version"], way["live"]["verdict"]) == ("v3", "suspect")
    assert (way["target"]["version"], way["target"]["verdict"]) == ("v2", "verified")


def the_board_says_so_first(desk: Desk, alice: Reader) -> None:
    first, *_ = desk.get("/api/v1/board")["needs"]
    assert (first["kind"], first["title"]) == ("trigger_met", "basket v3")
    assert "trigger met basket v3 p95 is " in alice.read("/")
    assert "Roll back to v2 Your own trigger is met." in alice.read("/services/basket/releases/v3/")


def v2_is_live_again_and_v3_is_marked(desk: Desk, rehearsed: float) -> None:
    way = way_back(desk, "production")
    assert (way["live"]["version"], way["target"]["version"]) == ("v2", "v1")
    back, there = in_production(desk, "v2")
    assert (back["mode"], back["replaced"], there["mode"]) == ("rollback", "v3", "forward")
    assert 0 < back["seconds"] < 60
    assert back["rehearsed_seconds"] == rehearsed
    assert (state(desk, "v2"), state(desk, "v3")) == ("verified", "rolled_back")


def the_recovery_stands_beside_the_rehearsal(alice: Reader) -> None:
    page = alice.read("/services/basket/releases/v3/")
    assert re.search(r"production rolled back to v2 went back in \d+ s; rehearsed \d+ s", page)
    assert re.search(r"rolled back basket v3 Went back to v2 in \d+ s\. Write down why\.", alice.read("/"))


def v4_was_only_lucky(desk: Desk, alice: Reader) -> None:
    compared = comparison(desk, "v4")
    assert compared["verdict"] == state(desk, "v4") == "inconclusive"
    lucky = "The gain is cache hits (0 % → 88 %), not the change: on misses alone "
    assert compared["sentence"].startswith(lucky)
    calls = metric(compared, "db_calls")
    assert (calls["before"], calls["after"]) == (1, 0.125)
    assert (calls["verdict"], calls["reason"]) == ("inconclusive", "cache_hits")
    assert lucky in alice.read("/services/basket/releases/v4/")
