"""From a plan for a usual case to one that was rehearsed, in a real browser: with JavaScript, and without."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from releasedesk.rollbacks.models import Plan, Rehearsal
from tests.builders import make_plan, make_release, make_service, minutes

if TYPE_CHECKING:
    from releasedesk.accounts.models import User
    from tests.browser.windows import Windows

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("committed")]


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"])
def test_from_a_starter_to_a_rehearsal(windows: Windows, bob: User, javascript: bool) -> None:
    service = make_service()
    release = make_release(service, "1.9.1")
    make_plan(service, release, steps=[{"instruction": "Deploy", "command": "deploy {target_version}"}])
    page = windows.open(bob, javascript=javascript)
    page.goto(f"/services/{service.slug}/releases/{release.version}/rollback-plan/")

    page.get_by_text("Begin with a plan for a usual case").click()
    page.get_by_role("link", name="Deploy the previous image").click()
    expect(page.get_by_text("Nothing is saved yet")).to_be_visible()
    page.get_by_label("Command").nth(0).fill("./deploy 1.9.1")
    if not javascript:
        page.get_by_role("button", name="Read again").click()
    expect(page.locator("#preview")).to_contain_text("Step 1 has 1.9.1 written out.")
    page.get_by_label("Command").nth(0).fill("./deploy {environment} {target_version}")
    if not javascript:
        page.get_by_role("button", name="Read again").click()
    expect(page.locator("#preview")).not_to_contain_text("written out")
    page.get_by_role("button", name="Save the rollback plan").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("1.9.1")
    assert Plan.objects.filter(release=release).count() == 2

    page.get_by_role("link", name="what changed").click()
    expect(page.locator(".difference del")).to_contain_text(["$ deploy {target_version}"])
    expect(page.locator(".difference ins").first).to_be_visible()

    page.goto(f"/services/{service.slug}/releases/{release.version}/")
    page.get_by_role("link", name="rehearsed by hand?").click()
    now = timezone.now()
    page.get_by_label(re.compile("^Began")).fill(f"{now - minutes(5):%Y-%m-%dT%H:%M}")
    page.get_by_label(re.compile("^Ended")).fill(f"{now - minutes(3):%Y-%m-%dT%H:%M}")
    page.get_by_role("button", name="Save the rehearsal").click()
    expect(page.locator("#rollback-plan")).to_contain_text("rehearsed")
    assert Rehearsal.objects.get().rehearsed_by == "bob"
