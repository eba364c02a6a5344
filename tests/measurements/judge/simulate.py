"""How often the judge's intervals hold the truth, and how often it sees a change where there is none.

`python -m tests.measurements.judge.simulate` prints the tables of docs/judge.md.
"""

# ruff: noqa: T201 - printing is what it is for

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from releasedesk.measurements.judge import METRICS, Requests, Windows, judge
from releasedesk.measurements.judge.readings import Mean, Proportion, Quantile, Series, compare
from tests.measurements.judge.measured import side

if TYPE_CHECKING:
    from collections.abc import Callable

    from releasedesk.measurements.judge.columns import Floats
    from releasedesk.measurements.judge.readings import AnyReading

SLOWER = 1.2


def remembering(random: np.random.Generator, n: int, memory: float) -> Floats:
    """Standard normal values of which each holds `memory` of the one before it (AR(1))."""
    steps = random.normal(size=n) * np.sqrt(1 - memory**2)
    steps[0] = random.normal()
    values = np.empty(n)
    last = 0.0
    for place, step in enumerate(steps.tolist()):
        last = memory * last + step
        values[place] = last
    return values


def _covered(
    pairs: int, draw: Callable[[], tuple[AnyReading, AnyReading]], truth: float, *, relative: bool
) -> float:
    held = 0
    for _ in range(pairs):
        limits = compare(*draw(), relative=relative).limits
        assert limits is not None
        held += limits[0] <= truth <= limits[1]
    return held / pairs


def quantile_coverage(n: int, q: float, *, pairs: int = 2_000, seed: int = 1) -> float:
    """Share of intervals that hold the true relative change of a log-normal time made 20 % slower."""
    random = np.random.default_rng((seed, n, round(1000 * q)))

    def draw() -> tuple[AnyReading, AnyReading]:
        old, new = random.lognormal(5, 0.5, n), SLOWER * random.lognormal(5, 0.5, n)
        return Quantile(np.sort(old), q), Quantile(np.sort(new), q)

    return _covered(pairs, draw, SLOWER - 1, relative=True)


def rate_coverage(n: int, before: float, after: float, *, pairs: int = 2_000, seed: int = 1) -> float:
    """Share of Newcombe's intervals that hold the true difference of two rates."""
    random = np.random.default_rng((seed, n, round(1000 * before)))

    def draw() -> tuple[AnyReading, AnyReading]:
        return Proportion(random.binomial(n, before), n), Proportion(random.binomial(n, after), n)

    return _covered(pairs, draw, after - before, relative=False)


def mean_coverage(n: int, *, relative: bool = False, pairs: int = 2_000, seed: int = 1) -> float:
    """Share of intervals that hold the true change of Poisson database calls from 12 to 9 a request."""
    random = np.random.default_rng((seed, n, relative))

    def reading(mean: float) -> Mean:
        calls = random.poisson(mean, n)
        return Mean(float(calls.mean()), float(calls.var(ddof=1)), n)

    truth = 9 / 12 - 1 if relative else -3.0
    return _covered(pairs, lambda: (reading(12), reading(9)), truth, relative=relative)


def window_coverage(n: int, *, pairs: int = 2_000, seed: int = 1) -> float:
    """Share of Mann-Whitney intervals that hold the true shift of n independent windows a side."""
    random = np.random.default_rng((seed, n))

    def draw() -> tuple[AnyReading, AnyReading]:
        return Series(random.normal(200, 10, n)), Series(random.normal(215, 10, n))

    return _covered(pairs, draw, 15.0, relative=False)


def false_alarms(n: int, *, limits: bool, pairs: int = 1_000, seed: int = 1) -> dict[str, float]:
    """Share of equal pairs in which a metric was judged `regressed`; without limits is the worst case."""
    random = np.random.default_rng((seed, n))
    strict = {name: replace(policy, allowed=0.0) for name, policy in METRICS.items()}
    policies = METRICS if limits else strict
    alarms = dict.fromkeys(METRICS, 0)

    def draw() -> Requests:
        return Requests(
            random.lognormal(5, 0.5, n),
            np.where(random.random(n) < 0.02, 500, 200).astype(np.int16),
            (random.random(n) < 0.3).astype(np.int8),
            random.poisson(12, n).astype(np.int32),
        )

    for _ in range(pairs):
        for finding in judge(side(draw()), side(draw()), policies).findings:
            alarms[finding.policy.metric] += finding.verdict == "regressed"
    return {name: count / pairs for name, count in alarms.items()}


def window_false_alarms(n: int, *, pairs: int = 2_000, seed: int = 1) -> float:
    """Share of pairs of equal window series in which p95 was judged `regressed`, with the default limit."""
    random = np.random.default_rng((seed, n))

    def draw() -> Windows:
        return Windows(response_ms_p95=random.normal(200, 20, n))

    policies = {"response_ms_p95": METRICS["response_ms_p95"]}
    verdicts = [judge(side(draw()), side(draw()), policies).verdict for _ in range(pairs)]
    return verdicts.count("suspect") / pairs


def _table(title: str, rows: list[tuple[str, float]]) -> None:
    print(f"| {title} | measured |\n|---|---|")
    for name, share in rows:
        print(f"| {name} | {100 * share:.1f} % |")
    print()


if __name__ == "__main__":
    _table(
        "95 % interval, 2,000 pairs",
        [
            *(
                (f"p{round(100 * q)}, {n:,} requests a side", quantile_coverage(n, q))
                for n, q in ((300, 0.5), (1_000, 0.5), (300, 0.95), (1_000, 0.95), (1_000, 0.99))
            ),
            *((f"error rate 1 % to 3 %, {n:,}", rate_coverage(n, 0.01, 0.03)) for n in (300, 1_000)),
            *((f"cache hits 20 % to 60 %, {n:,}", rate_coverage(n, 0.2, 0.6)) for n in (300, 1_000)),
            *((f"database calls, {n:,}", mean_coverage(n)) for n in (20, 300)),
            *((f"database calls, relative, {n:,}", mean_coverage(n, relative=True)) for n in (20, 300)),
            *((f"{n} windows a side", window_coverage(n)) for n in (5, 8, 30, 60)),
        ],
    )
    for count in (200, 1_000):
        for house, said in ((False, "limit 0"), (True, "default limits")):
            _table(
                f"`regressed` on equal sides, {said}, {count:,} requests, 1,000 pairs",
                list(false_alarms(count, limits=house).items()),
            )
    _table(
        "`suspect` on equal windows, default limit, 2,000 pairs",
        [(f"{n} windows", window_false_alarms(n)) for n in (5, 8, 20)],
    )
