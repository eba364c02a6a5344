"""How two plans differ, as a person reads a plan. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

from releasedesk.rollbacks.triggers import words

Kind = Literal["same", "removed", "added"]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the difference."""

    kind: Kind
    text: str


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Line]:
    """Compare two plans line by line; each has the fields of a plan's body, and `data_words`."""
    old, new = list(written(before)), list(written(after))
    found: list[Line] = []
    for tag, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            found += [Line("same", text) for text in old[i:j]]
        else:
            found += [Line("removed", text) for text in old[i:j]]
            found += [Line("added", text) for text in new[k:m]]
    return found


def is_equal(lines: Sequence[Line]) -> bool:
    """Whether the two say the same."""
    return all(line.kind == "same" for line in lines)


def written(plan: Mapping[str, Any]) -> Iterator[str]:
    """Write a plan out, a line each thing; steps bear no number, so that one more moves none."""
    for step in plan.get("steps") or ():
        yield f"Step: {step['instruction']}"
        yield from _step(step)
    for trigger in plan.get("triggers") or ():
        yield f"Go back when {words(trigger)}"
    if plan.get("data_words"):
        yield f"Data: {plan['data_words']}"
    if plan.get("data_note"):
        yield from (f"Data: {line}" for line in str(plan["data_note"]).splitlines())


def _step(step: Mapping[str, Any]) -> Iterator[str]:
    for name, before in (("command", "$ "), ("expected", "Expect: "), ("check", "Check: ")):
        if step.get(name):
            yield f"  {before}{step[name]}"
    if step.get("seconds"):
        yield f"  About {step['seconds']} s"
    if step.get("irreversible"):
        yield "  Cannot be undone"
