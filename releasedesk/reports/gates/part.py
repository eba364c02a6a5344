"""The gate as a release's page shows it: what stands between the release and the place nearest to users."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from releasedesk.catalog.models import Environment
from releasedesk.releases.history import Mode
from releasedesk.releases.models import Deployment, GateAnswer, Override, Passage, Release
from releasedesk.releases.one_change import Size
from releasedesk.reports.gates.answer import Gate, gate
from releasedesk.reports.gates.fixes import fix_path
from releasedesk.reports.gates.table import BY_KEY
from releasedesk.reports.wording import Mark

ANSWERS = 5
MARKS = {
    ("met", "required"): Mark("good", "tick", "met"),
    ("met", "advisory"): Mark("good", "tick", "met"),
    ("overridden", "required"): Mark("warn", "tick", "overridden"),
    ("overridden", "advisory"): Mark("warn", "tick", "overridden"),
    ("unmet", "required"): Mark("bad", "cross", "stops it"),
    ("unmet", "advisory"): Mark("warn", "ask", "advised"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One condition of the list."""

    key: str
    label: str
    question: str
    detail: str
    fix: str | None
    mark: Mark


@dataclass(frozen=True, slots=True)
class Said:
    """An override as it stays on the page for ever."""

    override: Override
    label: str
    awaits_second: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GatePart:
    """All that the part shows.

    `passed` is how the release last went there; then `lines` are of that time, else of now. `stopping` are
    the gates a lead could override, by key and label.
    """

    environment: Environment
    is_open: bool
    sentence: str
    lines: tuple[Line, ...]
    stopping: tuple[tuple[str, str], ...]
    said: tuple[Said, ...]
    answers: tuple[GateAnswer, ...]
    passed: Passage | None
    size: Size

    @property
    def is_waiting(self) -> bool:
        """Whether the release is still to go there."""
        return self.passed is None


def gate_part(
    release: Release,
    environment: Environment,
    deployments: Sequence[Deployment],
    overrides: Iterable[Override],
    answers: Iterable[GateAnswer],
    *,
    now: datetime,
) -> GatePart:
    """Ask the gate in three queries; the rest is given: what happened to the release, the newest first.

    `deployments` come with their passages.
    """
    passed = _passed(release, environment, deployments)
    found = gate(release, environment, now=now)
    return GatePart(
        environment=environment,
        is_open=passed.is_open if passed else found.is_open,
        sentence=_sentence(found, passed),
        lines=tuple(_kept_lines(passed.conditions) if passed else _lines(found)),
        stopping=tuple((condition.key, condition.label) for condition in found.decision.unmet),
        said=tuple(
            Said(
                row,
                BY_KEY[row.gate].label if row.gate in BY_KEY else row.gate,
                row.gate in found.awaits_second,
            )
            for row in overrides
            if row.environment_id == environment.pk
        ),
        answers=tuple(row for row in answers if row.environment_id == environment.pk)[:ANSWERS],
        passed=passed,
        size=found.size,
    )


def _passed(release: Release, environment: Environment, deployments: Sequence[Deployment]) -> Passage | None:
    """How it went there, while it stands there: what was taken back has to pass anew."""
    here = [row for row in deployments if row.environment_id == environment.pk]
    for row in here:
        if row.release_id != release.pk:
            return None
        if row.mode == Mode.FORWARD:
            return getattr(row.finish, "passage", None)
    return None


def _sentence(found: Gate, passed: Passage | None) -> str:
    place = found.environment.name
    if passed is None:
        return found.sentence
    if passed.is_open:
        return f"It went to {place} through the gate."
    return f"It was shipped to {place} past the gate. What was missing is marked."


def _lines(found: Gate) -> Iterable[Line]:
    slug, version = found.release.service.slug, found.release.version
    for one in found.decision.conditions:
        fix = fix_path(one.fix, slug, version)
        yield Line(one.key, one.label, one.question, one.detail, fix, MARKS[one.state, one.level])


def _kept_lines(conditions: Iterable[dict[str, Any]]) -> Iterable[Line]:
    """What is over cannot be mended: no links."""
    for one in conditions:
        question = BY_KEY[one["key"]].question if one["key"] in BY_KEY else ""
        was_missing = (one["state"], one["level"]) == ("unmet", "required")
        mark = Mark("bad", "cross", "was missing") if was_missing else MARKS[one["state"], one["level"]]
        yield Line(one["key"], one["label"], question, one["detail"], None, mark)
