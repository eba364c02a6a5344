"""Going back for real: rehearsed by command, then through the page in a browser and from the terminal.

Both times the clock runs against the rehearsal.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect

from tests.end_to_end.desk import Desk
from tests.end_to_end.processes import run
from tests.end_to_end.routine import way_back
from tests.end_to_end.shop import Shop

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

AT_MOST = 1.5  # times what was rehearsed
WAY_BACK: dict[str, Any] = {
    "owner": "alice",
    "data": "stays",
    "data_note": "All versions read the same tables.",
    "triggers": [{"metric": "response_ms_p95", "above": 200, "for_minutes": 5}],
    "steps": [
        {"instruction": "Let the baskets under way finish.", "command": "sleep 10"},
        {"instruction": "Deploy the release before.", "command": "./deploy {environment} {target_version}"},
        {"instruction": "Ask it for its version.", "command": "./healthy {environment} {target_version}"},
    ],
}
AGREED = ("--yes", "--plan-version=1")


def its_way_back_is_rehearsed_on_staging(desk: Desk, shop: Shop) -> float:
    """Carry the plan out there, with the command. Returns the seconds that the desk keeps of it."""
    shop.sh("./deploy staging v2")
    way = way_back(desk, "staging")
    assert (way["live"]["version"], way["target"]["version"]) == ("v2", "v1")
    releasedesk(shop, "rehearse", "basket", "v2", *AGREED)
    assert shop.version_in("staging") == "v1"
    return float(way_back(desk, "staging")["rehearsed_seconds"])


def we_go_back_through_the_page(desk: Desk, shop: Shop, chromium: Browser, who: tuple[str, str]) -> None:
    """From the board with one key to the first command; each is pasted into a terminal and ticked."""
    page = signed_in(chromium, desk, *who)
    page.locator("#board [data-key=r]").first.click()
    commands = page.locator("pre.command").all_inner_texts()
    assert commands == printed(shop)
    page.get_by_label("Why").fill("Baskets are slow.")
    page.get_by_role("button", name="Start the rollback").click()
    for number in range(1, len(WAY_BACK["steps"]) + 1):
        shop.sh(page.locator(f"#step-{number} pre.command").inner_text())
        page.locator(f"#tick-{number}").click()
        expect(page.locator(f"#step-{number}")).to_contain_text(who[0])
    expect(page.get_by_role("heading", name="Went back to")).to_be_visible()
    assert "Rollbacks here" in page.locator("main").inner_text()
    page.context.close()
    told = it_took_little_more_than_rehearsed(desk, shop, "v3")
    assert all(step["done_by"] == who[0] for step in told["steps"])


def printed(shop: Shop) -> list[str]:
    """The commands of the same way back as a terminal gets it, which says why at its head."""
    shop.sh(
        'curl --silent --fail --header "Authorization: Bearer $RELEASEDESK_TOKEN" --output way-back.txt '
        '"$RELEASEDESK_URL/services/basket/rollback/production.txt"'
    )
    text = (shop.at / "way-back.txt").read_text()
    assert "YOUR OWN TRIGGER IS MET" in text
    assert all(len(line) <= 80 for line in text.splitlines() if not line.startswith("    $ "))
    commands: list[str] = re.findall(r"^    \$ (.+)$", text, re.MULTILINE)
    assert "./deploy production v2" in commands
    return commands


def we_go_back_from_the_terminal(desk: Desk, shop: Shop) -> None:
    """The same with one command, which shows and tells the desk each step."""
    why = "--reason=It was only lucky."
    releasedesk(shop, "rollback", "basket", "--environment=production", "--run", why, *AGREED)
    told = it_took_little_more_than_rehearsed(desk, shop, "v4")
    assert [step["exit_code"] for step in told["steps"]] == [0, 0, 0]


def it_took_little_more_than_rehearsed(desk: Desk, shop: Shop, left: str) -> dict[str, Any]:
    """The last run went back to v2, within half as much again as was rehearsed. Returns it."""
    assert shop.version_in("production") == "v2"
    told: dict[str, Any] = way_back(desk, "production")["run"]
    assert (told["outcome"], told["from"], told["to"]) == ("done", left, "v2")
    rehearsed = told["rehearsed_seconds"]
    assert told["seconds"] <= AT_MOST * rehearsed, f"{told['seconds']:.1f} s, rehearsed in {rehearsed:.1f} s"
    return told


def releasedesk(shop: Shop, *arguments: str) -> None:
    """Run the command where the team's commands are. A plan's commands do not get the desk's token."""
    (shop.at / "pipeline.env").write_text(f"RELEASEDESK_TOKEN={shop.environment['RELEASEDESK_TOKEN']}\n")
    environment = {**shop.environment, "XDG_STATE_HOME": str(shop.at / "var" / "state")}
    run([sys.executable, "-m", "releasedesk.cli", *arguments], environment=environment, at=shop.at)


def signed_in(chromium: Browser, desk: Desk, name: str, password: str) -> Page:
    """Somebody's window on the board."""
    page = chromium.new_context(base_url=desk.url).new_page()
    page.goto("/accounts/login/")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{desk.url}/")
    return page
