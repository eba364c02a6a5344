"""Several jobs that decide one item: it has passed once each of them has. Pure."""

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar


class Found(Protocol):
    """What one run of a job has found: `passed` or `failed`."""

    job: str
    outcome: str


F = TypeVar("F", bound=Found)


def decisive(found: Iterable[F]) -> Sequence[F]:
    """For each finding, in the order in which they count, the one that decides the item from then on.

    Of each job the latest counts. While one of those has failed the item has, whatever passes beside it: the
    last one that failed decides.
    """
    latest: dict[str, F] = {}
    decided = []
    for each in found:
        latest.pop(each.job, None)
        latest[each.job] = each
        failed = [one for one in latest.values() if one.outcome == "failed"]
        decided.append(failed[-1] if failed else each)
    return decided
