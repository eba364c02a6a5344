"""The board asks every ten seconds whether anything has changed, and does not disturb who reads it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.builders import make_deployment, make_service, minutes

if TYPE_CHECKING:
    from playwright.sync_api import Page, Response

    from releasedesk.accounts.models import User
    from releasedesk.catalog.models import Service
    from tests.browser.windows import Windows

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("committed")]
TEN_SECONDS = 10_000


@pytest.fixture
def service(committed: None) -> Service:
    service = make_service()
    make_deployment(service, "1.0", at=timezone.now() - minutes(60))
    return service


@pytest.fixture
def board(windows: Windows, service: Service, bob: User) -> Page:
    """bob's board, in a window whose clock the test moves."""
    page = windows.open(bob)
    page.clock.install()
    page.goto("/")
    expect(page.get_by_role("link", name="1.0", exact=True)).to_be_visible()
    return page


def ten_seconds_later(board: Page) -> Response:
    """What the desk answered when the board asked again."""
    with board.expect_response(lambda answer: "hx-request" in answer.request.headers) as asked:
        board.clock.run_for(TEN_SECONDS)
    return asked.value


def test_a_board_that_has_not_changed_is_answered_304_and_left_alone(board: Page) -> None:
    board.evaluate("document.getElementById('live').dataset.mine = 'yes'")
    assert ten_seconds_later(board).status == 304
    assert ten_seconds_later(board).status == 304
    assert board.evaluate("document.getElementById('live').dataset.mine") == "yes"


def test_a_change_appears_is_announced_and_leaves_the_focus_where_it_is(
    board: Page, service: Service
) -> None:
    link = board.get_by_role("link", name="checkout-api", exact=True)
    link.focus()
    status = board.locator("#announced")
    expect(status).to_have_text("")
    status.evaluate("(element) => { element.dataset.mine = 'yes' }")
    make_deployment(service, "2.0", at=timezone.now())
    assert ten_seconds_later(board).status == 200
    expect(board.get_by_role("link", name="2.0").first).to_be_visible()
    expect(link).to_be_focused()
    expect(status).to_have_text("The board has changed.")
    # A region that comes with its words is read by few screen readers; it must have been there before.
    expect(status).to_have_attribute("data-mine", "yes")
    assert ten_seconds_later(board).status == 304


def test_all_that_was_unfolded_on_a_phone_stays_so(board: Page, service: Service) -> None:
    for number in range(7):
        make_deployment(make_service(f"cart-{number}", service.team), "1.0", at=timezone.now() - minutes(60))
    board.set_viewport_size({"width": 390, "height": 844})
    assert ten_seconds_later(board).status == 200
    shown = board.locator("#needs li:not(.all):visible")
    expect(shown).to_have_count(5)
    board.get_by_role("link", name=re.compile(r"^All \d+$")).click()
    expect(shown.nth(5)).to_be_visible()
    make_deployment(service, "2.0", at=timezone.now())
    assert ten_seconds_later(board).status == 200
    expect(board.get_by_role("link", name="2.0").first).to_be_visible()
    expect(shown.nth(5)).to_be_visible()


def test_who_wants_no_motion_gets_none(windows: Windows, service: Service, bob: User) -> None:
    page = windows.open(bob, reduced_motion="reduce")
    for path in ("/", "/services/checkout-api/releases/1.0/", "/services/checkout-api/plan/"):
        page.goto(path)
        moving = page.evaluate(
            """() => [...document.querySelectorAll("*")].filter((element) => {
              const style = getComputedStyle(element);
              return style.animationName !== "none" || style.scrollBehavior === "smooth"
                || style.transitionDuration.split(", ").some((length) => parseFloat(length) > 0);
            }).map((element) => element.outerHTML.slice(0, 100))"""
        )
        assert not moving, f"{path}: {moving}"
