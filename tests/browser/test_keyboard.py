"""With a keyboard and nothing else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from releasedesk.measurements.models import Snapshot
from releasedesk.notes.models import Note
from tests.builders import make_deployment, make_plan, make_release, make_service, minutes

if TYPE_CHECKING:
    from datetime import datetime

    from playwright.sync_api import Locator, Page

    from releasedesk.accounts.models import User
    from tests.browser.windows import Windows

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("committed")]
MOST_STOPS = 90
SHOWS_FOCUS = """() => {
  const style = getComputedStyle(document.activeElement);
  return document.activeElement === document.body
    || (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2);
}"""
# How a browser writes a time depends on the language it was started in, not on the page's.
LAYOUTS = (("%d%m%Y", "%H%M"), ("%m%d%Y", "%I%M%p"))


@pytest.fixture
def page(windows: Windows, bob: User) -> Page:
    """bob's window on a service that is live and can go back."""
    now = timezone.now()
    service = make_service(owner="bob")
    for number in (1, 2):
        release = make_release(service, f"{number}.0", now=now - minutes(900 - number))
        make_plan(service, release, now=now - minutes(800))
        make_deployment(service, release.version, at=now - minutes(700 - number))
    return windows.open(bob)


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until the target has the focus, which must be seen at every stop."""
    expect(target).to_be_visible()
    for _ in range(MOST_STOPS):
        if target.evaluate("(element) => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
        assert page.evaluate(SHOWS_FOCUS), page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
    pytest.fail(f"{MOST_STOPS} times Tab did not lead to {target}")


def write(page: Page, label: str, text: str) -> None:
    tab_to(page, page.get_by_label(label, exact=True))
    page.keyboard.type(text)


def press(page: Page, target: Locator) -> None:
    tab_to(page, target)
    page.keyboard.press("Enter")


def write_time(page: Page, target: Locator, at: datetime) -> None:
    for date, clock in LAYOUTS:
        tab_to(page, target)
        page.keyboard.type(at.strftime(date))
        page.keyboard.press("Tab")
        page.keyboard.type(at.strftime(clock))
        if target.input_value() == f"{at:%Y-%m-%dT%H:%M}":
            return
        while target.evaluate("(element) => element === document.activeElement"):
            page.keyboard.press("Shift+Tab")
    pytest.fail(f"{at} could not be typed: {target.input_value()}")


def test_a_release_is_planned_measured_and_noted_without_a_mouse(page: Page) -> None:
    page.goto("/services/checkout-api/")
    press(page, page.get_by_role("link", name="Plan a release"))
    write(page, "Version", "3.0")
    write(page, "Title", "one query")
    write(page, "Which route, page or command is it about?", "GET /basket/{id}")
    write(page, "What is the one thing that changes?", "one query for all prices")
    write(page, "Metric", "p95")
    tab_to(page, page.get_by_label("Number"))
    page.keyboard.type("120")
    press(page, page.get_by_role("button", name="Save the plan"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("3.0 one query")

    press(page, page.get_by_role("link", name="Record a measurement").first)
    at = timezone.now().replace(second=0, microsecond=0) - minutes(30)
    before = page.get_by_role("group", name="Before", exact=True)
    write_time(page, before.get_by_label("From"), at)
    write_time(page, before.get_by_label("Until"), at + minutes(2))
    for label, text in (("Requests", "2000"), ("Errors", "0")):
        tab_to(page, before.get_by_label(label, exact=True))
        page.keyboard.type(text)
    tab_to(page, before.get_by_label("p95"))
    page.keyboard.type("190")
    press(page, page.get_by_role("button", name="Save and compare"))
    expect(page.get_by_role("main")).to_contain_text("190 ms")
    assert Snapshot.objects.get().phase == "before"

    press(page, page.get_by_role("link", name=re.compile("the note|a note")).first)
    write(page, "Why was it done?", "It was slow.")
    write(page, "What surprised us?", "Nothing.")
    press(page, page.get_by_role("button", name="Finish the note"))
    expect(page.get_by_text("What came of it")).to_be_visible()
    assert Note.objects.get().surprise == "Nothing."


def test_the_first_stop_skips_to_the_content(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_keys_lead_to_the_search_the_board_and_the_way_back(page: Page) -> None:
    page.goto("/services/checkout-api/releases/2.0/")
    page.keyboard.press("/")
    search = page.get_by_role("searchbox", name="Search services, versions and notes")
    expect(search).to_be_focused()
    page.keyboard.type("gbr?")
    expect(search).to_have_value("gbr?")
    page.goto("/services/checkout-api/releases/2.0/")
    page.keyboard.press("g")
    page.keyboard.press("b")
    expect(page.get_by_role("heading", level=1)).to_have_text("Release board")
    page.goto("/services/checkout-api/releases/2.0/")
    page.keyboard.press("r")
    page.wait_for_url("**/services/checkout-api/rollback/production**")
    expect(page.locator("body")).to_contain_text("VERSION=1.0")


def test_a_question_mark_lists_the_keys_and_escape_closes_the_list(page: Page) -> None:
    page.goto("/")
    keys = page.get_by_role("dialog", name="Keys")
    page.keyboard.press("?")
    expect(keys).to_be_visible()
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()
