"""May it ship? The answer for one release and one environment, the same for people and machines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from releasedesk.catalog.models import Environment
from releasedesk.releases.models import GateAnswer, Release
from releasedesk.releases.one_change import Size
from releasedesk.reports.gates.decide import Condition, Decision, decide, mode_of, suffices
from releasedesk.reports.gates.fixes import fix_path
from releasedesk.reports.gates.read import Then, read
from releasedesk.reports.gates.table import missing


@dataclass(frozen=True, slots=True)
class Gate:
    """A decision with what it is about. `awaits_second` are gates whose override still needs another lead.

    `size` is how much the release changes.
    """

    release: Release
    environment: Environment
    decision: Decision
    awaits_second: frozenset[str]
    size: Size

    @property
    def is_open(self) -> bool:
        """Whether it may ship."""
        return self.decision.is_open

    @property
    def sentence(self) -> str:
        """The answer in one sentence."""
        slug, place = self.release.service.slug, self.environment.name
        unmet = [condition.label for condition in self.decision.unmet]
        what = f"{slug} {self.release.version}"
        if not unmet:
            return f"{what} may ship to {place}."
        return f"{what} may not ship to {place} yet: {missing(unmet)}."

    def conditions_json(self) -> list[dict[str, Any]]:
        """The conditions as they are kept; `fix` is a path."""
        return [self._condition(condition) for condition in self.decision.conditions]

    def _condition(self, condition: Condition) -> dict[str, Any]:
        return {
            "key": condition.key,
            "label": condition.label,
            "level": condition.level,
            "state": condition.state,
            "detail": condition.detail,
            "fix": fix_path(condition.fix, self.release.service.slug, self.release.version),
        }

    def as_json(self, absolute: Callable[[str], str]) -> dict[str, Any]:
        """The answer of DESIGN §5.5."""
        return {
            "open": self.is_open,
            "service": self.release.service.slug,
            "version": self.release.version,
            "environment": self.environment.name,
            "mode": self.decision.mode.value,
            "sentence": self.sentence,
            "conditions": conditions_json(self.conditions_json(), absolute),
            "overrides": [
                {
                    "gate": voice.gate,
                    "by": voice.by,
                    "at": voice.at.isoformat().replace("+00:00", "Z"),
                    "reason": voice.reason,
                    "awaits_second": voice.gate in self.awaits_second,
                }
                for voice in self.decision.voices
            ],
        }


def gate(release: Release, environment: Environment, *, now: datetime, then: Then | None = None) -> Gate:
    """Answer as it stands now or, for a deployment that has happened, as it stood when that began."""
    reading = read(release, environment, now=now, then=then)
    mode = mode_of(reading.rank, reading.live_rank) if then is None else mode_of(None, None)
    decision = decide(reading.facts, reading.rules, reading.voices, mode=mode, own=reading.own)
    given: dict[str, set[str]] = {}
    for voice in reading.voices:
        given.setdefault(voice.gate, set()).add(voice.by)
    waiting = frozenset(
        key
        for key, leads in given.items()
        if not suffices(leads, reading.own, four_eyes=reading.rules.four_eyes)
    )
    return Gate(release, environment, decision, waiting, reading.facts.size)


def conditions_json(kept: list[dict[str, Any]], absolute: Callable[[str], str]) -> list[dict[str, Any]]:
    """Kept conditions with full addresses."""
    return [{**one, "fix": absolute(one["fix"]) if one["fix"] else None} for one in kept]


def answer_json(kept: GateAnswer, absolute: Callable[[str], str]) -> dict[str, Any]:
    """A kept answer, as it was given."""
    return {
        "id": kept.pk,
        "open": kept.is_open,
        "mode": kept.mode,
        "asked_at": kept.asked_at.isoformat().replace("+00:00", "Z"),
        "asked_by": kept.asked_by,
        "conditions": conditions_json(kept.conditions, absolute),
    }
