"""What a browser would send back of a page, and what the page says."""

from __future__ import annotations

from html.parser import HTMLParser


class _Controls(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.sent: dict[str, str] = {}
        self.ids: list[str] = []
        self.pointed_at: set[str] = set()
        self.select = self.area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.ids += [given["id"]] if "id" in given else []
        self.pointed_at |= {*given.get("aria-describedby", "").split(), *given.get("for", "").split()}
        name = given.get("name", "")
        if tag == "input" and (given.get("type") != "checkbox" or "checked" in given):
            self.sent[name] = given.get("value", "")
        elif tag == "select":
            self.select = name
        elif tag == "option" and self.select and ("selected" in given or self.select not in self.sent):
            self.sent[self.select] = given.get("value", "")
        elif tag == "textarea":
            self.area, self.sent[name] = name, ""

    def handle_endtag(self, tag: str) -> None:
        self.select = "" if tag == "select" else self.select
        self.area = "" if tag == "textarea" else self.area

    def handle_data(self, data: str) -> None:
        if self.area:
            self.sent[self.area] += data if self.sent[self.area] else data.removeprefix("\n")


def read(html: bytes) -> _Controls:
    """Parse a page; every id is there once, and what describes a control is there."""
    found = _Controls()
    found.feed(html.decode())
    assert len(found.ids) == len(set(found.ids))
    assert found.pointed_at <= set(found.ids)
    return found


def controls(html: bytes) -> dict[str, str]:
    """What pressing the first button would send."""
    return {name: value for name, value in read(html).sent.items() if name}
