"""Going back at 3 a.m.: one click from the board, several people, a desk that goes away, paper."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from releasedesk.rollbacks.models import Run
from tests.builders import make_deployment, make_plan, make_rehearsal, make_release, make_service, minutes

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

    from releasedesk.accounts.models import User
    from releasedesk.catalog.models import Service
    from tests.browser.windows import Windows

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("committed")]
PAGE = "/services/checkout-api/rollback/production/"


@pytest.fixture
def service() -> Service:
    """1.0, then 2.0 in production, with a rehearsed plan."""
    now, service = timezone.now(), make_service(owner=None)
    make_plan(service, now=now - minutes(900))
    for number, version in enumerate(("0.9", "1.0", "2.0")):
        make_deployment(service, version, at=now - minutes(60 - number))
    make_rehearsal(make_release(service, "2.0"), finished_at=now - minutes(30))
    return service


def steps_done(page: Page, words: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(words)


def test_from_the_board_to_the_first_command_is_one_click_or_one_key(
    windows: Windows, service: Service, bob: User
) -> None:
    page = windows.open(bob)
    for key in (False, True):
        page.goto("/")
        if key:
            page.keyboard.press("r")
        else:
            page.locator("#board tr", has_text="checkout-api").locator("[data-key=r]").click()
        page.wait_for_url(f"**{PAGE}")
        command = page.locator("pre.command").first
        expect(command).to_have_text("make deploy SERVICE=checkout-api ENVIRONMENT=production VERSION=1.0")
        expect(command).to_be_in_viewport()


def test_several_people_see_the_same_state_live(
    windows: Windows, service: Service, alice: User, bob: User
) -> None:
    hers, his = windows.open(alice), windows.open(bob)
    for page in (hers, his):
        page.goto(PAGE)
    his.get_by_label("Why").fill("I am still typing")
    hers.get_by_label("Why").fill("p95 doubled")
    hers.get_by_role("button", name="Start the rollback").click()
    expect(his.get_by_text("alice started this")).to_contain_text("p95 doubled")
    his.get_by_role("button", name="Tick as done step 1").click()
    for page in (hers, his):
        steps_done(page, "1 of 2 steps done")
    expect(hers.locator("#step-1")).to_contain_text("bob")
    first = hers.locator("[data-clock]").inner_text()
    expect(hers.locator("[data-clock]")).not_to_have_text(first)
    make_deployment(service, "1.0", at=timezone.now())  # CI says so
    for page in (hers, his):
        expect(page.get_by_role("heading", name="Went back to")).to_be_visible()
    assert Run.objects.get().outcome == "done"


def test_a_desk_that_goes_away_leaves_the_steps_on_the_page_and_loses_no_tick(
    windows: Windows, service: Service, bob: User
) -> None:
    page = windows.open(bob)
    page.goto(PAGE)
    page.get_by_role("button", name="Start the rollback").click()
    page.get_by_role("button", name="Tick as done step 1").click()
    steps_done(page, "1 of 2 steps done")

    def away(route: Route) -> None:
        route.fulfill(status=503, body="The database is away.")

    page.route(f"**{PAGE}", away)
    expect(page.locator("#away")).to_be_visible()
    page.get_by_role("button", name="Tick as done step 2").click()
    expect(page.locator("#away")).to_be_visible()
    expect(page.locator("#step-2 pre")).to_contain_text("curl -fsS https://checkout-api.example/health")
    page.unroute(f"**{PAGE}", away)
    expect(page.locator("#away")).to_be_hidden()
    steps_done(page, "1 of 2 steps done")
    windows.complaints.clear()  # Chromium complains of each 503, which were meant


def test_it_works_without_javascript(windows: Windows, service: Service, bob: User) -> None:
    page = windows.open(bob, javascript=False)
    page.goto(PAGE)
    page.get_by_label("Why").fill("p95 doubled")
    page.get_by_role("button", name="Start the rollback").click()
    page.get_by_role("button", name="Tick as done step 1").click()
    steps_done(page, "1 of 2 steps done")
    expect(page.get_by_role("link", name="Reload to see what others do")).to_be_visible()
    page.get_by_label("How it ended").fill("All green.")
    page.get_by_role("button", name="Done: 1.0 is live").click()
    assert Run.objects.get().closed_because == "All green."


def test_it_prints_on_one_page(windows: Windows, service: Service, bob: User) -> None:
    page = windows.open(bob)
    page.goto(PAGE)
    assert len(re.findall(rb"/Type\s*/Page[^s]", page.pdf(format="A4"))) == 1
    page.emulate_media(media="print")
    expect(page.get_by_role("button", name="Start the rollback")).to_be_hidden()
    expect(page.locator("pre.command").first).to_be_visible()
