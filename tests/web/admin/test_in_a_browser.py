"""The administration in a real browser, under the same strict policy as every other page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from releasedesk.accounts.models import User
from releasedesk.operations.content_security import POLICY
from releasedesk.releases.models import Release
from releasedesk.rollbacks.models import Plan
from tests.builders import make_plan, make_release, make_service

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("committed")]


@pytest.fixture
def page(chromium: Browser, committed: None, live_server: LiveServer) -> Iterator[Page]:
    """ada's browser. Whatever its console complains about fails the test."""
    User.objects.create_superuser("ada", "ada@example.com", "correct horse")
    context = chromium.new_context(base_url=live_server.url)
    page = context.new_page()
    complaints: list[str] = []
    page.on(
        "console", lambda line: complaints.append(line.text) if line.type in {"error", "warning"} else None
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto("/admin/")
    page.fill("[name=username]", "ada")
    page.fill("[name=password]", "correct horse")
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/admin/")
    yield page
    context.close()
    assert complaints == []


def complete(page: Page, field: str, text: str) -> None:
    """Choose from the completions of a field."""
    page.click(f".field-{field} .select2-selection")
    page.keyboard.type(text)
    page.click(f".select2-results__option:has-text('{text}')")


def test_a_release_is_planned_with_completion_and_a_date_from_the_calendar(page: Page) -> None:
    service = make_service("checkout-api")
    make_release(service, "1.0")
    page.goto("/admin/releases/release/add/")
    complete(page, "service", "checkout-api")
    page.fill("[name=version]", "2.0")
    page.locator(".field-taken_from .date-icon").first.click()
    page.click(".calendarbox:visible .calendarlink, .calendarbox:visible a:text('15')")
    page.fill("[name=snapshots-0-taken_from_0]", "")
    page.click("[name=_save]")
    page.wait_for_url("**/admin/releases/release/")
    assert Release.objects.filter(version="2.0").exists()


def test_a_step_is_added_to_a_plan(page: Page) -> None:
    plan = make_plan(make_service("checkout-api"))
    page.goto(f"/admin/rollbacks/plan/{plan.pk}/change/")
    page.click("text=Add another Step")
    page.fill("[name=steps-2-instruction]", "Tell the team")
    page.click("[name=_save]")
    page.wait_for_url("**/admin/rollbacks/plan/")
    newest: Any = Plan.objects.get(version=2)
    assert [step.instruction for step in newest.steps.all()][2] == "Tell the team"


def test_the_policy_is_not_relaxed_for_the_administration(page: Page) -> None:
    answer = page.goto("/admin/releases/release/")
    assert answer is not None
    assert answer.headers["content-security-policy"] == POLICY


def test_before_and_after_stand_side_by_side(page: Page) -> None:
    release = make_release(make_service("checkout-api"))
    page.goto(f"/admin/releases/release/{release.pk}/change/")
    before, after = (page.locator(f"[name=snapshots-{column}-p95]").bounding_box() for column in (0, 1))
    assert before is not None
    assert after is not None
    assert before["y"] == after["y"]
    assert before["x"] + before["width"] <= after["x"]
