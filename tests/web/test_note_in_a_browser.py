"""The note while it is typed: saved, previewed and finished under the strict policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from releasedesk.accounts.models import User
from releasedesk.notes.models import Note
from releasedesk.releases.models import Release
from tests.builders import make_note, make_release, make_service, make_team, make_user

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("committed")]
ADDRESS = "/services/checkout-api/releases/1.0/note/"
SAVED = "#saved:has-text('Saved ')"


@pytest.fixture
def bob(committed: None) -> User:
    return make_user("bob", make_team("payments"))


@pytest.fixture
def release(bob: User) -> Release:
    return make_release(make_service(), reason="It was slow.")


def sign_in(context: BrowserContext) -> Page:
    page = context.new_page()
    page.goto("/accounts/login/")
    page.fill("[name=username]", "bob")
    page.fill("[name=password]", "correct horse")
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/")
    return page


@pytest.fixture
def page(chromium: Browser, bob: User, live_server: LiveServer) -> Iterator[Page]:
    """bob's browser. An error in a script fails the test."""
    context = chromium.new_context(base_url=live_server.url)
    page = sign_in(context)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []


def test_what_is_typed_is_saved_as_a_draft_and_finished_on_top_of_it(page: Page, release: Release) -> None:
    page.goto(ADDRESS)
    page.fill("[name=surprise]", "The cache was cold.")
    page.wait_for_selector(SAVED)
    draft = Note.objects.get()
    assert (draft.draft, draft.reason, draft.surprise) == (True, "It was slow.", "The cache was cold.")
    page.fill("[name=follow_ups]", "- warm it")
    page.click("text=Finish the note")
    page.wait_for_selector("text=What came of it")
    note = Note.objects.get()
    assert (note.draft, note.follow_ups) == (False, "- warm it")


def test_nothing_is_written_before_anything_is_typed(page: Page, release: Release) -> None:
    page.goto(ADDRESS)
    page.wait_for_timeout(2500)
    assert Note.objects.count() == 0


def test_finishing_waits_for_the_save_that_is_under_way(page: Page, release: Release) -> None:
    page.goto(ADDRESS)
    held: list[str] = []

    def hold(route: object) -> None:
        held.append("draft")
        page.wait_for_timeout(500)
        route.continue_()  # type: ignore[attr-defined] # playwright's Route, imported for types only

    page.route(f"**{ADDRESS}", hold, times=1)
    page.fill("[name=surprise]", "The cache was cold.")
    page.wait_for_selector("#saved:has-text('Saving')")
    page.click("text=Finish the note")
    page.wait_for_selector("text=What came of it")
    assert (held, Note.objects.get().draft) == (["draft"], False)


def test_the_preview_follows_what_is_typed_and_runs_nothing(page: Page, release: Release) -> None:
    page.goto(ADDRESS)
    page.click("text=Preview")
    page.wait_for_selector("#preview >> text=It was slow.")
    page.fill("[name=reason]", "It was **very** slow. <img src=x onerror=alert(1)>")
    page.wait_for_selector("#preview strong:has-text('very')")
    assert page.locator("#preview img").count() == 0


def test_who_finished_it_meanwhile_is_not_overwritten(page: Page, release: Release) -> None:
    page.goto(ADDRESS)
    make_note(release, reason="Alice was faster.")
    page.fill("[name=reason]", "Bob was slower.")
    page.wait_for_selector("#saved:has-text('Not saved')")
    assert page.input_value("[name=reason]") == "Bob was slower."
    assert Note.objects.get().reason == "Alice was faster."


def test_a_session_that_ended_is_told_while_typing(page: Page, release: Release) -> None:
    page.goto(ADDRESS)
    page.context.clear_cookies(name="sessionid")
    page.fill("[name=reason]", "Still here.")
    page.wait_for_selector("#saved:has-text('you are signed out')")
    assert page.input_value("[name=reason]") == "Still here."


def test_without_javascript_it_is_previewed_and_finished_by_buttons(
    chromium: Browser, release: Release, live_server: LiveServer
) -> None:
    context = chromium.new_context(base_url=live_server.url, java_script_enabled=False)
    page = sign_in(context)
    page.goto(ADDRESS)
    page.fill("[name=surprise]", "It was *cold*.")
    page.click("text=Preview")
    page.wait_for_selector("#preview em:has-text('cold')")
    page.click("text=Finish the note")
    page.wait_for_selector("text=What came of it")
    assert Note.objects.get().surprise == "It was *cold*."
    context.close()
