from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releasedesk.notes.markdown import TAGS, to_html

SCHEMES = re.compile(r"(https?:|mailto:|/|#|[^:]*$)", re.IGNORECASE)
PIECES = [
    "<script>", "</script>", "<img src=x onerror=a>", "![a](", "[a](", "javascript:", "data:text/html,", ")",
    "](", "`", "```", "\n", "\n\n", "* ", "> ", "# ", "|", "|-|", "<", ">", '"', "'", "&lt;", "&#x6a;",
    "<a href=", "<!--", "-->", "[x]: ", "java\tscript:", "http://a.b", " ", "a", "<b", "\\", "~~", "**",
]  # fmt: skip


class Seen(HTMLParser):
    """What a browser would make of it."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def tags(text: str) -> list[tuple[str, dict[str, str | None]]]:
    seen = Seen()
    seen.feed(to_html(text))
    seen.close()
    return seen.tags


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join) | st.text(max_size=200))
def test_nothing_that_is_written_becomes_more_than_text(text: str) -> None:
    for tag, attributes in tags(text):
        assert tag in TAGS
        assert set(attributes) <= ({"href", "rel"} if tag == "a" else set())
        assert SCHEMES.match(attributes.get("href") or "")


@pytest.mark.parametrize(
    "text",
    [
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](&#106;avascript:alert(1))",
        "[x](java\tscript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](vbscript:x)",
        "<javascript:alert(1)>",
        "[x]\n\n[x]: javascript:alert(1)",
        '<a href="javascript:alert(1)">x</a>',
    ],
)
def test_a_link_that_would_run_is_no_link(text: str) -> None:
    assert [tag for tag, _ in tags(text) if tag == "a"] == []


def test_html_is_shown_as_it_was_typed() -> None:
    assert to_html("<b onclick=x>now</b>") == "<p>&lt;b onclick=x&gt;now&lt;/b&gt;</p>\n"


def test_no_image_is_fetched() -> None:
    assert [tag for tag, _ in tags("![a](https://spy.example/a.png)")] == ["p", "a"]


def test_headings_stand_below_those_of_the_page() -> None:
    assert [tag for tag, _ in tags("# a\n\n## b\n\n###### c")] == ["h4", "h5", "h6"]


def test_what_notes_are_made_of_is_rendered() -> None:
    text = "**a** *b* ~~c~~ `d`\n\n- e\n\n1. f\n\n> g\n\n```py\nh\n```\n\n|i|j|\n|-|-:|\n|k|l|\n\n[m](https://n.example)"
    expected = "p strong em s code ul li ol li blockquote p pre code table thead tr th th tbody tr td td p a"
    assert " ".join(tag for tag, _ in tags(text)) == expected
