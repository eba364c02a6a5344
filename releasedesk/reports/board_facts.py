"""What the board's rows are made of: plain values, of many services alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from releasedesk.catalog.models import Tier
from releasedesk.releases.history import Status
from releasedesk.releases.models import Deployment
from releasedesk.rollbacks.going_back import Rank, Stood
from releasedesk.rollbacks.queries import PlanFacts

NEWEST = 12  # of the releases that stood in a place as many are read as a row can need

Spot = tuple[int, int]  # service id, environment id


@dataclass(frozen=True, slots=True)
class Listed:
    """A service as the board shows it. `revision` and the names are all that a row kept of it depends on."""

    pk: int
    slug: str
    revision: int
    team_id: int
    team: str
    team_slug: str
    owner: str | None


@dataclass(frozen=True, slots=True)
class Asked:
    """What the gate of production last answered. `unmet` is what stood in the way."""

    at: datetime
    unmet: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A release that may wait for production. `reached` are all environments it has succeeded in."""

    version: str
    rank: Rank
    reached: frozenset[int]
    changes: int
    asked: Asked | None


@dataclass(frozen=True, slots=True)
class Owed:
    """A release in production whose note nobody has finished."""

    version: str
    first_at: datetime


@dataclass(frozen=True, slots=True)
class StandsIn:
    """How what is live here stands in any environment. `order` is `Environment.rank`."""

    order: tuple[int, int]
    tier: Tier
    rank: Rank
    marked: bool


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A rollback that somebody has begun and nobody has ended."""

    by: str
    since: datetime
    to: str


@dataclass(frozen=True, slots=True)
class Compared:
    """What the judge says of one route of a release in one environment."""

    environment: int
    order: tuple[int, int]
    verdict: str
    sentence: str
    result: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LiveFacts:
    """What is live in one environment, and by environment id where else it has been.

    Of a production `stood` are the newest releases that have succeeded there and `p95` what each took, in ms
    (None: not measured), both the newest first; elsewhere `candidates` are what may wait for production.
    """

    release: int
    version: str
    owned: bool
    since: datetime
    mode: str
    actor: str
    took: timedelta | None
    replaced: str | None
    stands: Mapping[int, StandsIn]
    compared: Sequence[Compared]  # in any environment, the last to be judged first
    stood: Sequence[Stood]
    p95: Sequence[float | None]
    candidates: Sequence[Candidate]
    owed: Sequence[Owed]
    past: tuple[str, ...]  # what stood in the way when it was shipped past the gate
    run: UnderWay | None

    @property
    def who(self) -> str:
        """Who reported it, in the words a board has room for: a token by its name."""
        return self.actor.removesuffix(" (token)")

    @property
    def is_cut(self) -> bool:
        """Whether older releases may have been left out."""
        return len(self.stood) == NEWEST


@dataclass(frozen=True, slots=True)
class Attempt:
    """A deployment that has not succeeded. `latest`: nothing was tried there since."""

    version: str
    status: str
    at: datetime
    started_at: datetime | None
    latest: bool

    def status_at(self, now: datetime) -> Status:
        """As of `now`: `started` turns into `lost`."""
        return Deployment(status=self.status, started_at=self.started_at).status_at(now)


@dataclass(frozen=True, slots=True)
class Shipment:
    """A release that went forward in production."""

    version: str
    at: datetime
    measured: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that was read."""

    live: Mapping[Spot, LiveFacts]
    attempts: Mapping[Spot, Sequence[Attempt]]
    shipped: Mapping[int, Sequence[Shipment]]  # by service id
    plans: Mapping[tuple[int, int | None], PlanFacts]  # by service id and release id; None: the standing one
