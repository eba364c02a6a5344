"""Which release to go back to, and why not another one. Pure and without Django."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol


class Rank(Protocol):
    """Whatever orders releases by their first success in one environment."""

    def __lt__(self, other: Any, /) -> bool: ...


@dataclass(frozen=True, slots=True)
class Candidate:
    """A release that succeeded in the environment. `marked` means that it was rolled back and is so still."""

    version: str
    rank: Rank
    marked: bool = False
    suspect: bool = False
    beyond_point_of_no_return: bool = False


class Why(StrEnum):
    """Why a release is not the target, the worst first: of several that hold, the first is told."""

    POINT_OF_NO_RETURN = "point_of_no_return"
    ROLLED_BACK = "rolled_back"
    SUSPECT = "suspect"
    OLDER = "older"

    @property
    def words(self) -> str:
        """The reason as the end of a sentence that begins with the version."""
        return _WORDS[self]


_WORDS = {
    Why.POINT_OF_NO_RETURN: "lies behind a migration that cannot be undone",
    Why.ROLLED_BACK: "was rolled back here",
    Why.SUSPECT: "is suspect here",
    Why.OLDER: "is older than the target",
}


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A release below the live one that is not the target. `?to=` may name it."""

    version: str
    why: Why


@dataclass(frozen=True, slots=True)
class Choice:
    """The target, or None, and every other release below the live one, the newest first."""

    target: str | None
    passed_over: tuple[PassedOver, ...] = ()

    @property
    def may_name(self) -> tuple[str, ...]:
        """What `?to=` may name besides the target. Readiness says what speaks against each."""
        return tuple(other.version for other in self.passed_over)

    @property
    def suspects(self) -> tuple[str, ...]:
        """The releases against which nothing speaks but that they are suspect."""
        return tuple(other.version for other in self.passed_over if other.why is Why.SUSPECT)


def choose(candidates: Iterable[Candidate], live: str | None) -> Choice:
    """Choose the highest-ranked release below the live one against which nothing speaks.

    `candidates` are the releases that succeeded in the environment, the live one among them, in any order;
    without the live one there is nothing below it.
    """
    by_version = {candidate.version: candidate for candidate in candidates}
    if live is None or live not in by_version:
        return Choice(None)
    rank = by_version[live].rank
    below = sorted((c for c in by_version.values() if c.rank < rank), key=lambda c: c.rank, reverse=True)
    target = next((c.version for c in below if _fault(c) is None), None)
    others = (c for c in below if c.version != target)
    return Choice(target, tuple(PassedOver(c.version, _fault(c) or Why.OLDER) for c in others))


def _fault(candidate: Candidate) -> Why | None:
    if candidate.beyond_point_of_no_return:
        return Why.POINT_OF_NO_RETURN
    if candidate.marked:
        return Why.ROLLED_BACK
    return Why.SUSPECT if candidate.suspect else None
