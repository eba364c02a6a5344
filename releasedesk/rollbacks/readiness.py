"""Can we go back? Ready, or every reason why not, the worst first. Pure and without Django.

Blocking means that you cannot go back, or that nobody wrote down how. Everything after `no_steps` is a risk:
the steps are there and may be followed. That holds for `irreversible_step` too: what cannot be undone is
the step back, not the release, so it is a reason to think first and not one that stops.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from releasedesk.rollbacks.wording import duration, listed, moment


class Code(StrEnum):
    """The reasons, the worst first."""

    NEVER_DEPLOYED = "never_deployed"
    NO_TARGET = "no_target"
    PAST_POINT_OF_NO_RETURN = "past_point_of_no_return"
    NO_PLAN = "no_plan"
    NO_STEPS = "no_steps"
    NO_OWNER = "no_owner"
    NO_TRIGGER = "no_trigger"
    IRREVERSIBLE_STEP = "irreversible_step"
    REHEARSAL_FAILED = "rehearsal_failed"
    NOT_REHEARSED = "not_rehearsed"
    REHEARSAL_STALE = "rehearsal_stale"
    DEPLOYMENT_RUNNING = "deployment_running"


class Severity(StrEnum):
    """How much a reason weighs."""

    BLOCKING = "blocking"
    RISK = "risk"


class Fix(StrEnum):
    """Where a reason is mended. A door turns it into its own address."""

    DEPLOYMENTS = "deployments"
    ROLLBACK = "rollback"
    ROLLBACK_PLAN = "rollback-plan"
    REHEARSALS = "rehearsals"


_WEIGHT_AND_FIX = {
    Code.NEVER_DEPLOYED: (Severity.BLOCKING, Fix.DEPLOYMENTS),
    Code.NO_TARGET: (Severity.BLOCKING, Fix.ROLLBACK),
    Code.PAST_POINT_OF_NO_RETURN: (Severity.BLOCKING, Fix.ROLLBACK),
    Code.NO_PLAN: (Severity.BLOCKING, Fix.ROLLBACK_PLAN),
    Code.NO_STEPS: (Severity.BLOCKING, Fix.ROLLBACK_PLAN),
    Code.NO_OWNER: (Severity.RISK, Fix.ROLLBACK_PLAN),
    Code.NO_TRIGGER: (Severity.RISK, Fix.ROLLBACK_PLAN),
    Code.IRREVERSIBLE_STEP: (Severity.RISK, Fix.ROLLBACK_PLAN),
    Code.REHEARSAL_FAILED: (Severity.RISK, Fix.REHEARSALS),
    Code.NOT_REHEARSED: (Severity.RISK, Fix.REHEARSALS),
    Code.REHEARSAL_STALE: (Severity.RISK, Fix.REHEARSALS),
    Code.DEPLOYMENT_RUNNING: (Severity.RISK, Fix.DEPLOYMENTS),
}


@dataclass(frozen=True, slots=True)
class PlanBrief:
    """What readiness needs of a plan. `has_owner` counts the release's and the service's owner too."""

    version: int
    steps: int
    triggers: int
    has_owner: bool
    irreversible_steps: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class RehearsalBrief:
    """What readiness needs of a rehearsal. `plan_version` is the version that was rehearsed."""

    plan_version: int
    succeeded: bool
    finished_at: datetime


@dataclass(frozen=True, slots=True)
class Running:
    """A deployment to the environment that has begun and not ended."""

    version: str
    started_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """All that readiness goes by.

    `live` is what one would go back from: what is live, or for a gate the candidate. `point_of_no_return` is
    the release whose irreversible migration has run since the target. `rehearsal` is the last one of the
    plan's present text, `older_rehearsal` the last one of an earlier text. `irreversible_migration` says that
    one lies between target and live. A first release has nothing to go back to: it sets `needs_target` False.
    """

    now: datetime
    environment: str
    live: str | None
    target: str | None
    suspect_only: tuple[str, ...] = ()
    point_of_no_return: str | None = None
    plan: PlanBrief | None = None
    rehearsal: RehearsalBrief | None = None
    older_rehearsal: RehearsalBrief | None = None
    irreversible_migration: bool = False
    running: Running | None = None
    needs_target: bool = True
    max_age_days: int = 14


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason why not: a sentence, where it is mended, and the few words a board has room for."""

    code: Code
    severity: Severity
    detail: str
    fix: Fix
    words: str


@dataclass(frozen=True, slots=True)
class Readiness:
    """The answer. Ready means that there is no reason at all."""

    ready: bool
    reasons: tuple[Reason, ...]


def readiness(situation: Situation) -> Readiness:
    """Answer whether one can go back, with all the reasons against it, the worst first.

    What follows from a reason is not told again: without a plan there is nothing to say of its steps, owner,
    triggers or rehearsal, and what was never deployed needs no target.
    """
    reasons = (
        *_of_target(situation),
        *_of_plan(situation),
        *_of_rehearsal(situation),
        *_of_running(situation),
    )
    return Readiness(not reasons, reasons)


def headline(answer: Readiness, rehearsed_seconds: float | None) -> str:
    """Say it in the words a board has room for: "ready, 1 min 48 s", or the worst reason."""
    if answer.reasons:
        return answer.reasons[0].words
    return "ready" if rehearsed_seconds is None else f"ready, {duration(rehearsed_seconds)}"


def when_stale(rehearsal: RehearsalBrief | None, max_age_days: int) -> datetime | None:
    """Answer the last instant at which the rehearsal is fresh; after it, it is stale by time alone.

    None when time changes nothing: without a rehearsal, or with a failed one.
    """
    if rehearsal is None or not rehearsal.succeeded:
        return None
    return rehearsal.finished_at + timedelta(days=max_age_days)


def _reason(code: Code, words: str, detail: str) -> Reason:
    severity, fix = _WEIGHT_AND_FIX[code]
    return Reason(code, severity, detail, fix, words)


def _of_target(s: Situation) -> Iterator[Reason]:
    if s.live is None and s.needs_target:
        yield _reason(
            Code.NEVER_DEPLOYED, "never deployed", f"No release has succeeded in {s.environment} yet."
        )
    elif s.target is None and s.needs_target:
        yield _no_target(s)
    if s.point_of_no_return is not None:
        yield _reason(
            Code.PAST_POINT_OF_NO_RETURN,
            "no way back",
            f"{s.point_of_no_return} has run a migration in {s.environment} that cannot be undone: "
            "the releases before it may not work with the data as it is now.",
        )


def _no_target(s: Situation) -> Reason:
    if s.suspect_only:
        return _reason(
            Code.NO_TARGET,
            "only suspect targets",
            f"The only releases in {s.environment} to go back to from {s.live} are suspect: "
            f"{listed(s.suspect_only)}. Name the one you want with ?to=.",
        )
    return _reason(
        Code.NO_TARGET,
        "no target",
        f"There is no good release before {s.live} in {s.environment} to go back to.",
    )


def _of_plan(s: Situation) -> Iterator[Reason]:
    plan = s.plan
    if plan is None:
        yield _reason(Code.NO_PLAN, "no plan", "There is no rollback plan.")
        return
    if not plan.steps:
        yield _reason(
            Code.NO_STEPS, "plan without steps", f"Version {plan.version} of the plan has no steps."
        )
    if not plan.has_owner:
        yield _reason(
            Code.NO_OWNER,
            "plan without owner",
            "Nobody owns the plan: it names no owner, and neither do the release and the service.",
        )
    if not plan.triggers:
        yield _reason(
            Code.NO_TRIGGER,
            "plan without trigger",
            "The plan has no trigger: it does not say when to go back.",
        )
    if steps := [str(number) for number in plan.irreversible_steps]:
        detail = f"{'Step' if len(steps) == 1 else 'Steps'} {listed(steps)} of the plan cannot be undone."
        yield _reason(Code.IRREVERSIBLE_STEP, "irreversible step", detail)


def _of_rehearsal(s: Situation) -> Iterator[Reason]:
    if s.plan is None:
        return
    if s.rehearsal is None:
        yield (
            _changed_since(s.plan, s.older_rehearsal)
            if s.older_rehearsal
            else _reason(Code.NOT_REHEARSED, "not rehearsed", "The plan was never rehearsed.")
        )
    elif not s.rehearsal.succeeded:
        detail = f"The last rehearsal of the plan failed, on {moment(s.rehearsal.finished_at)}."
        yield _reason(Code.REHEARSAL_FAILED, "rehearsal failed", detail)
    elif causes := [*_too_old(s, s.rehearsal), *_overtaken(s)]:
        yield _reason(Code.REHEARSAL_STALE, causes[0][0], " ".join(detail for _, detail in causes))


def _changed_since(plan: PlanBrief, older: RehearsalBrief) -> Reason:
    return _reason(
        Code.REHEARSAL_STALE,
        "older plan rehearsed",
        f"The plan changed since it was rehearsed (version {older.plan_version}; now {plan.version}).",
    )


def _too_old(s: Situation, rehearsal: RehearsalBrief) -> Iterator[tuple[str, str]]:
    limit = when_stale(rehearsal, s.max_age_days)
    if limit is None or s.now <= limit:
        return
    days = (s.now - rehearsal.finished_at).days
    age = f"{days} {'day' if days == 1 else 'days'}"
    # In the hours after the limit "14 days ago; at most 14 are allowed" would read like a mistake of ours.
    ago = age if days > s.max_age_days else f"more than {age}"
    allowed = f"at most {s.max_age_days} {'is' if s.max_age_days == 1 else 'are'} allowed"
    yield f"rehearsal {age} old", f"The plan was last rehearsed {ago} ago; {allowed}."


def _overtaken(s: Situation) -> Iterator[tuple[str, str]]:
    if s.irreversible_migration:
        yield (
            "irreversible migration between",
            (
                f"A migration that cannot be undone lies between {s.target} and {s.live}: "
                "the rehearsal does not prove the way back over it."
            ),
        )


def _of_running(s: Situation) -> Iterator[Reason]:
    if s.running is not None:
        yield _reason(
            Code.DEPLOYMENT_RUNNING,
            "deployment running",
            f"A deployment of {s.running.version} to {s.environment} began on {moment(s.running.started_at)} "
            "and has not ended.",
        )
