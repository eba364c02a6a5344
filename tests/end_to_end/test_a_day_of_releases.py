"""A day of releases, and nothing in it is mocked: gunicorn, PostgreSQL, uvicorn, git, curl and our command.

Read it from `test_a_day_of_releases` down: it is the story that ReleaseDesk is for, step by step.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.desk import Desk, running_desk
from tests.end_to_end.shop import Shop, open_shop

pytestmark = pytest.mark.end_to_end

BASKET = "/api/v1/services/basket"
ROUTE = "GET /basket/{id}"
REQUESTS = 800  # with fewer, no errors at all could still be an error rate above the limit of half a percent
CHECKS = ("lint", "unit_tests", "integration", "staging_config", "tag")
PASSWORD = "correct-horse-battery"
WAY_BACK: dict[str, Any] = {
    "owner": "alice",
    "data": "stays",
    "data_note": "All versions read the same tables.",
    "triggers": [{"metric": "response_ms_p95", "above": 60, "for_minutes": 5}],
    "steps": [
        {"instruction": "Deploy the release before.", "command": "./deploy {environment} {target_version}"},
        {"instruction": "Ask it for its version.", "command": "./healthy {environment} {target_version}"},
    ],
}


@pytest.fixture
def desk() -> Iterator[Desk]:
    with running_desk() as desk:
        yield desk


@pytest.fixture
def shop(desk: Desk, tmp_path: Path) -> Iterator[Shop]:
    with open_shop(tmp_path / "basket", desk.as_ci) as shop:
        yield shop


def test_a_day_of_releases(desk: Desk, shop: Shop) -> None:
    v1_is_live(desk, shop)
    alice_takes_it_over(desk)

    v2_is_planned(desk)
    its_checks_are_reported(desk)
    rehearsed = its_way_back_is_rehearsed_on_staging(desk, shop)
    measure(desk, shop, "before", "v2")
    ship(shop, "v2")
    measure(desk, shop, "after", "v2", answer=VERIFIED)
    v2_is_verified(desk)
    we_can_go_back_to_v1(desk, rehearsed)
    its_note_is_finished(desk)

    plan(desk, "v3", "Show a partner's offer", "Every third basket asks for one.", "p95 stays under 60 ms.")
    measure(desk, shop, "before", "v3")
    ship(shop, "v3")
    measure(desk, shop, "after", "v3", answer=SUSPECT)
    v3_is_suspect_and_meets_its_own_trigger(desk)
    we_go_back_by_the_commands_as_they_are_printed(desk, shop)
    v2_is_live_again_and_v3_is_marked(desk, rehearsed)

    plan(desk, "v4", "Warm the cache", "700 of 800 baskets are read at the start.", "Baskets are faster.")
    measure(desk, shop, "before", "v4", cold=False)
    ship(shop, "v4")
    measure(desk, shop, "after", "v4", cold=False, answer=UNDECIDED)
    v4_was_only_lucky(desk)


# -- The steps, in their order -------------------------------------------------------------------------------


def v1_is_live(desk: Desk, shop: Shop) -> None:
    ship(shop, "v1")
    (deployed,) = in_production(desk, "v1")
    assert (deployed["status"], deployed["mode"]) == ("succeeded", "forward")
    assert deployed["command"] == "./deploy production v1"
    assert way_back(desk, "production")["live"]["version"] == "v1"


def alice_takes_it_over(desk: Desk) -> None:
    """The first event has registered the service, but nobody owns it and nobody can go back."""
    desk.register("alice", PASSWORD)
    # 800 requests say little about the slowest eight of them on a machine that does other things too.
    policies = [
        {"metric": "response_ms_p95", "allowed": 0.25},
        {"metric": "response_ms_p99", "muted": True},
    ]
    mine = {"name": "Basket", "team": "shop", "owner": "alice", "metric_policies": policies}
    assert desk.put(f"{BASKET}", mine, expect=200)["owner"] == "alice"
    assert desk.put(f"{BASKET}/rollback-plan", WAY_BACK)["plan_version"] == 1


def v2_is_planned(desk: Desk) -> None:
    planned = plan(
        desk,
        "v2",
        "Read the prices of a basket with one query",
        "One join instead of a query for each line.",
        "1 database call instead of 31, and p95 falls by half.",
    )
    assert (planned["state"], planned["verdict"]) == ("planned", "not_measured")
    inherited = desk.get(f"{BASKET}/releases/v2/rollback-plan")
    assert [step["command"] for step in inherited["steps"]] == [step["command"] for step in WAY_BACK["steps"]]


def its_checks_are_reported(desk: Desk) -> None:
    for key in CHECKS:
        told = {"service": "basket", "version": "v2", "key": key, "outcome": "passed", "occurred_at": now()}
        event = {"id": f"v2-{key}", "type": "check.finished", **told}
        assert desk.post("/api/v1/events", event)["outcome"] == "applied"
        assert desk.ask("POST", "/api/v1/events", event).headers["Idempotent-Replayed"] == "true"


def its_way_back_is_rehearsed_on_staging(desk: Desk, shop: Shop) -> float:
    """Carry out the commands that the desk gives for staging, and report what each took. Returns seconds."""
    shop.sh("./deploy staging v2")
    way = way_back(desk, "staging")
    assert (way["live"]["version"], way["target"]["version"]) == ("v2", "v1")
    began = now()
    steps = [timed(shop, step["command"]) for step in way["steps"]]
    took = {"environment": "staging", "started_at": began, "finished_at": now(), "outcome": "succeeded"}
    said = {**took, "steps": steps, "plan_version": way["plan_version"]}
    assert shop.version_in("staging") == "v1"
    rehearsal = desk.post(f"{BASKET}/releases/v2/rehearsals", said)
    assert rehearsal["steps"] == steps
    return float(rehearsal["seconds"])


def v2_is_verified(desk: Desk) -> None:
    compared = comparison(desk, "v2")
    assert compared["verdict"] == "verified"
    assert "DB calls per request fell from 31 to 1" in compared["sentence"]
    assert "nothing got worse" in compared["sentence"]
    calls = metric(compared, "db_calls")
    assert (calls["before"], calls["after"], calls["verdict"]) == (31, 1, "improved")
    assert metric(compared, "response_ms_p95")["verdict"] == "improved"
    assert metric(compared, "error_rate")["verdict"] == "unchanged"
    assert (compared["warnings"], compared["triggers_met"]) == ([], [])
    assert desk.get(f"{BASKET}/releases/v2")["state"] == "verified"


def we_can_go_back_to_v1(desk: Desk, rehearsed: float) -> None:
    way = way_back(desk, "production")
    assert (way["ready"], way["reasons"]) == (True, [])
    assert (way["live"]["version"], way["target"]["version"]) == ("v2", "v1")
    assert way["rehearsed_seconds"] == rehearsed


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


def v3_is_suspect_and_meets_its_own_trigger(desk: Desk) -> None:
    compared = comparison(desk, "v3")
    assert compared["verdict"] == "suspect"
    assert compared["sentence"].startswith("p95 rose from ")
    assert metric(compared, "response_ms_p95")["verdict"] == "regressed"
    (met,) = compared["triggers_met"]
    assert met.endswith("the plan says to go back above 60 ms.")
    way = way_back(desk, "production")
    assert way["ready"]
    assert way["triggers_met"] == [met]
    assert (way["live"]["version"], way["live"]["verdict"]) == ("v3", "suspect")
    assert (way["target"]["version"], way["target"]["verdict"]) == ("v2", "verified")


def we_go_back_by_the_commands_as_they_are_printed(desk: Desk, shop: Shop) -> None:
    shop.sh(
        'curl --silent --fail --header "Authorization: Bearer $RELEASEDESK_TOKEN" --output way-back.txt '
        '"$RELEASEDESK_URL/services/basket/rollback/production.txt"'
    )
    printed = (shop.at / "way-back.txt").read_text()
    assert "YOUR OWN TRIGGER IS MET" in printed
    assert "    $ ./deploy production v2\n" in printed
    assert all(len(line) <= 80 for line in printed.splitlines() if not line.startswith("    $ "))
    shop.sh(r"sed -n 's/^    \$ //p' way-back.txt | sh -e")
    assert shop.version_in("production") == "v2"


def v2_is_live_again_and_v3_is_marked(desk: Desk, rehearsed: float) -> None:
    way = way_back(desk, "production")
    assert (way["live"]["version"], way["target"]["version"]) == ("v2", "v1")
    back, there = in_production(desk, "v2")
    assert (back["mode"], back["replaced"], there["mode"]) == ("rollback", "v3", "forward")
    assert 0 < back["seconds"] < 60
    assert back["rehearsed_seconds"] == rehearsed
    assert desk.get(f"{BASKET}/releases/v3")["state"] == "rolled_back"
    assert desk.get(f"{BASKET}/releases/v2")["state"] == "verified"


def v4_was_only_lucky(desk: Desk) -> None:
    compared = comparison(desk, "v4")
    assert compared["verdict"] == "inconclusive"
    lucky = "The gain is cache hits (0 % → 88 %), not the change: on misses alone "
    assert compared["sentence"].startswith(lucky)
    calls = metric(compared, "db_calls")
    assert (calls["before"], calls["after"]) == (1, 0.125)
    assert (calls["verdict"], calls["reason"]) == ("inconclusive", "cache_hits")
    assert desk.get(f"{BASKET}/releases/v4")["state"] == "inconclusive"


# -- What is done more than once -----------------------------------------------------------------------------

VERIFIED = (0, "verified")
SUSPECT = (1, "suspect")
UNDECIDED = (2, "inconclusive")
TAKEN = (0, "")


def plan(desk: Desk, version: str, title: str, change: str, expected_result: str) -> dict[str, Any]:
    body = {"title": title, "change": change, "expected_result": expected_result, "route": ROUTE}
    planned: dict[str, Any] = desk.put(f"{BASKET}/releases/{version}", {**body, "owner": "alice"})
    return planned


def ship(shop: Shop, version: str) -> None:
    """Staging first, by the very same command."""
    shop.sh(f"./deploy staging {version}\n./deploy production {version}")
    assert shop.version_in("production") == version


def timed(shop: Shop, command: str) -> dict[str, Any]:
    """Carry out one step and tell it as a rehearsal does."""
    began = time.monotonic()
    done = shop.sh(command)
    took = round(time.monotonic() - began, 3)
    return {"exit_code": done.returncode, "seconds": took, "output_tail": done.stdout}


def measure(
    desk: Desk,
    shop: Shop,
    phase: str,
    version: str,
    *,
    cold: bool = True,
    answer: tuple[int, str] = TAKEN,
) -> None:
    """Measure production with the command, and hold its exit code and its words to `answer`.

    `cold` is how it is done: only the cache that matters is cleared, and it is said that it was.
    """
    options = ["--phase", phase, "--version", version, "--service", "basket", "--environment", "production"]
    if cold:
        shop.clear_cache("production")
        options += ["--cache-state", "cold", "--cache-cleared", "basket"]
    if phase == "after":
        options.append("--fail-on-suspect")
    url = f"{shop.url('production')}/basket/[1-{REQUESTS}]"
    code, verdict = answer
    done = desk.command(
        "measure", url, "--route", ROUTE, "--requests", str(REQUESTS), *options, codes=range(3)
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert verdict in done.stdout


def comparison(desk: Desk, version: str) -> dict[str, Any]:
    path = f"{BASKET}/releases/{version}/comparison"
    compared: dict[str, Any] = desk.get(f"{path}?environment=production&route={ROUTE}")
    return compared


def metric(compared: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = (row for row in compared["metrics"] if row["metric"] == name)
    return dict(found)


def way_back(desk: Desk, environment: str) -> dict[str, Any]:
    answer: dict[str, Any] = desk.get(f"{BASKET}/rollback?environment={environment}")
    return answer


def in_production(desk: Desk, version: str) -> list[dict[str, Any]]:
    """The deployments of a release to production, the newest first."""
    deployments = desk.get(f"{BASKET}/releases/{version}")["deployments"]
    return [row for row in deployments if row["environment"] == "production"]


def now() -> str:
    return datetime.now(UTC).isoformat()
