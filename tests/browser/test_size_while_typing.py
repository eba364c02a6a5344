"""While a plan is typed, the page says how much the release changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.windows import axe
from tests.builders import make_service

if TYPE_CHECKING:
    from releasedesk.accounts.models import Team, User
    from tests.browser.windows import Windows

pytestmark = pytest.mark.browser


def test_a_second_change_is_noticed_while_it_is_typed(windows: Windows, payments: Team, bob: User) -> None:
    make_service("checkout-api", payments)
    page = windows.open(bob)
    page.goto("/services/checkout-api/plan/")
    change = page.get_by_label("What is the one thing that changes?")
    size = page.locator("#size")
    change.press_sequentially("cache the basket total")
    expect(size).to_contain_text("1 change")
    change.press_sequentially(" and drop the view")
    expect(size).to_contain_text("It reads like 2 changes: “cache the basket total”, “drop the view”.")
    assert not axe(page)
