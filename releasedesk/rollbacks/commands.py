r"""Command templates: six names in braces, filled in so that a shell takes every value as plain text.

`{name}`, `{{name}}` and `{{ name }}` stand for a value. Everything else is the shell's own and is kept to the
letter: `${VAR}`, `$(...)`, `{}`, `{a,b}`, `{.items}`, `{print $1}`, `@{upstream}`, and `\{word}`.

A value is never trusted, for CI reports versions and commits. `shlex.quote` makes one word of it where no
quote is open; inside "..." its quotes would be text and the value would be run. So the template is read as
the shell reads it: an open quote is closed before the value and opened again after it. From the first `$(`,
backtick and the like on, only a shell knows what is quoted: there only a plain value is written.

What is read twice (`ssh host "deploy {version}"`, `sh -c`, `eval`) no quoting can guard. There it must be the
boundary that admits only plain versions and commits. Pure and without Django.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from shlex import quote

NAMES = ("service", "environment", "version", "target_version", "commit", "target_commit")

# Letters and marks that no shell reads as anything but themselves, wherever they stand.
_PLAIN = re.compile(r"[\w@%+=:,./-][\w@%+=:,./~-]*", re.ASCII)

_PLACEHOLDER = r"\{\{\s*(?P<double>[A-Za-z_]\w*)\s*\}\} | \{(?P<single>[A-Za-z_]\w*)\}"
# Braces of the shell, of CI expressions, of git, and words that awk, Go and kubectl put alone into braces.
_THEIRS = (
    rf"\$\{{\w+\}} | \$\{{\{{.*?\}}\}} | @\{{(?!(?:{'|'.join(NAMES)})\}})\w+\}} "
    r"| \{(?:print|next|exit)\} | \{\{?(?:else|end|break|continue)\}\}?"
)
_ESCAPED = r"\\."
_COMMENT = r"(?<![^\s;&|(])\#[^\n]*"
_NESTED = r"(?P<nested> \$[({] | ` | \(\( | \[\[ | << | [<>]\( )"

# What means something to the shell, by the quote that is open. Once nested, quotes are not followed any more.
_TOKENS = {
    opened: re.compile(" | ".join(patterns), re.VERBOSE | re.DOTALL)
    for opened, patterns in {
        "": (_ESCAPED, _COMMENT, _THEIRS, _NESTED, r"(?P<quote>\$'|['\"])", _PLACEHOLDER),
        '"': (_ESCAPED, _THEIRS, r"(?P<nested>\$[({]|`)", r"(?P<quote>\")", _PLACEHOLDER),
        "'": (_THEIRS, r"(?P<quote>')", _PLACEHOLDER),
        "$'": (_ESCAPED, _THEIRS, r"(?P<quote>')", _PLACEHOLDER),
        "nested": (_THEIRS, _PLACEHOLDER),
    }.items()
}


@dataclass(frozen=True, slots=True)
class Finished:
    """A command with its values. A name in `missing` had none that may stand there; its placeholder stays."""

    command: str
    missing: tuple[str, ...] = ()


def finish(template: str, values: Mapping[str, str | None]) -> Finished:
    """Fill in the six names. None and the empty text are missing values, for none of the six can be empty."""
    parts: list[str] = []
    missing: list[str] = []
    for text, name, opened in _pieces(template):
        value = values.get(name) if name in NAMES else None
        written = _written(value, opened) if value else None
        parts.append(text if written is None else written)
        if name in NAMES and written is None:
            missing.append(name)
    return Finished("".join(parts), tuple(dict.fromkeys(missing)))


def undefined(template: str) -> list[str]:
    """Find `{word}` that is none of the six: each once, with the nearest name that is."""
    names = dict.fromkeys(name for _, name, _ in _pieces(template) if name)
    return [_with_nearest(name) for name in names if name not in NAMES]


def literal_versions(template: str, versions: Iterable[str]) -> list[str]:
    """Find known versions written out where `{version}` or `{target_version}` should stand, in their order.

    Only whole ones: not 1.2 in 1.2.3. Very short ones and small numbers are not looked for, as in `sleep 30`.
    """
    known = sorted({v for v in versions if not re.fullmatch(r".{0,2}|\d{1,4}", v)}, key=len, reverse=True)
    if not known:
        return []
    either = "|".join(map(re.escape, known))
    whole = rf"(?<![A-Za-z0-9])(?<![0-9][.+~-])(?:v(?=\d))?({either})(?![A-Za-z0-9]|[.+~-][0-9])"
    return list(dict.fromkeys(re.findall(whole, template)))


def _written(value: str, opened: str) -> str | None:
    """Write a value as plain text where `opened` is the open quote; None where that cannot be done safely."""
    if not opened:
        return quote(value)
    if _PLAIN.fullmatch(value):
        return value
    return None if opened == "nested" else f"{opened[-1]}{quote(value)}{opened}"


def _with_nearest(name: str) -> str:
    near = get_close_matches(name, NAMES, n=1)
    return f"{{{name}}} (did you mean {{{near[0]}}}?)" if near else f"{{{name}}}"


def _pieces(template: str) -> Iterator[tuple[str, str, str]]:
    """Split a template: a text, the name it stands for ("" for none), and the quote that is open there."""
    opened, done, position = "", 0, 0
    while token := _TOKENS[opened].search(template, position):
        position = token.end()
        if token.lastgroup == "nested":
            opened = "nested"
        elif token.lastgroup == "quote":
            opened = "" if opened else token[0]
        elif token.lastgroup:
            yield template[done : token.start()], "", opened
            yield token[0], token[token.lastgroup], opened
            done = position
    yield template[done:], "", opened
