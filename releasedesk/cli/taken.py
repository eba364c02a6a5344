"""What was measured of one route, whoever measured it, on its way to a snapshot."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from releasedesk.cli.load import Measurement, Plan
from releasedesk.cli.summary import Summary
from releasedesk.results import Reading

LATE_MS = 10.0  # a thread that wakes up is later than it asked for by less than this, even on a busy machine


@dataclass(frozen=True)
class Taken:
    """One side of one route. `form` is the part of a snapshot body that holds the numbers.

    `label` tells two sides of one route apart; `notes` go with the snapshot, for whoever reads it later.
    """

    route: str
    phase: str | None
    summary: Summary
    form: dict[str, Any]
    taken_from: datetime
    taken_until: datetime
    notes: Sequence[str] = field(default_factory=tuple)
    label: str = ""

    @property
    def name(self) -> str:
        """For the eye."""
        return f"{self.route} ({self.label})" if self.label else self.route

    def as_json(self) -> dict[str, Any]:
        """Give what `--json` says of it."""
        return {
            "route": self.route,
            "phase": self.phase,
            "summary": self.summary.as_json(),
            "notes": list(self.notes),
        }


def measured(
    plan: Plan, measurements: Sequence[Measurement], phases: Sequence[str | None], notes: Sequence[str]
) -> list[Taken]:
    """Give what was sent, one for each target that was reached at all."""
    return [
        Taken(
            target.route,
            phase,
            Summary.of(measurement),
            {"requests": measurement.columns()},
            measurement.taken_from,
            measurement.taken_until,
            notes=[*pace(plan, measurement), *notes],
        )
        for target, phase, measurement in zip(plan.targets, phases, measurements, strict=True)
        if measurement.answered
    ]


def read(
    route: str,
    phase: str | None,
    reading: Reading,
    window: tuple[datetime, datetime],
) -> Taken:
    """Give what another tool measured."""
    first, last = window
    notes = [f"Read from {reading.tool}.", *reading.notes]
    return Taken(route, phase, Summary.of_reading(reading), reading.form(), first, last, notes)


def pace(plan: Plan, measurement: Measurement) -> list[str]:
    """Say how the requests were sent, for it decides what the times mean."""
    said = []
    if plan.rate is None:
        said.append(
            f"Closed loop, {plan.concurrency} at a time: waiting in a queue is not seen (--rate sees it)."
        )
    else:
        said.append(
            f"Open loop, {plan.rate:g} requests a second: each time counts from when its request was due, "
            "so a stall counts for all who would have waited (no coordinated omission)."
        )
        late = [answer.late_ms for answer in measurement.answers if answer.late_ms > LATE_MS]
        if late:
            said.append(
                f"{len(late):,} of {len(measurement.answers):,} were sent over {LATE_MS:.0f} ms after they "
                f"were due, at most {max(late):,.0f} ms: all {plan.concurrency} connections or this machine "
                "were busy. That wait is in their times."
            )
    if plan.warm_up:
        said.append(f"After {plan.warm_up:,} warm-up requests, which do not count.")
    return said
