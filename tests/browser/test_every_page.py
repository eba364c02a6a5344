"""Every page, in both schemes and three widths: open to everybody, nothing sticks out, no link is dead."""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from releasedesk.accounts.models import User
from releasedesk.deliveries.models import Delivery, Source
from releasedesk.releases.models import Release
from tests.browser.story import LONG_SLUG, LONG_VERSION
from tests.browser.windows import DESKTOP, HEIGHT, PHONE, WIDE, axe, screenshot, sticks_out

if TYPE_CHECKING:
    from playwright.sync_api import Page, PdfMargins, Response

    from tests.browser.windows import Scheme, Windows

pytestmark = pytest.mark.browser
ON_PAPER = 703  # px between margins of 12 mm on A4
MOST_BYTES = 60_000  # compressed, with all that the page asks for


@dataclass(frozen=True)
class Stop:
    """One page: `{checkout}` stands for a service's newest release."""

    path: str
    who: str = "mara"
    status: int = 200


PAGES = {
    "board": Stop("/"),
    "board of one team": Stop("/?team=search&state=suspect"),
    "board, nothing found": Stop("/?team=platform&state=suspect"),
    "service": Stop("/services/checkout-api/"),
    "service, nothing yet": Stop("/services/mailer/"),
    "service, long names": Stop(f"/services/{LONG_SLUG}/"),
    "release": Stop("/services/checkout-api/releases/{checkout-api}/"),
    "release, nothing measured": Stop("/services/ledger/releases/{ledger}/"),
    "release, rolled back": Stop("/services/query-router/releases/{query-router}/"),
    "release, long names": Stop(f"/services/{LONG_SLUG}/releases/{LONG_VERSION}/"),
    "release, together edited": Stop("/services/checkout-api/releases/{checkout-api}/edit/together/"),
    "release, baseline edited": Stop(
        "/services/checkout-api/releases/{checkout-api}/edit/before-the-change/"
    ),
    "plan": Stop("/services/checkout-api/plan/"),
    "plan, edit": Stop("/services/checkout-api/releases/{checkout-api}/edit/"),
    "standing plan": Stop("/services/checkout-api/rollback-plan/"),
    "policies": Stop("/services/checkout-api/policies/"),
    "policies of a route": Stop("/services/checkout-api/policies/?route=GET+/basket/%7Bid%7D"),
    "policies, nothing measured": Stop("/services/suggest/policies/"),
    "roll back": Stop("/services/checkout-api/rollback/production/"),
    "roll back, without a plan": Stop("/services/indexer/rollback/production/"),
    "roll back, never deployed": Stop("/services/mailer/rollback/production/"),
    "roll back, running": Stop("/services/query-router/rollback/production/"),
    "roll back, long names": Stop(f"/services/{LONG_SLUG}/rollback/production/"),
    "notifications": Stop("/teams/payments/notifications/"),
    "rollback plan": Stop("/services/checkout-api/releases/{checkout-api}/rollback-plan/"),
    "rollback plan, a starter": Stop("/services/checkout-api/rollback-plan/?starter=kubernetes"),
    "rollback plan, versions": Stop("/services/checkout-api/releases/{checkout-api}/rollback-plan/versions/"),
    "rehearsal": Stop("/services/checkout-api/releases/{checkout-api}/rehearsal/"),
    "metric source": Stop("/services/checkout-api/metrics/production/?starter=istio"),
    "gates": Stop("/services/checkout-api/gates/"),
    "gates, as a viewer": Stop("/services/checkout-api/gates/?environment=staging", "vito"),
    "gates of every service": Stop("/gates/", "ada"),
    "gates of every service, as a lead": Stop("/gates/?environment=staging"),
    "release, gate closed": Stop("/services/suggest/releases/{suggest}/"),
    "measure": Stop("/services/checkout-api/releases/{checkout-api}/measure/"),
    "note": Stop("/services/ledger/releases/{ledger}/note/"),
    "note, finished": Stop("/services/invoices/releases/{invoices}/note/", "vito"),
    "note, long names": Stop(f"/services/{LONG_SLUG}/releases/{LONG_VERSION}/note/", "vito"),
    "releases": Stop("/releases/"),
    "releases, page too high": Stop("/releases/?page=900", status=404),
    "notes": Stop("/notes/?q=invoice"),
    "notes, nothing found": Stop("/notes/?q=xylophone"),
    "search": Stop("/search/?q=basket"),
    "search, nothing": Stop("/search/?q=xylophone"),
    "team": Stop("/teams/payments/"),
    "team, as a viewer": Stop("/teams/payments/", "vito"),
    "team's checklists": Stop("/teams/payments/checklists/"),
    "everybody's checklists": Stop("/checklists/", "ada"),
    "everybody's checklists, as a lead": Stop("/checklists/"),
    "service's checklists, a line changed": Stop("/services/checkout-api/checklists/?line=lint"),
    "service's checklists, as a viewer": Stop("/services/checkout-api/checklists/", "vito"),
    "checklist item": Stop("/services/checkout-api/releases/{checkout-api}/checklist/lint/"),
    "configuration": Stop("/services/checkout-api/config/"),
    "configuration, nothing reported": Stop("/services/mailer/config/"),
    "locks": Stop("/locks/"),
    "locks, as a viewer": Stop("/locks/", "vito"),
    "inbox": Stop("/inbox/"),
    "inbox, nothing found": Stop("/inbox/?q=xylophone"),
    "names that wait": Stop("/inbox/names/"),
    "names that wait, as a viewer": Stop("/inbox/names/", "vito"),
    "names of a family": Stop("/inbox/names/?team=payments&family=review/*"),
    "names of a family, none": Stop("/inbox/names/?family=preview/*"),
    "sources": Stop("/teams/payments/sources/"),
    "sources, as a viewer": Stop("/teams/payments/sources/", "vito"),
    "source, github": Stop("/teams/payments/sources/{github}/"),
    "source, gitlab": Stop("/teams/payments/sources/{gitlab}/"),
    "answers to github": Stop("/teams/payments/sources/{github}/answers/"),
    "answers to gitlab, as a viewer": Stop("/teams/payments/sources/{gitlab}/answers/", "vito"),
    "message, waiting": Stop("/inbox/{unmatched}/"),
    "message, refused": Stop("/inbox/{rejected}/"),
    "message, of a source": Stop("/inbox/{ignored}/"),
    "what the desk refuses, to a stranger": Stop("/problems/", ""),
    "a kind of problem": Stop("/problems/unavailable"),
    "login": Stop("/accounts/login/", ""),
    "403": Stop("/services/checkout-api/plan/", "vito", 403),
    "404": Stop("/services/chekout-api/", status=404),
    "422": Stop("/inbox/?page=first", status=422),
    "admin": Stop("/admin/", "ada"),
    "admin, releases": Stop("/admin/releases/release/", "ada"),
    "admin, a service": Stop("/admin/catalog/service/add/", "ada"),
}
OURS = {name: stop for name, stop in PAGES.items() if not stop.path.startswith("/admin/")}


def visit(page: Page, stop: Stop) -> None:
    """Open a page and wait until its scripts have done what they do at first."""
    newest = {
        f"{{{release.service.slug}}}": release.version
        for release in Release.objects.select_related("service").order_by("created_at", "pk")
    }
    newest |= {f"{{{source.kind}}}": source.pk for source in Source.objects.all()}
    newest |= {f"{{{row.outcome}}}": str(row.pk) for row in Delivery.objects.order_by("received_at", "pk")}
    path = stop.path
    for placeholder, version in newest.items():
        path = path.replace(placeholder, version)
    answer = page.goto(path, wait_until="load")
    assert answer is not None
    assert answer.status == stop.status, f"{path} answered {answer.status}"


def window(readers: Windows, stop: Stop, scheme: Scheme = "light") -> Page:
    return readers.open(User.objects.get(username=stop.who) if stop.who else None, scheme=scheme)


def wrong_at(page: Page, name: str, scheme: Scheme, width: int) -> list[str]:
    """What is wrong with a page in this scheme and width. The picture ends whatever still moves."""
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": HEIGHT})
    screenshot(page, f"{name}-{scheme}-{width}")
    return [f"{scheme}, {width} px: {found}" for found in (*axe(page), *sticks_out(page))]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_open_to_everybody_fits_and_is_light(readers: Windows, name: str) -> None:
    page = window(readers, PAGES[name])
    answers: list[Response] = []

    def keep(answer: Response) -> None:
        answers.append(answer)

    page.on("response", keep)
    visit(page, PAGES[name])
    weight = sum(len(gzip.compress(answer.body())) for answer in answers)
    wrong = [*wrong_at(page, name, "light", WIDE), *wrong_at(page, name, "dark", WIDE)]
    if name in OURS:
        assert 0 < weight <= MOST_BYTES
        wrong += [*wrong_at(page, name, "light", PHONE), *wrong_at(page, name, "light", DESKTOP)]
    assert not wrong, "\n".join(wrong)


def test_what_only_the_dark_hides_is_found_after_a_look_in_the_light(readers: Windows) -> None:
    page = window(readers, PAGES["locks"])
    visit(page, PAGES["locks"])
    page.locator("h1").evaluate("(heading) => heading.style.color = '#444'")
    assert wrong_at(page, "dark on dark", "light", WIDE) == []
    (found,) = wrong_at(page, "dark on dark", "dark", WIDE)
    assert found.startswith(f"dark, {WIDE} px: color-contrast: h1: ")


def test_no_column_of_the_board_is_out_of_sight(readers: Windows) -> None:
    page = window(readers, PAGES["board"])
    visit(page, PAGES["board"])
    table = page.locator("#board .scroll")
    assert table.evaluate("(element) => element.scrollWidth - element.clientWidth") <= 0


def test_no_link_leads_nowhere(readers: Windows) -> None:
    page = readers.open(User.objects.get(username="mara"))
    found: dict[str, str] = {}
    for name, stop in OURS.items():
        if stop.who != "mara":
            continue
        visit(page, stop)
        links = page.eval_on_selector_all(
            "a[href]", "links => links.map((link) => link.getAttribute('href'))"
        )
        here = [link for link in links if link.startswith("#")]
        missing = [link for link in here if not page.locator(link).count()]
        assert not missing, f"{name}: {missing}"
        absolute = page.eval_on_selector_all("a[href]", "links => links.map((link) => link.href)")
        found |= {
            link.split("#")[0]: name
            for link, written in zip(absolute, links, strict=True)
            if link.startswith(readers.origin) and not written.startswith("#")
        }
    dead = {
        link: name
        for link, name in found.items()
        if page.context.request.get(link, max_redirects=0).status >= 400
    }
    assert not dead, dead
    assert len(found) > 50


def test_a_release_prints_without_what_is_only_for_screens(readers: Windows) -> None:
    page = window(readers, PAGES["release"])
    page.emulate_media(media="print")
    visit(page, PAGES["release"])
    expect(page.locator(".bar")).to_be_hidden()
    for button in page.locator(".btn").all():
        expect(button).to_be_hidden()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.set_viewport_size({"width": ON_PAPER, "height": HEIGHT})
    for table in page.locator(".scroll").all():
        assert table.evaluate("(element) => element.scrollWidth - element.clientWidth") <= 0
    margins: PdfMargins = dict.fromkeys(("top", "right", "bottom", "left"), "12mm")  # type: ignore[assignment]
    sheets = re.findall(rb"/Type\s*/Page[^s]", page.pdf(format="A4", margin=margins))
    assert len(sheets) == 2, "one release is two sheets of paper"


def test_on_a_phone_the_most_urgent_needs_come_before_the_table(readers: Windows) -> None:
    page = readers.open(User.objects.get(username="mara"), width=PHONE, javascript=False)
    visit(page, PAGES["board"])
    needs, table = page.locator("#needs"), page.locator("#board")
    top, below = needs.bounding_box(), table.bounding_box()
    assert top
    assert below
    assert top["y"] < below["y"]
    number = needs.locator("li:not(.all)").count()
    assert number > 5
    shown = needs.locator("li:not(.all):visible")
    expect(shown).to_have_count(5)
    needs.get_by_role("link", name=re.compile(r"All \d+")).click()
    expect(shown).to_have_count(number)
    page.set_viewport_size({"width": WIDE, "height": HEIGHT})
    beside, board = needs.bounding_box(), table.bounding_box()
    assert beside
    assert board
    assert (beside["y"], beside["x"] > board["x"]) == (board["y"], True)
