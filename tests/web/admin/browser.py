"""Fill in a form as a browser without JavaScript does: all that is on the page is sent, changed or not."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.test import Client

Attributes = list[tuple[str, str | None]]


class Controls(HTMLParser):
    """What the page's main form would send: names with all their values."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.sent: dict[str, list[str]] = {}
        self.main = False
        self.select = self.area = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.main = given.get("id", "").endswith("_form")
        if not self.main:
            return
        if tag == "input" and given.get("name"):
            self.add_input(given)
        elif tag == "select":
            self.select = given.get("name", "")
        elif tag == "option" and self.select and "selected" in given:
            self.sent.setdefault(self.select, []).append(given.get("value", ""))
        elif tag == "textarea":
            self.area = given["name"]
            self.sent[self.area] = [""]

    def add_input(self, given: dict[str, str]) -> None:
        kind = given.get("type", "text")
        ticked = kind in {"checkbox", "radio"}
        if kind != "submit" and (not ticked or "checked" in given):
            self.sent.setdefault(given["name"], []).append(given.get("value", "on" if ticked else ""))

    def handle_data(self, data: str) -> None:
        if self.area:
            # A browser drops the line end that follows the tag.
            self.sent[self.area][0] += data if self.sent[self.area][0] else data.removeprefix("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.area = ""
        elif tag == "select":
            self.select = ""


def submit(browser: Client, address: str, changes: dict[str, Any], button: str = "_save") -> Any:
    """Open a page, change some of its fields (None: not sent), press a button."""
    page = browser.get(address)
    assert page.status_code == 200, address
    sent: dict[str, Any] = {**Controls(page.content.decode()).sent, **changes, button: "on"}
    return browser.post(address, {name: value for name, value in sent.items() if value is not None})


def errors_of(answer: Any) -> dict[str, list[str]]:
    """What the page that came back says is wrong, by field; rows of inlines are `steps-0-command`."""
    assert answer.status_code == 200, answer.headers
    form = answer.context["adminform"].form
    found = {name: list(errors) for name, errors in form.errors.items()}
    for inline in answer.context["inline_admin_formsets"]:
        for row in inline.formset.forms:
            found |= {f"{row.prefix}-{name}": list(errors) for name, errors in row.errors.items()}
    return found
