"""Another tool's result, uploaded by a person: read, looked at, saved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from releasedesk.measurements.models import Comparison
from tests.browser.windows import axe, screenshot, sticks_out
from tests.builders import make_release, make_service

if TYPE_CHECKING:
    from releasedesk.accounts.models import User
    from tests.browser.windows import Scheme, Windows

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("committed")]
WRITTEN = Path(__file__).parents[1] / "results" / "written"
PATH = "/services/checkout-api/releases/1.0/measure/"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_file_is_read_looked_at_and_saved(windows: Windows, bob: User, scheme: Scheme) -> None:
    make_release(make_service(), "1.0", route="GET /basket/{id}")
    page = windows.open(bob, scheme=scheme)
    page.goto(PATH)
    before, after = page.get_by_role("group", name="Before"), page.get_by_role("group", name="After")
    for side, file in ((before, "hey.txt"), (after, "vegeta.csv")):
        side.get_by_text("Paste or upload a result").click()
        side.get_by_label("Or its file").set_input_files(WRITTEN / file)
    page.get_by_role("button", name="Read it (before)").click()

    expect(before.get_by_text("2,000 requests, p95 190 ms, 5 errors")).to_be_visible()
    expect(after.get_by_text("2 requests, p95 28,509 ms, 1 error")).to_be_visible()
    expect(before.get_by_label("p95")).to_have_value("190")
    screenshot(page, f"measure, a result read-{scheme}")
    assert [*axe(page), *sticks_out(page)] == []
    page.set_viewport_size({"width": 390, "height": 844})
    screenshot(page, f"measure, a result read-{scheme}-390")
    assert [*axe(page), *sticks_out(page)] == []

    before.get_by_label("From").fill("2026-11-23T11:00")
    before.get_by_label("Until").fill("2026-11-23T11:30")
    page.get_by_role("button", name="Save and compare").click()
    expect(page).to_have_url(f"{PATH.removesuffix('measure/')}#measured", timeout=10_000)
    assert Comparison.objects.count() == 1


def test_a_result_that_cannot_be_read_says_where(windows: Windows, bob: User) -> None:
    make_release(make_service(), "1.0", route="GET /basket/{id}")
    page = windows.open(bob)
    page.goto(PATH)
    before = page.get_by_role("group", name="Before")
    before.get_by_text("Paste or upload a result").click()
    before.get_by_label("Paste what the tool printed").fill("response_ms,status\n181.2,200\nfast,200\n")
    page.get_by_role("button", name="Read it (before)").click()
    expect(before.get_by_text("Line 3, column 1: 'fast' is not a number of milliseconds.")).to_be_visible()
    screenshot(page, "measure, a result unread")
    assert [*axe(page), *sticks_out(page)] == []
