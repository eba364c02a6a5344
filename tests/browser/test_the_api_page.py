"""The contract's own page: everything in it comes from this desk, and what it shows is what is served."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from releasedesk.api.schema.document import document
from tests.browser.windows import PATIENCE, PHONE, screenshot

if TYPE_CHECKING:
    from tests.browser.windows import Windows

pytestmark = pytest.mark.browser


def test_a_stranger_reads_the_whole_contract_without_the_internet(windows: Windows) -> None:
    page = windows.open()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/api/v1/docs")
    operations = page.locator(".opblock")
    expect(operations.first).to_be_visible(timeout=PATIENCE)
    served = sum(len(methods) for methods in document()["paths"].values())
    expect(operations).to_have_count(served)
    page.locator("#operations-Events-reportEvent button").first.click()
    expect(page.get_by_text("build-8812-production").first).to_be_visible()
    screenshot(page, "api-docs-light")
    assert [url for url in asked if not url.startswith((windows.origin, "data:"))] == []


def test_it_fits_a_phone(windows: Windows) -> None:
    page = windows.open(width=PHONE)
    page.goto("/api/v1/docs")
    expect(page.locator(".opblock").first).to_be_visible(timeout=PATIENCE)
    screenshot(page, f"api-docs-light-{PHONE}")
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= PHONE


def test_without_scripts_it_leads_to_the_document(windows: Windows) -> None:
    page = windows.open(javascript=False)
    page.goto("/api/v1/docs")
    expect(page.get_by_role("link", name="/api/v1/schema")).to_be_visible()
