"""How much a release changes: one thing, or several that nobody will be able to tell apart afterwards. Pure.

Plain rules, said plainly; they count, they do not understand. A wrong guess costs a warning, never a refusal.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

MOST_COMMITS = 10
SHOWN = 3
# What always separates: a new line (with or without bullet or number), a semicolon, "as well as", "plus".
SEPARATES = re.compile(
    r"\s*(?:\r?\n|;)\s*(?:[-*•]\s+|\(?\d{1,2}[.)]\s+)?|\s*[,;]?\s+(?:as well as|plus|and also|and then)\s+",
    re.IGNORECASE,
)
BULLET = re.compile(r"^\s*(?:[-*•]|\(?\d{1,2}[.)])\s+")
# What may separate: it does where a word for doing and its object follow. "Search and replace" is one thing.
MAY_SEPARATE = re.compile(r"\s*,\s*(?:and\s+)?|\s+(?:and|&|\+)\s+", re.IGNORECASE)
DOING = re.compile(
    r"""(?: add | allow | bump | cach | chang | convert | creat | delet | disabl | drop |
    enabl | extract | fix | improv | index | introduc | limit | log | migrat | mov | rais |
    reduc | refactor | remov | renam | replac | reset | rewrit | set | simplif | split |
    stop | switch | tun | turn | updat | upgrad | us | validat )
    [gpt]? (?: e | es | ed | s | ing | y | ies | ied )? \s+ \S""",
    re.IGNORECASE | re.VERBOSE,
)
MIGRATION = re.compile(r"(^|/)(migrations?|alembic/versions|db/migrate)/(?!__init__\.py$)[^/]+\.(py|sql|rb)$")
CODE = re.compile(
    r"\.(py|pyi|pyx|js|jsx|ts|tsx|mjs|go|rs|java|kt|rb|php|c|cc|cpp|h|cs|swift|scala|sql|html|css|sh)$"
)
TESTS = re.compile(r"(^|/)(tests?|spec)/|(^|/)(test_[^/]*|conftest)\.py$|_test\.\w+$|\.(test|spec)\.\w+$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a release. `settings` are the names that differ from what was live before."""

    change: str = ""
    commits: int = 0
    files: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    most_commits: int = MOST_COMMITS


@dataclass(frozen=True, slots=True)
class Size:
    """How large it is, and what about that makes it more than one change, each in a plain sentence."""

    things: tuple[str, ...]
    commits: int
    files: int
    migrations: tuple[str, ...]
    settings: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def is_one(self) -> bool:
        """Whether nothing speaks for more than one change."""
        return not self.warnings

    @property
    def words(self) -> str:
        """The size in a line: "1 change · 3 commits · 12 files · 1 migration"; only what there is."""
        counts = (
            (len(self.things), "change"),
            (self.commits, "commit"),
            (self.files, "file"),
            (len(self.migrations), "migration"),
            (len(self.settings), "setting"),
        )
        return " · ".join(f"{count} {name}{'' if count == 1 else 's'}" for count, name in counts if count)


def size(facts: Facts) -> Size:
    """Count what a release changes and say what of it is more than one thing."""
    things = things_in(facts.change)
    migrations = tuple(path for path in facts.files if MIGRATION.search(path))
    code = [path for path in facts.files if _is_code(path)]
    return Size(
        things,
        facts.commits,
        len(facts.files),
        migrations,
        facts.settings,
        tuple(_warnings(facts, things, migrations, code)),
    )


def things_in(change: str) -> tuple[str, ...]:
    """The things a text says are changed. Doubtful words separate only before a word for doing."""
    found: list[str] = []
    for part in SEPARATES.split(change.strip()):
        found += _doings(BULLET.sub("", part.strip(" \t.,:")))
    return tuple(thing for thing in found if thing)


def _doings(text: str) -> list[str]:
    """Split at "and" and commas where what follows says to do something, and with what."""
    parts, begins = [], 0
    for match in MAY_SEPARATE.finditer(text):
        if match.start() > 0 and DOING.match(text, match.end()):
            parts.append(text[begins : match.start()])
            begins = match.end()
    return [*parts, text[begins:]]


def _is_code(path: str) -> bool:
    return bool(CODE.search(path)) and not MIGRATION.search(path) and not TESTS.search(path)


def _warnings(
    facts: Facts, things: tuple[str, ...], migrations: tuple[str, ...], code: list[str]
) -> Iterable[str]:
    if len(things) > 1:
        yield f"It reads like {len(things)} changes: {_quoted(things)}. One of them is one release."
    if facts.commits > facts.most_commits:
        yield f"It holds {facts.commits} commits; more than {facts.most_commits} are hard to tell apart."
    if migrations and code:
        yield f"It migrates data and changes code: {_named(migrations)} beside {_named(code)}."
    if facts.settings and code:
        verb = "changes" if len(facts.settings) == 1 else "change"
        yield f"A setting and code change at once: {_named(facts.settings)} {verb} beside {_named(code)}."


def _quoted(things: tuple[str, ...]) -> str:
    shown = ", ".join(f"“{thing[:80]}”" for thing in things[:SHOWN])
    return f"{shown} and {len(things) - SHOWN} more" if len(things) > SHOWN else shown


def _named(names: Iterable[str]) -> str:
    first, *others = names
    return f"{first} and {len(others)} more" if others else first
