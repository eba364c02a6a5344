"""Notes are Markdown (CommonMark with tables), and what comes out of it cannot harm who reads it.

Two barriers, either of which would do: the parser takes no HTML, no images and no scripts as links; the
sanitiser lets through only what is listed here, without a class, a style or an event.
"""

from __future__ import annotations

import nh3
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt

# Headings of a note stand below the page's own three levels.
LEVELS_DOWN = 3
LOWEST = 6
TAGS = set(
    "p br hr a em strong s code pre blockquote ul ol li h4 h5 h6 table thead tbody tr th td".split()  # noqa: SIM905 - reads as the list it is
)
# Images are left out: a foreign one would tell its server who reads the note.
PARSER = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable("image")


def to_html(text: str) -> SafeString:
    """Render Markdown as HTML that may stand on a page as it is."""
    tokens = PARSER.parse(text)
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(int(token.tag[1]) + LEVELS_DOWN, LOWEST)}"
    html = PARSER.renderer.render(tokens, PARSER.options, {})
    clean = nh3.clean(
        html,
        tags=TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
    return SafeString(clean)
