"""What follows from a rollback: which run it ended, and until when it locks. Pure and without Django.

A rollback is detected by the fold, whoever reported it and whether or not somebody had pressed start. So all
of this is asked of the folded history and never of the order in which facts arrived.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from releasedesk.releases.history import Fact, History, Mode

JOIN_WITHIN = timedelta(hours=24)
CLOCKS_DIFFER = timedelta(minutes=1)  # the sender's clock may be this much behind the desk's
LOCKS_WITHIN = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Back:
    """A success that went back. `ended_by` is the success after which what is live came by it no more."""

    fact: Fact
    left: str
    ended_by: Fact | None = None


@dataclass(frozen=True, slots=True)
class Begun:
    """A run as somebody began it, and gave it up if they did; `left` is what was live then."""

    id: int
    left: str
    started_at: datetime
    stopped_at: datetime | None = None

    def may_have_ended_with(self, back: Back) -> bool:
        """Whether this success came after the run's start, before it was given up, and leads elsewhere.

        By its sender's clock it may have come a little before, if it left what the run leaves: else it is
        of a rollback that was over when this one began.
        """
        at = back.fact.occurred_at
        given_up = self.stopped_at is not None and at > self.stopped_at + CLOCKS_DIFFER
        allowed = CLOCKS_DIFFER if back.left == self.left else timedelta(0)
        return self.started_at <= at + allowed and not given_up and self.left != back.fact.version


def backs(history: History) -> list[Back]:
    """Return the rollbacks of a history in their order.

    A redeploy of what a rollback made live changes nothing; a forward success or another rollback ends it.
    """
    found: list[Back] = []
    successes = ((d, d.finish) for d in history.deployments if d.mode and d.finish)
    for attempt, fact in sorted(successes, key=lambda success: success[1].order):
        if attempt.mode is not Mode.REDEPLOY and found and found[-1].ended_by is None:
            found[-1] = replace(found[-1], ended_by=fact)
        if attempt.mode is Mode.ROLLBACK:
            found.append(Back(fact, attempt.replaced or ""))
    return found


def joined(runs: Iterable[Begun], rollbacks: Iterable[Back]) -> dict[int, Fact]:
    """Return by run the success that ended it: the first rollback within a day, before another run began.

    It need not be the target that the run had named: whoever goes back somewhere else is back as well. What
    had made live the release that the run leaves was there before it.
    """
    found: dict[int, Fact] = {}
    newest_first = sorted(runs, key=lambda run: (run.started_at, run.id), reverse=True)
    for back in rollbacks:
        run = next((run for run in newest_first if run.may_have_ended_with(back)), None)
        if run and back.fact.occurred_at - run.started_at <= JOIN_WITHIN:
            found.setdefault(run.id, back.fact)
    return found


def locks(back: Back, received_at: datetime | None) -> bool:
    """Say whether this rollback locks shipping: not when it was over a day old before anybody heard of it."""
    return received_at is None or received_at - back.fact.occurred_at <= LOCKS_WITHIN
