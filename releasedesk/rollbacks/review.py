"""What a careful colleague would ask about a plan while it is written. Pure; nothing here refuses a plan.

What can be said only of the text is said: whether a command works, only the rehearsal tells.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from releasedesk.rollbacks.commands import NAMES, finish, literal_versions, undefined


@dataclass(frozen=True, slots=True)
class Remark:
    """One question. `at` is the path of what it is about (`steps/0/command`), "" for the whole plan."""

    at: str
    code: str
    words: str


@dataclass(frozen=True, slots=True)
class _Step:
    """One step as it is being typed: any of it may still be missing."""

    number: int
    command: str
    check: str
    expected: str
    irreversible: bool

    def remark(self, name: str, code: str, words: str) -> Remark:
        return Remark(f"steps/{self.number - 1}/{name}", code, f"Step {self.number} {words}")


def review(
    plan: Mapping[str, Any], *, versions: Iterable[str] = (), irreversible_release: bool = False
) -> list[Remark]:
    """Say what is missing or unsafe, step by step, then of the whole.

    `plan` has the fields of a plan's body, typed or stored; `versions` are the service's known ones.
    `irreversible_release` says that the release has a migration that cannot be undone.
    """
    steps = list(_steps(plan.get("steps")))
    known = tuple(versions)
    found = [remark for step in steps for rule in STEP_RULES for remark in rule(step)]
    found += [remark for step in steps for remark in _names_a_version(step, known)]
    if irreversible_release:
        found += [remark for step in steps for remark in _migrates_over_the_point_of_no_return(step)]
    return [*found, *_of_the_whole(plan, steps)]


def _steps(rows: Any) -> Iterator[_Step]:
    for number, row in enumerate(rows if isinstance(rows, Sequence) else (), start=1):
        if isinstance(row, Mapping) and any(_text(row, name) for name in ("instruction", "command", "check")):
            yield _Step(
                number=number,
                command=_text(row, "command"),
                check=_text(row, "check"),
                expected=_text(row, "expected"),
                irreversible=row.get("irreversible") in {True, "true", "on"},
            )


def _text(row: Mapping[str, Any], name: str) -> str:
    return str(row.get(name) or "").strip()


def _is_undefined(step: _Step) -> Iterator[Remark]:
    for wrong in undefined(step.command):
        words = f"uses {wrong}, which stands for nothing. These do: {', '.join(NAMES)}."
        yield step.remark("command", "undefined", words)


def _names_a_version(step: _Step, versions: Sequence[str]) -> Iterator[Remark]:
    for version in literal_versions(step.command, versions):
        words = (
            f"has {version} written out. It is right this once; "
            "{target_version} is what it goes back to each time."
        )
        yield step.remark("command", "literal_version", words)


_READ_TWICE = re.compile(r"(?:^|[\s;&|(])(?:(?:ba|da|z)?sh\s+(?:-\w+\s+)*-\w*c|eval|ssh\s)(?P<rest>.*)")
_HOSTILE = dict.fromkeys(NAMES, "a b$(c)")


def _is_read_as_code(step: _Step) -> Iterator[Remark]:
    """Find where a value that CI reported could be run, or can only be written if it is plain."""
    twice = _READ_TWICE.search(step.command)
    if twice and finish(twice["rest"], _HOSTILE).command != twice["rest"]:
        words = "hands a value to a second shell, which reads it again. Let a script on that side take it."
        yield step.remark("command", "read_twice", words)
        return
    for name in finish(step.command, _HOSTILE).missing:
        words = (
            f"has {{{name}}} inside $(…) or backticks, where only a plain value can be written; "
            "any other must be typed by hand. Take it out of there."
        )
        yield step.remark("command", "nested", words)


_BACKWARDS = re.compile(
    r"\b(?:manage\.py|django-admin)\s+migrate\s+[a-z_]\w*\s+\S+|\balembic\b.*\bdowngrade\b", re.IGNORECASE
)


def _migrates_backwards(step: _Step) -> Iterator[Remark]:
    if _BACKWARDS.search(step.command) and not step.irreversible:
        words = (
            "takes a migration back. `releasedesk migrations --since TAG` tells whether that is possible "
            "and what it loses; if it cannot be undone, tick it."
        )
        yield step.remark("command", "migrates_backwards", words)


def _migrates_over_the_point_of_no_return(step: _Step) -> Iterator[Remark]:
    if _BACKWARDS.search(step.command):
        words = "takes a migration back, and this release has one that cannot be undone: it will stop there."
        yield step.remark("command", "past_point_of_no_return", words)


_DESTROYS = re.compile(
    r"\brm\s+-\w*[rf]|\bdrop\s+(?:table|database|schema|column)\b|\btruncate\b|\bdelete\s+from\b|\bflushall\b"
    r"|\bkubectl\s.*\bdelete\b|\bterraform\s.*\bdestroy\b|\bgit\s.*push\s.*(?:-f\b|--force\b)",
    re.IGNORECASE,
)


def _destroys(step: _Step) -> Iterator[Remark]:
    if _DESTROYS.search(step.command) and not step.irreversible:
        yield step.remark(
            "irreversible", "destroys", "looks as if it cannot be undone, and is not marked so."
        )


_SECRET = re.compile(
    r"(?i)\b(?:password|passwd|token|secret|api_?key)\s*[=:]\s*['\"]?(?![$<{*])[^\s'\"]{4,}"
    r"|://[^\s/:@$]+:[^\s/@$]{3,}@|\bghp_\w{16,}|\bglpat-[\w-]{16,}|\bAKIA[0-9A-Z]{16}\b"
)


def _holds_a_secret(step: _Step) -> Iterator[Remark]:
    if _SECRET.search(step.command):
        words = "seems to hold a secret. Everybody may read a plan: name a variable of the shell instead."
        yield step.remark("command", "secret", words)


def _is_unchecked(step: _Step) -> Iterator[Remark]:
    if not step.check and not step.expected:
        yield step.remark("check", "unchecked", "does not say how to see that it worked.")


STEP_RULES: Sequence[Callable[[_Step], Iterator[Remark]]] = (
    _is_undefined,
    _is_read_as_code,
    _migrates_backwards,
    _destroys,
    _holds_a_secret,
    _is_unchecked,
)


def _of_the_whole(plan: Mapping[str, Any], steps: Sequence[_Step]) -> Iterator[Remark]:
    if not steps:
        yield Remark("steps", "no_steps", "There is no step yet.")
        return
    if not any("target" in step.command for step in steps):
        words = "No command names {target_version}: how does it know what to go back to?"
        yield Remark("steps", "no_target", words)
    if not any(_has_bound(row) for row in plan.get("triggers") or ()):
        yield Remark("triggers", "no_trigger", "No trigger says when to go back.")
    if not plan.get("data"):
        yield Remark("data", "no_data", "It does not say what happens to the data.")


def _has_bound(row: Any) -> bool:
    return isinstance(row, Mapping) and any(row.get(name) not in (None, "") for name in ("above", "below"))
