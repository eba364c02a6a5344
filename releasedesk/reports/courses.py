"""Which metric is drawn over a service's releases, on which route, and what else could be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from releasedesk.catalog.models import Environment
from releasedesk.measurements.judge import LABELS, METRICS, UNITS
from releasedesk.measurements.models import Comparison
from releasedesk.releases.models import Release
from releasedesk.reports.course import Course, Judged, course
from releasedesk.reports.verdicts import Judged as Verdicts


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the reader asked for; what is unknown here is answered with the usual."""

    metric: str = "response_ms_p95"
    route: str = ""


CHOSEN = Chosen()


@dataclass(frozen=True, slots=True)
class Courses:
    """One metric on one route, release by release, and the choices. `chart` is None where none has it."""

    environment: Environment
    metric: str
    route: str
    metrics: Sequence[tuple[str, str]]
    routes: Sequence[str]
    chart: Course | None

    @property
    def metric_label(self) -> str:
        """The metric as pages call it."""
        return LABELS[self.metric]

    @property
    def in_unit(self) -> str:
        """The unit of the axis, where it has one."""
        return {"ms": " in ms", "share": " in %"}.get(UNITS[self.metric], "")


def courses(releases: Mapping[Release, Verdicts], chosen: Chosen) -> Courses | None:
    """Draw where most users are: in the highest environment that was measured. None where nothing was.

    Reads nothing: verdicts and standings of all these releases were read before.
    """
    compared = [row for found in releases.values() for row in found.comparisons]
    if not compared:
        return None
    environment = max((row.environment for row in compared), key=lambda place: place.rank)
    routes = Counter(row.route for row in compared if row.environment == environment)
    usual = max(routes, key=lambda name: (routes[name], name))
    route = chosen.route if chosen.route in routes else usual
    metric = chosen.metric if chosen.metric in METRICS else CHOSEN.metric
    drawn = [
        Judged(
            version=release.version,
            at=standing.first_at,
            rolled_back=standing.rolled_back_by_id is not None,
            metric=_metric(found.comparisons, environment, route, metric),
        )
        for release, found in releases.items()
        for standing in found.standings
        if standing.environment == environment
    ]
    drawn.sort(key=lambda release: release.at)
    return Courses(
        environment=environment,
        metric=metric,
        route=route,
        metrics=list(LABELS.items()),
        routes=sorted(routes),
        chart=course(LABELS[metric], UNITS[metric], drawn),
    )


def _metric(
    comparisons: Sequence[Comparison], environment: Environment, route: str, metric: str
) -> dict[str, Any] | None:
    found = (
        one
        for row in comparisons
        if row.environment == environment and row.route == route
        for one in row.result["metrics"]
        if one["metric"] == metric
    )
    return next(found, None)
