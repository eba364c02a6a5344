"""Browser windows of the desk's people, in which nothing may go wrong unseen."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped] # it has no types
from django.conf import settings
from django.test import Client

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request

    from releasedesk.accounts.models import User

Scheme = Literal["light", "dark"]
SCREENSHOTS = Path(__file__).parents[2] / "test-artifacts" / "screenshots"
WIDE, PHONE, DESKTOP = 1320, 390, 1920
HEIGHT = 900
PATIENCE = 20_000  # ms, for a machine that has more to do
# Chromium says this of every answer from 400 on; a test that asks for a 404 means it.
MEANT = re.compile(r"Failed to load resource: the server responded with a status of 4\d\d")
REPORT_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy: ${event.violatedDirective} refused ${event.blockedURI} ${event.sample}`));
"""

WIDER = """() => {
  const root = document.documentElement;
  if (root.scrollWidth <= innerWidth) return [];
  const out = [...document.body.querySelectorAll("*")]
    .filter((element) => !element.parentElement.closest(".scroll"))
    .filter((element) => element.getBoundingClientRect().right > innerWidth + 1);
  return [`the page has ${root.scrollWidth} px`, ...out.map((element) => element.outerHTML.slice(0, 120))];
}"""


class Windows:
    """One window for each who looks. A complaint of any of them fails the test when it closes."""

    def __init__(self, browser: Browser, origin: str, sessions: dict[str, str]) -> None:
        self.browser, self.origin, self.sessions = browser, origin, sessions
        self.contexts: list[BrowserContext] = []
        self.complaints: list[str] = []

    def open(
        self,
        user: User | None = None,
        *,
        scheme: Scheme = "light",
        width: int = WIDE,
        javascript: bool = True,
        **options: Any,
    ) -> Page:
        """Open a window in which `user` is signed in; nobody is a stranger."""
        context = self.browser.new_context(
            base_url=self.origin,
            color_scheme=scheme,
            viewport={"width": width, "height": HEIGHT},
            java_script_enabled=javascript,
            locale="en-GB",
            timezone_id="UTC",
            **options,
        )
        self.contexts.append(context)
        context.set_default_timeout(PATIENCE)
        context.add_init_script(REPORT_VIOLATIONS)
        context.on("console", self._hear)
        context.on("weberror", lambda error: self.complaints.append(f"page error: {error.error}"))
        context.on("request", self._follow)
        if user is not None:
            session = self.sessions.get(user.username) or session_of(user)
            context.add_cookies([{"name": "sessionid", "value": session, "url": self.origin}])
        return context.new_page()

    def _hear(self, line: ConsoleMessage) -> None:
        if line.type in {"error", "warning"} and not MEANT.match(line.text):
            self.complaints.append(f"{line.type} at {line.location.get('url', '')}: {line.text}")

    def _follow(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in {"http", "https"} and f"{address.scheme}://{address.netloc}" != self.origin:
            self.complaints.append(f"a request left the desk: {request.url}")

    def close(self) -> None:
        """Close all of them and say what they complained about."""
        for context in self.contexts:
            context.close()
        assert not self.complaints, "\n".join(self.complaints)


def session_of(user: User) -> str:
    """Sign somebody in without the form, which has a test of its own."""
    client = Client()
    client.force_login(user)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


AXE = Axe().axe_script
# Every rule is asked; of what is in order one element is told, which takes a third of the time. Preloading
# would read style sheets into the page, which its policy rightly refuses.
FIND = """() => axe.run({preload: false, resultTypes: ["violations"]}).then((found) => found.violations)"""


def axe(page: Page) -> list[str]:
    """What axe finds wrong: one line an element, with its rule, its address on the page and what to do."""
    if page.evaluate("typeof axe === 'undefined'"):
        page.evaluate(AXE)
    found: list[dict[str, Any]] = page.evaluate(FIND)
    return [
        f"{rule['id']}: {' '.join(map(str, node['target']))}: {node['failureSummary']}"
        for rule in found
        for node in rule["nodes"]
    ]


def screenshot(page: Page, name: str) -> None:
    """Keep what the page looks like as an artifact of the run."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    picture = SCREENSHOTS / f"{name}.jpg"  # a PNG takes twice the time
    page.screenshot(path=picture, type="jpeg", quality=85, full_page=True, animations="disabled")


def sticks_out(page: Page) -> list[str]:
    """The elements that make the page wider than its window; none when it does not scroll sideways."""
    found: list[str] = page.evaluate(WIDER)
    return found
