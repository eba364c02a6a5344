"""How a run goes, and what to do next, in every way that is not the plan's. Pure and without Django."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from releasedesk.releases.history import Status
from releasedesk.rollbacks.wording import duration, moment

LEFT_OPEN_AFTER = timedelta(hours=1)


class Word(StrEnum):
    """What is said of a run, the most urgent first."""

    SHIPPED_OVER = "shipped_over"
    TARGET_FAILED = "target_failed"
    TARGET_LOST = "target_lost"
    LEFT_OPEN = "left_open"
    ALL_TICKED = "all_ticked"
    DEPLOYING = "deploying"
    STEPS_LEFT = "steps_left"
    NOT_REPORTED = "not_reported"


@dataclass(frozen=True, slots=True)
class Attempt:
    """The last deployment of the target since the run began."""

    status: Status
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """All there is to know. `live` is what is live now, `another` the next release to go back to instead."""

    now: datetime
    started_at: datetime
    left: str
    target: str
    running: bool
    restored: bool
    live: str | None
    live_since: datetime | None
    attempt: Attempt | None
    another: str | None
    steps: int
    ticked: int


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do next. `to` names the release to go back to instead, where that helps."""

    word: Word
    urgent: bool
    detail: str
    to: str | None = None


def next_steps(course: Course) -> list[Advice]:
    """Say what to do next, the most urgent first; nothing where the steps themselves say it."""
    return [*(_while_it_runs(course) if course.running else _afterwards(course))]


def _while_it_runs(c: Course) -> Iterator[Advice]:
    if c.live not in {c.left, c.target, None} and c.live_since and c.live_since >= c.started_at:
        yield Advice(
            Word.SHIPPED_OVER,
            True,
            f"{c.live} went live on {moment(c.live_since)}, after this rollback began. Agree with whoever "
            f"shipped it: either end this one as stopped, or deploy {c.target} again.",
        )
    if c.attempt:
        yield from _of_attempt(c, c.attempt)
    if c.now - c.started_at > LEFT_OPEN_AFTER:
        yield Advice(
            Word.LEFT_OPEN,
            True,
            f"This rollback has been open for {duration((c.now - c.started_at).total_seconds())}. "
            "If it is over, say so: done or stopped.",
        )
    if c.steps and c.ticked >= c.steps:
        yield Advice(
            Word.ALL_TICKED,
            False,
            f"All steps are ticked, and nobody has reported {c.target} as live yet. Look whether it is, "
            "then end the rollback as done.",
        )


def _of_attempt(c: Course, attempt: Attempt) -> Iterator[Advice]:
    at = moment(attempt.at)
    if attempt.status is Status.STARTED:
        yield Advice(Word.DEPLOYING, False, f"{c.target} is being deployed, since {at}.")
    elif attempt.status is Status.FAILED:
        yield Advice(
            Word.TARGET_FAILED, True, f"The deployment of {c.target} failed on {at}. {_or_else(c)}", c.another
        )
    elif attempt.status is Status.LOST:
        began = f"A deployment of {c.target} began on {at} and was never heard of again."
        yield Advice(Word.TARGET_LOST, True, f"{began} {_or_else(c)}", c.another)


def _or_else(c: Course) -> str:
    if c.another:
        return (
            "Read what it said and run its step again. If that version cannot be had any more, "
            f"go back to {c.another} instead."
        )
    return (
        "Read what it said and run its step again. The desk knows no older good release: if that version "
        "cannot be had any more, build it again from its commit, or ship a fix forward."
    )


def _afterwards(c: Course) -> Iterator[Advice]:
    if not c.restored:
        yield Advice(
            Word.NOT_REPORTED,
            False,
            f"Somebody said that {c.target} is live again, and nobody has reported it: the desk still counts "
            f"{c.live or c.left} as live. Let CI report the deployment of {c.target}.",
        )
    left = c.steps - c.ticked
    if c.restored and c.ticked and left > 0:
        steps = "1 step is" if left == 1 else f"{left} steps are"
        yield Advice(Word.STEPS_LEFT, False, f"{c.live or c.target} is live. {steps} not ticked yet.")
