"""How the last releases of a service would have been judged by other limits. Nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby

from releasedesk.catalog.models import MetricPolicy, Service
from releasedesk.measurements.judge import JUDGE_VERSION, Verdict, judge, worst
from releasedesk.measurements.models import Comparison, Snapshot
from releasedesk.measurements.policies import resolved
from releasedesk.releases.models import Release

NEWEST = 20


@dataclass(frozen=True, slots=True)
class Previewed:
    """One release: its verdict as it is kept and by these limits, with the sentence that gives the latter."""

    release: Release
    then: str
    now: str
    sentence: str
    route: str

    @property
    def differs(self) -> bool:
        """Whether the verdict would be another."""
        return self.then != self.now


@dataclass(frozen=True, slots=True)
class Preview:
    """The newest measured releases; `unseen` of them were left out because the time was up."""

    lines: tuple[Previewed, ...]
    unseen: int

    @property
    def others(self) -> int:
        """How many would be judged otherwise."""
        return sum(line.differs for line in self.lines)


def preview(
    service: Service, rows: Sequence[MetricPolicy], *, is_late: Callable[[], bool] = lambda: False
) -> Preview:
    """Judge the kept numbers of the last twenty measured releases by these rows, saved or not.

    Two queries and one for each release. Once `is_late`, the older ones are left out, and counted.
    """
    newest = _newest(service)
    lines: list[Previewed] = []
    for release, comparisons in newest:
        if lines and is_late():
            break
        lines.append(_line(release, comparisons, rows))
    return Preview(tuple(lines), len(newest) - len(lines))


def _newest(service: Service) -> list[tuple[Release, list[Comparison]]]:
    """The newest measured releases with their current comparisons nearest to users."""
    ids = Comparison.objects.current().filter(release__service=service).values("release")
    releases = list(service.releases.filter(pk__in=ids).order_by("-created_at", "-pk")[:NEWEST])
    found = Comparison.objects.current().filter(release__in=releases).select_related("environment")
    ordered = sorted(found.defer("result"), key=lambda row: row.release_id)
    by_release = {pk: list(group) for pk, group in groupby(ordered, key=lambda row: row.release_id)}
    return [(release, _nearest(by_release[release.pk])) for release in releases]


def _nearest(comparisons: Sequence[Comparison]) -> list[Comparison]:
    highest = max(row.environment.rank for row in comparisons)
    return [row for row in comparisons if row.environment.rank == highest]


def _line(release: Release, comparisons: Sequence[Comparison], rows: Sequence[MetricPolicy]) -> Previewed:
    judged = list(_judged(comparisons, rows))
    now = worst(verdict for verdict, _, _ in judged)
    sentence, route = next((said, where) for verdict, said, where in judged if verdict == now)
    then = worst(row.verdict for row in comparisons)  # type: ignore[misc]  # the database holds no other words
    return Previewed(release, then, now, sentence, route)


def _judged(
    comparisons: Sequence[Comparison], rows: Sequence[MetricPolicy]
) -> Iterable[tuple[Verdict, str, str]]:
    sides = Snapshot.objects.select_related("environment").in_bulk(
        {pk for row in comparisons for pk in (row.before_id, row.after_id)}
    )
    for row in comparisons:
        policies = resolved(rows, row.route)
        if row.judge == JUDGE_VERSION and row.limits == {
            name: asdict(policy) for name, policy in policies.items()
        }:
            yield row.verdict, row.sentence, row.route  # type: ignore[misc]  # as above
            continue
        judgement = judge(sides[row.before_id].as_side(), sides[row.after_id].as_side(), policies)
        yield judgement.verdict, judgement.sentence, row.route
