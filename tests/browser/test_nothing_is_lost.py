"""What somebody typed outlives a reload, a session, a colleague and a second click; and it is text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from releasedesk.accounts.roles import DESK
from releasedesk.actions.locks import LockRequest, lock
from releasedesk.releases.models import Lock, Release
from tests.browser.story import SCRIPT
from tests.builders import (
    make_deployment,
    make_note,
    make_plan,
    make_release,
    make_service,
    make_snapshot,
    minutes,
)

if TYPE_CHECKING:
    from releasedesk.accounts.models import User
    from tests.browser.windows import Windows

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("committed")]
NEW = "/services/checkout-api/plan/"
EDIT = "/services/checkout-api/releases/1.0/edit/"
with_and_without = pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"])


def test_what_was_typed_is_back_after_a_reload(windows: Windows, bob: User) -> None:
    make_service()
    page = windows.open(bob)
    page.goto(NEW)
    page.get_by_label("Version", exact=True).fill("3.0")
    page.get_by_label("Why?").fill("It is slow.")
    expect(page.get_by_text("Draft kept in this browser.")).to_be_visible()
    page.reload()
    expect(page.get_by_text("it is not saved yet")).to_be_visible()
    expect(page.get_by_label("Version", exact=True)).to_have_value("3.0")
    expect(page.get_by_label("Why?")).to_have_value("It is slow.")
    page.get_by_role("button", name="Save the plan").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("3.0")
    page.goto(NEW)
    expect(page.get_by_label("Why?")).to_have_value("")


@with_and_without
def test_what_was_typed_outlives_the_session(windows: Windows, bob: User, javascript: bool) -> None:
    make_service()
    page = windows.open(bob, javascript=javascript)
    page.goto(NEW)
    page.get_by_label("Version", exact=True).fill("3.0")
    page.get_by_label("Why?").fill("It is slow.")
    page.context.clear_cookies(name="sessionid")
    page.get_by_role("button", name="Save the plan").click()
    expect(page.get_by_text("You were signed out meanwhile.")).to_be_visible()
    assert Release.objects.count() == 0
    page.get_by_label("Name").fill("bob")
    page.get_by_label("Password").fill("correct horse")
    page.get_by_role("button", name="Sign in and send").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("3.0")
    assert Release.objects.get().reason == "It is slow."


@with_and_without
def test_the_second_of_two_who_edit_a_release_is_told_and_loses_nothing(
    windows: Windows, alice: User, bob: User, javascript: bool
) -> None:
    make_release(make_service(), "1.0", title="as it was")
    hers, his = (windows.open(user, javascript=javascript) for user in (alice, bob))
    for page in (hers, his):
        page.goto(EDIT)
    hers.get_by_label("Title").fill("by alice")
    hers.get_by_role("button", name="Save the plan").click()
    expect(hers.get_by_role("heading", level=1)).to_contain_text("by alice")
    his.get_by_label("Title").fill("by bob")
    his.get_by_role("button", name="Save the plan").click()
    expect(his.get_by_role("alert")).to_contain_text("nothing is lost")
    expect(his.get_by_label("Title")).to_have_value("by bob")
    expect(his.locator(".theirs")).to_have_text(re.compile(r"Saved meanwhile:\s+by alice"))
    assert Release.objects.get().title == "by alice"
    his.get_by_role("button", name="Save the plan").click()
    expect(his.get_by_role("heading", level=1)).to_contain_text("by bob")


@with_and_without
def test_a_double_click_saves_once(windows: Windows, bob: User, javascript: bool) -> None:
    make_service()
    page = windows.open(bob, javascript=javascript)
    page.goto(NEW)
    page.get_by_label("Version", exact=True).fill("3.0")
    page.get_by_role("button", name="Save the plan").dblclick()
    expect(page.get_by_role("heading", level=1)).to_contain_text("3.0")
    assert Release.objects.get().revision == 1


def test_a_script_in_any_field_is_text_on_every_page(windows: Windows, alice: User) -> None:
    write_scripts_everywhere()
    page = windows.open(alice)
    page.on("dialog", lambda dialog: windows.complaints.append(f"a script ran: {dialog.message}"))
    for path in (
        "/",
        "/services/checkout-api/",
        "/services/checkout-api/releases/1.0/",
        EDIT,
        "/services/checkout-api/releases/1.0/rollback-plan/",
        "/services/checkout-api/releases/1.0/measure/",
        "/services/checkout-api/releases/1.0/note/",
        "/releases/",
        "/notes/",
        "/notes/?q=alert",
        "/search/?q=alert",
        "/locks/",
        "/services/checkout-api/rollback/production.txt",
    ):
        page.goto(path)
        assert page.locator("img, script:not([src])").count() == 0, path
        if path not in {"/", "/services/checkout-api/rollback/production.txt"}:
            assert "alert(1)" in page.content(), path


PLAN = "title reason change expected_result rollback_note route expected_input slow_part users_notice"
NOTE = "reason command_used metric_improved assumptions surprise follow_ups"


def write_scripts_everywhere() -> None:
    now = timezone.now()
    plan: dict[str, Any] = dict.fromkeys([*PLAN.split(), "assumptions"], SCRIPT)
    note: dict[str, Any] = dict.fromkeys(NOTE.split(), SCRIPT)
    step = {"instruction": SCRIPT, "command": SCRIPT, "check": SCRIPT}
    service = make_service(name=SCRIPT)
    make_deployment(service, "0.9", at=now - minutes(900))
    changes = [{"sha": "0123456789abcdef", "subject": SCRIPT, "author": SCRIPT}]
    release = make_release(service, "1.0", changes=changes, **plan)
    make_plan(service, release, data_note=SCRIPT, steps=[step])
    make_plan(service, data_note=SCRIPT, steps=[step])
    for phase, at in (("before", now - minutes(60)), ("after", now - minutes(10))):
        said = {"command": SCRIPT, "assumptions": SCRIPT, "cache_cleared": SCRIPT}
        make_snapshot(release, phase, at=at, route=SCRIPT, **said)
    make_deployment(service, "1.0", at=now - minutes(30), command=SCRIPT)
    make_note(release, files_touched=[SCRIPT], **note)
    lock(DESK, LockRequest(service, None, Lock.Kind.WARN, SCRIPT, None), now=now)
