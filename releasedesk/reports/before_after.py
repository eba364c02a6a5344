"""What was measured of a release: a card for each environment and route, or what is missing there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from shlex import quote
from typing import Any
from urllib.parse import urlsplit

from releasedesk.catalog.models import Environment, Tier
from releasedesk.measurements.judge import Requests, figures, judge
from releasedesk.measurements.models import Comparison, Snapshot
from releasedesk.measurements.policies import policies_of
from releasedesk.releases.history import Status
from releasedesk.releases.models import Deployment, Release
from releasedesk.reports.charts import Distribution, Interval, amount, distribution, interval, scale
from releasedesk.reports.comparisons import warnings
from releasedesk.reports.evidence import Group, because, groups, window_chart
from releasedesk.reports.window_chart import WindowChart
from releasedesk.reports.wording import Mark, comparison_mark, metric_mark
from releasedesk.rollbacks.models import Plan
from releasedesk.rollbacks.triggers import met

ENOUGH = 2000  # requests that decide all six metrics where the change is not tiny
Key = tuple[int, str]  # environment id, route


@dataclass(frozen=True, slots=True)
class MetricLine:
    """One metric in words. `interval` is None where nothing was compared; `undecided` says why it is so.

    `limit` is how far it may get worse.
    """

    label: str
    before: str
    after: str
    change: str
    between: str
    interval: Interval | None
    mark: Mark
    limit: str
    undecided: str
    muted: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class Missing:
    """A side that nobody measured, and the command that measures it."""

    phase: str
    command: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One route in one environment."""

    environment: Environment
    route: str
    verdict: str
    mark: Mark
    sentence: str
    before: Snapshot | None
    after: Snapshot | None
    lines: tuple[MetricLine, ...]
    warnings: tuple[str, ...]
    triggers_met: tuple[str, ...]
    missing: tuple[Missing, ...]
    distribution: Distribution | None
    judged_at: datetime | None
    because: str = ""
    groups: tuple[Group, ...] = ()
    windows: WindowChart | None = None
    result: Mapping[str, Any] = field(default_factory=dict)

    @property
    def requests(self) -> tuple[str, ...]:
        """How many requests each side holds; one number when it is the same."""
        sides = (self.before, self.after)
        counts = [side.summary.get("requests") for side in sides if side and side.kind != "windows"]
        return tuple(dict.fromkeys(f"{count:,}" for count in counts if count is not None))

    @property
    def sides(self) -> tuple[Snapshot, ...]:
        """What was measured, before first."""
        return tuple(side for side in (self.before, self.after) if side)


def before_and_after(
    release: Release,
    snapshots: Iterable[Snapshot],
    comparisons: Iterable[Comparison],
    deployments: Iterable[Deployment],
    *,
    expected_in: Environment,
    plan: Plan | None,
) -> tuple[Measured, ...]:
    """Return the cards, nearest to users first, in one query however many there are.

    `snapshots` come newest first, and are the sides of the `comparisons`. Where nothing was
    measured in `expected_in`, a card says so.
    """
    newest: dict[Key, dict[str, Snapshot]] = {}
    for snapshot in snapshots:
        newest.setdefault((snapshot.environment_id, snapshot.route), {}).setdefault(snapshot.phase, snapshot)
    judged = {(row.environment_id, row.route): row for row in comparisons}
    shipped = _first_successes(release, deployments)
    samples = _samples(newest)
    cards = [
        _card(release, sides, judged.get(key), shipped, samples, plan)
        for key, sides in sorted(newest.items(), key=lambda item: item[0][1])
    ]
    if not any(card.environment == expected_in for card in cards):
        cards.append(_nothing(release, expected_in))
    return tuple(sorted(cards, key=lambda card: card.environment.rank, reverse=True))


def _first_successes(release: Release, deployments: Iterable[Deployment]) -> dict[int, datetime]:
    """When it first succeeded, by environment id."""
    found: dict[int, datetime] = {}
    for row in deployments:
        if row.release_id == release.pk and row.status == Status.SUCCEEDED and row.finished_at:
            found[row.environment_id] = min(row.finished_at, found.get(row.environment_id, row.finished_at))
    return found


def _samples(newest: Mapping[Key, Mapping[str, Snapshot]]) -> dict[int, Requests]:
    """Read the requests of the shown snapshots, and of no others: they are the bulk of the database."""
    ids = [side.pk for sides in newest.values() for side in sides.values()]
    rows = Snapshot.objects.filter(pk__in=ids, kind=Snapshot.Kind.REQUESTS).values_list("pk", "samples")
    return {pk: Requests.from_bytes(bytes(packed)) for pk, packed in rows if packed is not None}


def _card(
    release: Release,
    sides: Mapping[str, Snapshot],
    kept: Comparison | None,
    shipped: Mapping[int, datetime],
    samples: Mapping[int, Requests],
    plan: Plan | None,
) -> Measured:
    before, after = sides.get("before"), sides.get("after")
    one = before or after
    assert one is not None
    result = kept.result if kept else _one_sided(release, one.route, before, after)
    new, old = (
        {metric["metric"]: metric[side] for metric in result["metrics"]} for side in ("after", "before")
    )
    return Measured(
        environment=one.environment,
        route=one.route,
        verdict=result["verdict"],
        mark=comparison_mark(result["verdict"], result),
        sentence=result["sentence"],
        before=before,
        after=after,
        lines=tuple(_line(metric) for metric in result["metrics"] if _is_known(metric)),
        warnings=tuple(warnings(kept, shipped.get(one.environment_id))) if kept else (),
        triggers_met=tuple(met(plan.triggers, new, old)) if plan and after else (),
        missing=tuple(
            missing(release, one.environment, one.route, phase, like=one)
            for phase in ("before", "after")
            if phase not in sides
        ),
        distribution=_distribution(before, after, samples),
        judged_at=kept.judged_at if kept else None,
        because=because(before, after, result) if before and after else "",
        groups=groups(before, after, samples, result),
        windows=window_chart(before, after),
        result=result,
    )


def _one_sided(
    release: Release, route: str, before: Snapshot | None, after: Snapshot | None
) -> dict[str, Any]:
    """What the judge says of one side alone: nothing, but it names the numbers there are."""
    old, new = (side.as_side() if side else None for side in (before, after))
    return judge(old, new, policies_of(release.service, route)).to_json()


def _nothing(release: Release, environment: Environment) -> Measured:
    route = release.route
    return Measured(
        environment=environment,
        route=route,
        verdict="not_measured",
        mark=comparison_mark("not_measured", None),
        sentence="Nothing was measured before or after the change.",
        before=None,
        after=None,
        lines=(),
        warnings=(),
        triggers_met=(),
        missing=tuple(missing(release, environment, route, phase) for phase in ("before", "after")),
        distribution=None,
        judged_at=None,
    )


def _distribution(
    before: Snapshot | None, after: Snapshot | None, samples: Mapping[int, Requests]
) -> Distribution | None:
    if before is None or after is None or before.pk not in samples or after.pk not in samples:
        return None
    old, new = (samples[side.pk].response_ms.tolist() for side in (before, after))
    return distribution(old, new)


def _is_known(metric: Mapping[str, Any]) -> bool:
    return metric["before"] is not None or metric["after"] is not None


def _line(metric: Mapping[str, Any]) -> MetricLine:
    before, after = _values(metric)
    lower, upper = metric["interval"] or (None, None)
    between = ""
    if lower is not None and upper is not None and lower != upper:
        bounds = [amount(metric, end).rpartition(" ")[0] or amount(metric, end) for end in (lower, upper)]
        between = f"({bounds[0]} … {bounds[1]})"
    return MetricLine(
        label=metric["label"],
        before=before,
        after=after,
        change=amount(metric, metric["change"]) if metric["change"] is not None else "",
        between=between,
        interval=interval(metric),
        mark=_mark(metric),
        limit=_limit(metric) if metric["change"] is not None else "",
        undecided=metric["sentence"] if metric["verdict"] == "inconclusive" else "",
        muted=metric["muted"],
        sentence=metric["sentence"],
    )


def _limit(metric: Mapping[str, Any]) -> str:
    """Write the change on the bad side that is still allowed: +10 %."""
    factor, unit = scale(metric)
    return f"{'+' if metric['better'] == 'lower' else figures.MINUS}{metric['allowed'] * factor:g}{unit}"


def _values(metric: Mapping[str, Any]) -> tuple[str, str]:
    """Write both sides with the same number of decimals; a side that is missing is empty."""
    before, after, unit = metric["before"], metric["after"], metric["unit"]
    old, new = figures.pair(after if before is None else before, before if after is None else after, unit)
    suffix = figures.suffix(unit)
    return "" if before is None else f"{old}{suffix}", "" if after is None else f"{new}{suffix}"


def _mark(metric: Mapping[str, Any]) -> Mark:
    verdict = metric["verdict"]
    if verdict == "not_comparable":
        return Mark("warn", "ask", "not comparable")
    mark = metric_mark(metric)
    return replace(mark, words=verdict) if verdict in {"regressed", "improved"} else mark


def missing(
    release: Release, environment: Environment, route: str, phase: str, *, like: Snapshot | None = None
) -> Missing:
    """Give the command that measures this side: the other side's own with the phase changed, else one."""
    other = "after" if phase == "before" else "before"
    if like and like.command.startswith("releasedesk measure"):
        command, changed = re.subn(rf"(--phase[ =]){other}\b", rf"\g<1>{phase}", like.command)
        if changed:
            return Missing(phase, command, "")
    method, _, path = route.partition(" ")
    service = release.service
    address, hint = _address(release, environment, path)
    words = ["releasedesk", "measure", address, "--requests", str(ENOUGH), "--phase", phase]
    words += ["--service", service.slug, "--version", release.version, "--environment", environment.name]
    words += ["--route", route] if route else []
    words += ["--method", method] if path and method != "GET" else []
    words += ["--cache-state", like.cache_state] if like and like.cache_state else []
    words += ["--cache-cleared", like.cache_cleared] if like and like.cache_cleared else []
    return Missing(phase, " ".join(map(quote, words)), hint)


def _address(release: Release, environment: Environment, path: str) -> tuple[str, str]:
    """Where to measure, as far as the desk knows it, and what a person still has to put in."""
    health = urlsplit(release.service.health_url)
    known = bool(health.netloc) and environment.tier == Tier.PRODUCTION
    address = f"{health.scheme}://{health.netloc}{path}" if known and path else f"URL{path}"
    unsaid: Sequence[str] = [*([] if known and path else ["URL"]), *re.findall(r"\{\w+\}", path)]
    return address, f"Put in {' and '.join(unsaid)} yourself." if unsaid else ""
