"""What of a release's checklist is still to be done before it may ship to a tier. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

SETTLED = frozenset({"passed", "waived", "not_applicable"})
NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An item as the gate sees it. `tier` is the one it is asked for in; empty means every one."""

    key: str
    label: str
    outcome: str
    required: bool
    tier: str = ""

    @property
    def is_met(self) -> bool:
        """Passed, or a person said why it need not."""
        return self.outcome in SETTLED


@dataclass(frozen=True, slots=True)
class Standing:
    """How a checklist stands for one tier."""

    asked: tuple[Line, ...]
    unmet: tuple[Line, ...]

    @property
    def is_met(self) -> bool:
        """Whether nothing that is required is open or has failed."""
        return not self.unmet

    @property
    def sentence(self) -> str:
        """What is known, in one sentence."""
        if not self.asked:
            return "Nothing on its checklist is required here."
        if not self.unmet:
            return f"All {len(self.asked)} required items are done." if len(self.asked) > 1 else "It is done."
        failed = [line.label for line in self.unmet if line.outcome == "failed"]
        still_open = [line.label for line in self.unmet if line.outcome != "failed"]
        parts = [f"{_listed(failed)} failed"] if failed else []
        parts += (
            [f"{_listed(still_open)} {'are' if len(still_open) > 1 else 'is'} open"] if still_open else []
        )
        return f"{'; '.join(parts)}: {len(self.unmet)} of {len(self.asked)} required items."


def standing(lines: Iterable[Line], tier: str) -> Standing:
    """Choose what is required in this tier, and what of it is not met. Keeps the order given."""
    asked = tuple(line for line in lines if line.required and line.tier in {"", tier})
    return Standing(asked, tuple(line for line in asked if not line.is_met))


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:NAMED])
    return f"{shown} and {len(names) - NAMED} more" if len(names) > NAMED else shown
