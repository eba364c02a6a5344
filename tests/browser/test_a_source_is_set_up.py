"""Set up, test delivery, a name explained, and all that waited applied: in a real browser."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import TYPE_CHECKING

import httpx
import pytest
from playwright.sync_api import expect

from releasedesk.accounts.roles import Role
from releasedesk.releases.models import Live
from tests.browser.windows import screenshot
from tests.builders import make_service, make_team, make_user
from tests.ingest import payloads

if TYPE_CHECKING:
    from tests.browser.windows import Windows

pytestmark = [pytest.mark.browser]


def deliver(address: str, secret: str, number: str) -> httpx.Response:
    """Deploy to a place whose name the desk does not know, as GitHub says it."""
    raw = json.dumps(payloads.github_deployment_status(environment="prod-eu", ref=f"v1.{number}.0")).encode()
    signature = hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/json",
        "X-GitHub-Event": "deployment_status",
        "X-GitHub-Delivery": number,
        "X-Hub-Signature-256": f"sha256={signature}",
    }
    return httpx.post(address, content=raw, headers=headers)


def test_alice_connects_github_and_bob_says_what_its_names_mean(windows: Windows) -> None:
    payments = make_team("payments")
    make_service("checkout-api", payments)
    alice, bob = make_user("alice", payments, Role.LEAD), make_user("bob", payments, Role.ENGINEER)

    page = windows.open(alice)
    page.goto("/teams/payments/")
    page.get_by_role("link", name="webhooks of GitHub and GitLab").click()
    page.get_by_label("Name", exact=True).fill("acme")
    page.get_by_role("button", name="Set it up").click()
    secret = page.locator("pre", has_text="whsec_").inner_text().strip()
    address = page.locator("pre", has_text="/api/v1/hooks/").first.inner_text().strip()

    page.get_by_role("button", name="Send a test delivery").click()
    arrived = page.locator("#arrived")
    expect(arrived.get_by_text("A test delivery, sent by the desk itself")).to_be_visible()
    assert secret not in page.content(), "shown once"

    assert deliver(address, secret, "1").status_code == 202
    expect(arrived.get_by_text("No environment is called 'prod-eu'.")).to_be_visible()  # without a reload
    assert deliver(address, secret, "2").status_code == 202
    assert deliver(address, "whsec_wrong", "3").status_code == 401

    page = windows.open(bob)
    page.goto("/inbox/")
    page.get_by_label("This environment is").select_option("production")
    page.get_by_role("button", name="Apply all 2").click()
    expect(page.get_by_role("heading", name="“prod-eu” is production")).to_be_visible()
    screenshot(page, "applied-light")
    expect(page.locator("main .mark.good")).to_have_count(2)
    assert Live.objects.get().release.service.slug == "checkout-api"
    page.get_by_role("link", name="Back to the inbox").click()
    expect(page.get_by_role("heading", name="What is meant?")).to_have_count(0)
    assert deliver(address, secret, "4").status_code == 201
