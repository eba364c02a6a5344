"""A lead who reads, an engineer who writes, somebody woken at night: with JavaScript, and once without."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from releasedesk.measurements.models import Snapshot
from releasedesk.releases.models import Lock, Release
from releasedesk.rollbacks.models import Plan
from tests.builders import (
    make_deployment,
    make_plan,
    make_rehearsal,
    make_release,
    make_service,
    make_snapshot,
    make_team,
    minutes,
    requests_of,
)

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from releasedesk.accounts.models import User
    from tests.browser.windows import Windows

BACK = "Deploy the version before; no migration."
pytestmark = [
    pytest.mark.browser,
    pytest.mark.usefixtures("committed"),
    pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"]),
]


@pytest.fixture
def suspect(alice: User, bob: User, charlie: User) -> Release:
    """2.0 of checkout-api regressed in production half an hour ago; its way back to 1.0 is rehearsed.

    Charlie's team has a service of its own, which nobody may go back with.
    """
    now = timezone.now()
    service = make_service(owner="bob")
    make_release(service, "1.0", now=now - minutes(300))
    make_deployment(service, "1.0", "staging", at=now - minutes(260))
    make_deployment(service, "1.0", at=now - minutes(240))
    planned: dict[str, Any] = {"title": "cache the total", "owner": "bob", "rollback_note": BACK}
    release = make_release(service, "2.0", now=now - minutes(120), **planned)
    make_plan(service, release, now=now - minutes(110))
    make_deployment(service, "2.0", "staging", at=now - minutes(100))
    make_rehearsal(release, finished_at=now - minutes(90))
    make_snapshot(release, at=now - minutes(40))
    make_deployment(service, "2.0", at=now - minutes(30))
    make_snapshot(release, "after", at=now - minutes(20), requests=requests_of(ms=260))
    indexer = make_service("indexer", make_team("search"))
    make_deployment(indexer, "7.1", at=now - minutes(10))
    return release


def test_the_lead_reads_the_board_and_clears_what_needs_her(
    windows: Windows, suspect: Release, alice: User, javascript: bool
) -> None:
    page = windows.open(alice, javascript=javascript)
    page.goto("/")
    board = page.locator("#board")
    expect(board.get_by_role("link", name="checkout-api", exact=True)).to_be_visible()
    expect(board.get_by_role("link", name="indexer", exact=True)).to_be_visible()

    page.locator("select[name=team]").select_option("payments")
    page.get_by_role("button", name="Show").click()
    expect(page).to_have_url(re.compile("team=payments"))
    expect(board.get_by_role("link", name="indexer", exact=True)).to_have_count(0)

    page.locator("#needs").get_by_role("link", name=re.compile("checkout-api")).first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("2.0")
    expect(page.get_by_role("main")).to_contain_text("regressed")
    expect(page.get_by_text("Your own trigger is met.")).to_be_visible()

    page.goto("/services/indexer/")
    expect(page.locator(".reasons")).to_contain_text("plan")
    expect(page.get_by_role("link", name="Plan a release")).to_have_count(0)


def test_the_lead_stops_shipping_and_lets_it_go_on(
    windows: Windows, suspect: Release, alice: User, javascript: bool
) -> None:
    page = windows.open(alice, javascript=javascript)
    page.goto("/locks/")
    page.get_by_label("Service", exact=True).select_option("checkout-api")
    page.get_by_label("Why").fill("We look for the slow query first.")
    page.get_by_role("button", name="Lock", exact=True).click()
    holds = page.get_by_role("region", name="Locks that hold")
    expect(holds).to_contain_text("We look for the slow query first.")
    page.get_by_role("button", name="End this lock").click()
    expect(holds).to_contain_text("Nothing is locked.")
    assert Lock.objects.get().released_by == "alice"


def test_the_lead_gives_a_pipeline_its_token_once(
    windows: Windows, suspect: Release, alice: User, javascript: bool
) -> None:
    page = windows.open(alice, javascript=javascript)
    page.goto("/teams/payments/")
    page.get_by_role("region", name="Tokens").get_by_label("Name").fill("CI of checkout")
    page.get_by_role("button", name="Issue the token").click()
    shown = page.get_by_text(re.compile(r"^rdk_\w+")).first
    expect(shown).to_be_visible()
    secret = shown.inner_text().strip()
    page.get_by_role("link", name="Back to Payments").click()
    expect(page.get_by_role("region", name="Tokens")).to_contain_text("CI of checkout")
    assert secret not in page.content()


def test_the_engineer_plans_measures_and_notes_a_release(
    windows: Windows, suspect: Release, bob: User, javascript: bool
) -> None:
    page = windows.open(bob, javascript=javascript)
    page.goto("/services/checkout-api/")
    page.get_by_role("link", name="Plan a release").click()
    plan(page)
    write_the_way_back(page)
    measure(page)
    write_the_note(page)
    page.get_by_role("searchbox", name="Search services, versions and notes").fill("hedgehog")
    page.keyboard.press("Enter")
    expect(page.get_by_role("main").get_by_role("link", name=re.compile("checkout-api"))).to_be_visible()
    expect(page.locator("mark")).to_have_text("hedgehog")


def plan(page: Page) -> None:
    page.get_by_label("Version", exact=True).fill("3.0")
    page.get_by_label("Title").fill("one query for the basket")
    page.get_by_role("button", name="Use the values of").click()
    expect(page.get_by_label("How do we go back?")).to_have_value(BACK)
    expect(page.get_by_label("Title")).to_have_value("one query for the basket")
    page.get_by_label("Which route, page or command is it about?").fill("GET /basket/{id}")
    page.get_by_label("What is the one thing that changes?").fill("select all prices in one query")
    page.get_by_label("Metric").select_option("response_ms_p95")
    page.get_by_label("Number").fill("120")
    page.get_by_role("button", name="Save the plan").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("3.0 one query for the basket")
    expect(page.get_by_role("region", name="Owner, expected result, rollback note")).to_contain_text("120")


def write_the_way_back(page: Page) -> None:
    page.get_by_role("link", name="Write the rollback plan").first.click()
    page.get_by_label("What to do").fill("Deploy what was live before")
    page.get_by_label("Command").fill("make deploy VERSION={target_version}")
    page.get_by_role("button", name="Add a step").click()
    page.get_by_label("What to do").nth(1).fill("Watch p95 for five minutes")
    page.get_by_role("button", name="Save the rollback plan").click()
    expect(page.locator("#rollback-plan")).to_contain_text("Watch p95 for five minutes")
    newest = Plan.objects.order_by("-pk")[0]
    assert [step.instruction for step in newest.steps.all()] == [
        "Deploy what was live before",
        "Watch p95 for five minutes",
    ]


def measure(page: Page) -> None:
    now = timezone.now().replace(second=0, microsecond=0)
    page.get_by_role("link", name="Record a measurement").first.click()
    for side, at, p95 in (("Before", now - minutes(60), 190), ("After", now - minutes(10), 110)):
        group = page.get_by_role("group", name=side, exact=True)
        group.get_by_label("From").fill(f"{at:%Y-%m-%dT%H:%M}")
        group.get_by_label("Until").fill(f"{at + minutes(2):%Y-%m-%dT%H:%M}")
        group.get_by_label("Cache at the start").select_option("cold")
        group.get_by_label("Requests", exact=True).fill("2000")
        group.get_by_label("Errors").fill("0")
        group.get_by_label("p95").fill(str(p95))
    page.get_by_role("button", name="Save and compare").click()
    card = page.locator(".card", has=page.get_by_role("heading", name=re.compile("^Before and after")))
    expect(card).to_contain_text("190 ms")
    expect(card).to_contain_text("110 ms")
    expect(card).to_contain_text("improved")
    assert Snapshot.objects.filter(release__version="3.0").count() == 2


def write_the_note(page: Page) -> None:
    page.get_by_role("link", name=re.compile("the note|a note")).first.click()
    page.get_by_label("Why was it done?").fill("The basket was slow.")
    page.get_by_label("What surprised us?").fill("A **hedgehog** slept in the cache.")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_role("status").filter(has_text=re.compile("saved", re.IGNORECASE))).to_be_visible()
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#preview strong")).to_have_text("hedgehog")
    page.get_by_role("button", name="Finish the note").click()
    expect(page.get_by_text("finished", exact=True)).to_be_visible()


def test_who_is_woken_at_night_is_one_click_from_the_way_back(
    windows: Windows, suspect: Release, bob: User, javascript: bool
) -> None:
    page = windows.open(bob, javascript=javascript)
    page.goto("/")
    link = page.locator("#board tr", has_text="checkout-api").get_by_role("link", name="Roll back")
    link.click()
    page.wait_for_url("**/rollback/production**")
    text = page.locator("body")
    expect(text).to_contain_text("2.0")
    expect(text).to_contain_text("make deploy SERVICE=checkout-api ENVIRONMENT=production VERSION=1.0")
    expect(text).to_contain_text("curl -fsS https://checkout-api.example/health")
