"""How notes are found by their words: PostgreSQL's full text, in a column that the database keeps itself."""

from __future__ import annotations

import re

from django.contrib.postgres.search import SearchHeadline, SearchQuery, SearchVector
from django.db.models import F, Func, TextField, Value
from django.db.models.functions import Left, NullIf
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

CONFIG = "english"
# A tsvector holds at most 1 MB, and PostgreSQL refuses the row beyond it. A character makes up to 9 bytes of
# it, so this much of each of seven parts always fits. What stands further down in a longer text is not found.
SEARCHED = 10_000
# The database's own `array_to_string` is not immutable, because it serves arrays of anything; of text it is.
# It also says paths without their slashes and in single words: `views.py` and `views` find `shop/views.py`.
CREATE_FILE_WORDS = """
    CREATE FUNCTION note_file_words(files varchar[]) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN array_to_string(files, ' ') || ' ' || translate(array_to_string(files, ' '), '/', ' ')
        || ' ' || translate(array_to_string(files, ' '), '/._-', '    ')
"""
DROP_FILE_WORDS = "DROP FUNCTION note_file_words(varchar[])"


def _words_of(names: str, weight: str) -> SearchVector:
    parts = [Left(name, SEARCHED) for name in names.split()]
    return SearchVector(*parts, config=CONFIG, weight=weight)


FILES = Left(Func("files_touched", function="note_file_words", output_field=TextField()), SEARCHED)
# Why and what came of it weigh most; the command and the files least.
DOCUMENT = (
    _words_of("reason metric_improved", "A")
    + _words_of("surprise follow_ups assumptions", "B")
    + _words_of("command_used", "C")
    + SearchVector(FILES, config=CONFIG, weight="C")
)


def asked_for(text: str) -> SearchQuery:
    """Read what was typed: words, "phrases", `or`, and `-` for what must not stand there."""
    return SearchQuery(Value(text), config=CONFIG, search_type="websearch")


# What stands around a hit, and between the words of a path, until it comes to the page. Who types these only
# marks a word.
APART, HIT, END = "\x01", "\x02", "\x03"
NOT_SHOWN = str.maketrans("", "", APART + HIT + END)
BETWEEN = " … "
HITS = re.compile(f"{HIT}([^{HIT}{END}]*){END}")
TOLD = ("reason", "metric_improved", "surprise", "follow_ups", "assumptions", "command_used")


def excerpt_for(text: str) -> SearchHeadline:
    """The few words around each hit, as the database cuts them: not yet fit for a page, see `highlighted`."""
    parts = [NullIf(Left(name, SEARCHED), Value("")) for name in TOLD]
    files = Left(
        NullIf(Func(F("files_touched"), Value(" "), function="array_to_string"), Value("")), SEARCHED
    )
    words = Func(
        files, Value("([/._-])"), Value(rf"\1{APART}"), Value("g"), function="regexp_replace"
    )  # `basket/views.py` is one word to the database, and a hit in it could not be marked
    told = Func(Value("\n"), *parts, files, words, function="concat_ws", output_field=TextField())
    return SearchHeadline(
        told,
        asked_for(text),
        config=CONFIG,
        start_sel=HIT,
        stop_sel=END,
        max_words=24,
        min_words=10,
        short_word=0,  # type: ignore[arg-type] # a number, whatever the stubs say; the end of `views.py` is short
        max_fragments=2,
        fragment_delimiter=BETWEEN,
    )


def highlighted(excerpt: str) -> SafeString:
    """Mark the hits of an excerpt; everything else in it is text."""
    pieces = HITS.split(excerpt)  # text, hit, text, hit, …, text
    shown = (
        (format_html("<mark>{}</mark>" if index % 2 else "{}", piece.translate(NOT_SHOWN)),)
        for index, piece in enumerate(pieces)
    )
    return format_html_join("", "{}", shown)
