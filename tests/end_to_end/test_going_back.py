"""Going back for real: the sample service, gunicorn, a browser, and the clock against the rehearsal."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.end_to_end.desk import Desk, running_desk
from tests.end_to_end.processes import run
from tests.end_to_end.routine import BASKET, now, ship, timed, way_back
from tests.end_to_end.shop import Shop, open_shop

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.end_to_end
PASSWORD = "correct-horse-battery"
AT_MOST = 1.5  # times what was rehearsed
PLAN: dict[str, Any] = {
    "owner": "alice",
    "data": "stays",
    "triggers": [{"metric": "response_ms_p95", "above": 60}],
    "steps": [
        {"instruction": "Let the baskets under way finish.", "command": "sleep 6"},
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


@pytest.mark.browser
def test_back_through_the_page_within_half_as_much_again_as_was_rehearsed(
    desk: Desk, shop: Shop, chromium: Browser
) -> None:
    ship(shop, "v1")
    desk.register("alice", PASSWORD)
    desk.put(BASKET, {"name": "Basket", "team": "shop", "owner": "alice"}, expect=200)
    desk.put(f"{BASKET}/rollback-plan", PLAN)
    ship(shop, "v2")
    rehearsed = rehearse(desk, shop)
    assert way_back(desk, "production")["ready"]

    page = signed_in(chromium, desk)
    page.locator("#board [data-key=r]").first.click()
    page.get_by_label("Why").fill("Baskets are empty.")
    page.get_by_role("button", name="Start the rollback").click()
    began = time.monotonic()
    for number in range(1, len(PLAN["steps"]) + 1):
        shop.sh(page.locator(f"#step-{number} pre.command").inner_text())
        page.locator(f"#tick-{number}").click()
        expect(page.locator(f"#step-{number}")).to_contain_text("alice")
    took = time.monotonic() - began

    assert shop.version_in("production") == "v1"
    expect(page.get_by_role("heading", name="Went back to")).to_be_visible()
    told = way_back(desk, "production")["run"]
    assert (told["outcome"], told["from"], told["to"]) == ("done", "v2", "v1")
    assert all(step["done_by"] == "alice" for step in told["steps"])
    assert told["rehearsed_seconds"] == rehearsed
    assert told["seconds"] <= AT_MOST * rehearsed, f"{told['seconds']:.1f} s, rehearsed in {rehearsed:.1f} s"
    assert took <= AT_MOST * rehearsed
    assert "Rollbacks here" in page.locator("main").inner_text()
    page.context.close()


def test_back_from_the_terminal_within_half_as_much_again_as_was_rehearsed(
    desk: Desk, shop: Shop, tmp_path: Path
) -> None:
    ship(shop, "v1")
    # The commands of a plan do not get the desk's token: a deployment that reports brings its own.
    (shop.at / "pipeline.env").write_text(f"export RELEASEDESK_TOKEN={desk.token}\n")
    deploy = ". ./pipeline.env; ./deploy {environment} {target_version}"
    steps = [PLAN["steps"][0], {**PLAN["steps"][1], "command": deploy}, PLAN["steps"][2]]
    desk.put(f"{BASKET}/rollback-plan", {**PLAN, "owner": None, "steps": steps})
    ship(shop, "v2")
    environment = {**shop.environment, "XDG_STATE_HOME": str(tmp_path / "state")}
    command = [sys.executable, "-m", "releasedesk.cli"]
    agreed = ["--yes", "--plan-version=1"]

    run([*command, "rehearse", "basket", "v2", *agreed], environment=environment, at=shop.at)
    rehearsed = way_back(desk, "production")["rehearsed_seconds"]
    assert shop.version_in("staging") == "v1"
    back = ["rollback", "basket", "--environment=production", "--run", "--reason=Baskets are empty."]
    run([*command, *back, *agreed], environment=environment, at=shop.at)

    assert shop.version_in("production") == "v1"
    told = way_back(desk, "production")["run"]
    assert (told["outcome"], told["from"], told["to"]) == ("done", "v2", "v1")
    assert [step["exit_code"] for step in told["steps"]] == [0, 0, 0]
    assert told["seconds"] <= AT_MOST * rehearsed, f"{told['seconds']:.1f} s, rehearsed in {rehearsed:.1f} s"


def rehearse(desk: Desk, shop: Shop) -> float:
    """Carry the plan out on staging, by the commands the desk gives, and report it. Returns seconds."""
    way, began = way_back(desk, "staging"), now()
    steps = [timed(shop, step["command"]) for step in way["steps"]]
    said: dict[str, Any] = {
        "environment": "staging",
        "started_at": began,
        "finished_at": now(),
        "outcome": "succeeded",
    }
    said |= {"steps": steps, "plan_version": way["plan_version"]}
    return float(desk.post(f"{BASKET}/releases/v2/rehearsals", said)["seconds"])


def signed_in(chromium: Browser, desk: Desk) -> Page:
    """alice's window on the board."""
    page = chromium.new_context(base_url=desk.url).new_page()
    page.goto("/accounts/login/")
    page.get_by_label("Name").fill("alice")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{desk.url}/")
    return page
