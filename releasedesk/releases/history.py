"""The one fold: all facts of a (service, environment) become deployments, standings and what is live.

Pure and without Django. Only what the facts themselves say decides, never when they arrived: the same set,
in any order and any number of times, gives an equal `History`.

Text is compared as Python compares it, by code point, which is the order of its UTF-8 bytes. A database that
should agree must sort with COLLATE "C".
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import dropwhile, takewhile
from typing import Self

JOIN_WITHIN = timedelta(hours=24)
LOST_AFTER = timedelta(minutes=60)

Order = tuple[datetime, bool, str, str, str, str, str]


class Kind(StrEnum):
    """What a fact says of a deployment."""

    STARTED = "started"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class Status(StrEnum):
    """Where a deployment stands. `LOST` is never folded: only `Deployment.status_at` knows the present."""

    STARTED = "started"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    LOST = "lost"


class Mode(StrEnum):
    """Which way a success went, against what was live before it."""

    FORWARD = "forward"
    ROLLBACK = "rollback"
    REDEPLOY = "redeploy"


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that was reported. `source` and `id` name it, `occurred_at` carries a zone."""

    kind: Kind
    occurred_at: datetime
    source: str
    id: str
    version: str
    run: str = ""

    @property
    def order(self) -> Order:
        """The place in the fold: time, starts before finishes, source, id.

        The rest only keeps the order total should two different facts ever bear one name.
        """
        finished = self.kind != Kind.STARTED
        return (self.occurred_at, finished, self.source, self.id, self.kind, self.version, self.run)


@dataclass(frozen=True, slots=True)
class Deployment:
    """One attempt: a start, a finish, or both. Only a success has a mode, and `replaced`: what was live."""

    version: str
    status: Status
    start: Fact | None = None
    finish: Fact | None = None
    mode: Mode | None = None
    replaced: str | None = None

    @property
    def started_at(self) -> datetime | None:
        """When it began, if that was reported."""
        return self.start.occurred_at if self.start else None

    @property
    def finished_at(self) -> datetime | None:
        """When it succeeded or failed, if it did."""
        return self.finish.occurred_at if self.finish else None

    @property
    def seconds(self) -> float | None:
        """Seconds from start to finish, where both are known."""
        if self.start is None or self.finish is None:
            return None
        return (self.finish.occurred_at - self.start.occurred_at).total_seconds()

    def status_at(self, now: datetime) -> Status:
        """Answer the status as of `now`: a start that is open for over 60 minutes is lost."""
        if self.status is Status.STARTED and self.start and now - self.start.occurred_at > LOST_AFTER:
            return Status.LOST
        return self.status


@dataclass(frozen=True, slots=True)
class Standing:
    """How a release that ever succeeded here stands now. `rolled_back_by` is its mark."""

    version: str
    first_success: Fact
    last_success: Fact
    rolled_back_by: Fact | None = None

    @property
    def rank(self) -> Order:
        """The place of its first success: what is newer and what is older here."""
        return self.first_success.order


@dataclass(frozen=True, slots=True)
class Live:
    """What runs: the last success. `rollback` is the success that went back to it, kept over redeploys."""

    version: str
    success: Fact
    mode: Mode
    rollback: Fact | None = None

    @property
    def since(self) -> datetime:
        """When the last success of what is live occurred."""
        return self.success.occurred_at


@dataclass(frozen=True, slots=True)
class History:
    """The result: deployments in the order they began, standings by version in the order of rank, live."""

    deployments: tuple[Deployment, ...]
    standings: Mapping[str, Standing]
    live: Live | None

    def running_at(self, now: datetime) -> tuple[Deployment, ...]:
        """Answer the deployments that are neither finished nor lost at `now`."""
        return tuple(d for d in self.deployments if d.status_at(now) is Status.STARTED)


class Fold:
    """The reducer: takes one fact after another in `Fact.order` and answers the history so far."""

    def __init__(self) -> None:
        self._last: Order | None = None
        self._deployments: list[Deployment] = []
        self._open: dict[_Claim, list[int]] = {}
        self._standings: dict[str, Standing] = {}
        self._live: Live | None = None

    @classmethod
    def resume(cls, history: History) -> Self:
        """Go on from a history folded before.

        Of its deployments only those begun in the last 24 hours can still change, so a caller may hand over
        just these. All standings are needed, in the order of rank. With fewer deployments the caller must see
        to it that the next fact is later than every one already folded.
        """
        fold = cls()
        fold._deployments = list(history.deployments)
        fold._standings = dict(history.standings)
        fold._live = history.live
        for position, deployment in enumerate(history.deployments):
            if deployment.finish is None and deployment.start is not None:
                fold._open_at(position, deployment.start)
        facts = (fact for d in history.deployments for fact in (d.start, d.finish) if fact)
        fold._last = max((fact.order for fact in facts), default=None)
        return fold

    def add(self, fact: Fact) -> Deployment | None:
        """Fold one fact and answer the deployment it began or ended; None when it is the last one again.

        Raises ValueError when the fact belongs before one already folded: then all must be folded anew.
        """
        order = fact.order
        if self._last is not None and order <= self._last:
            if order == self._last:
                return None
            raise ValueError(f"Fact {fact.source}/{fact.id} comes before the last one folded.")
        self._last = order
        return self._begin(fact) if fact.kind == Kind.STARTED else self._end(fact)

    def result(self) -> History:
        """Answer the history of what was added so far."""
        return History(tuple(self._deployments), dict(self._standings), self._live)

    def _begin(self, start: Fact) -> Deployment:
        self._open_at(len(self._deployments), start)
        self._deployments.append(Deployment(start.version, Status.STARTED, start))
        return self._deployments[-1]

    def _open_at(self, position: int, start: Fact) -> None:
        for claim in _claims(start):
            self._open.setdefault(claim, []).append(position)

    def _end(self, finish: Fact) -> Deployment:
        position = self._position_of_start(finish)
        start = None if position is None else self._deployments[position].start
        replaced, mode = self._succeed(finish) if finish.kind == Kind.SUCCEEDED else (None, None)
        ended = Deployment(finish.version, Status(finish.kind), start, finish, mode, replaced)
        if position is None:
            self._deployments.append(ended)
        else:
            self._deployments[position] = ended
        return ended

    def _position_of_start(self, finish: Fact) -> int | None:
        """Find the open start this finish closes.

        What is popped and not taken is closed, or too old for this finish and so for all later ones: each
        start is looked at a constant number of times, however many are never finished.
        """
        for claim in _claims(finish):
            positions = self._open.get(claim, [])
            while positions:
                position = positions.pop()
                start, ended = self._deployments[position].start, self._deployments[position].finish
                if start and not ended and finish.occurred_at - start.occurred_at <= JOIN_WITHIN:
                    return position
        return None

    def _succeed(self, fact: Fact) -> tuple[str | None, Mode]:
        """Make the release live, lift its mark, and mark what a rollback leaves behind."""
        before, version = self._live, fact.version
        mode = self._mode_of(version)
        rollback = None
        if mode is Mode.ROLLBACK and before:
            rollback = fact
            self._mark(version, before.version, fact)
        elif mode is Mode.REDEPLOY and before:
            rollback = before.rollback
        known = self._standings.get(version)
        self._standings[version] = Standing(version, known.first_success if known else fact, fact)
        self._live = Live(version, fact, mode, rollback)
        return before.version if before else None, mode

    def _mode_of(self, version: str) -> Mode:
        if self._live is None or version not in self._standings:
            return Mode.FORWARD
        if version == self._live.version:
            return Mode.REDEPLOY
        older = self._standings[version].rank < self._standings[self._live.version].rank
        return Mode.ROLLBACK if older else Mode.FORWARD

    def _mark(self, target: str, was_live: str, rollback: Fact) -> None:
        """Mark the releases above the target, up to what was live. A standing mark is kept: it went then."""
        downwards = dropwhile(was_live.__ne__, reversed(self._standings))
        for version in list(takewhile(target.__ne__, downwards)):
            if self._standings[version].rolled_back_by is None:
                self._standings[version] = replace(self._standings[version], rolled_back_by=rollback)


def fold(facts: Iterable[Fact]) -> History:
    """Fold facts in any order, repeated or not. A fact equal to another counts once."""
    folding = Fold()
    for fact in sorted(facts, key=lambda fact: fact.order):
        folding.add(fact)
    return folding.result()


_Claim = tuple[str | None, str | None]


def _claims(fact: Fact) -> Iterator[_Claim]:
    """Yield what a finish and its start must share, best first: run and version, the run, the version."""
    if fact.run:
        yield fact.version, fact.run
        yield None, fact.run
    yield fact.version, None
