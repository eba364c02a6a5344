"""How long the judge takes, beside `scipy.stats.bootstrap`. Exits 1 when a promise is broken.

`python tests/benchmarks/bench_judge.py`

SciPy resamples 9,999 times, its default. The judge reads the percentiles of the same distribution off, so its
"number of resamples" is infinite; the ratio is in SciPy's favour.
"""

# ruff: noqa: T201 - printing is what it is for

from __future__ import annotations

import sys
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import stats  # type: ignore[import-untyped]  # it ships no types

if __name__ == "__main__":  # started as a script, from any folder
    sys.path.insert(0, str(Path(__file__).parents[2]))

from releasedesk.measurements.judge import Requests, Side, judge
from releasedesk.measurements.judge.intervals import quantile_ranks
from releasedesk.measurements.judge.metrics import Quantile, compare

if TYPE_CHECKING:
    from collections.abc import Callable

RESAMPLES = 9_999
LIMIT_MS = {2_000: 15.0, 10_000: 40.0}
LEAST_RATIO_AT_2000 = 100.0


def measured(n: int, *, seed: int, hits: float, slower: float, calls: int) -> Side:
    """Return n requests of a route with a cache; everything is seeded."""
    random = np.random.default_rng(seed)
    hit = random.random(n) < hits
    requests = Requests(
        np.where(hit, random.lognormal(1, 0.2, n), slower * random.lognormal(5, 0.4, n)),
        np.where(random.random(n) < 0.002, 503, 200).astype(np.int16),
        hit.astype(np.int8),
        np.where(hit, 0, random.poisson(calls, n)).astype(np.int32),
    )
    return Side(requests, "production", "GET /basket/{id}")


def median_ms(call: Callable[[], Any], rounds: int) -> float:
    """Return the median time of a call in ms, after one that does not count. None profits from another."""
    call()
    times = []
    for _ in range(rounds):
        quantile_ranks.cache_clear()
        start = time.perf_counter()
        call()
        times.append(1_000 * (time.perf_counter() - start))
    return median(times)


def scipy_p95(before: Side, after: Side) -> Callable[[], Any]:
    """Return the same interval as SciPy resamples it: the relative change of p95."""

    def change(old: np.ndarray, new: np.ndarray, axis: int) -> np.ndarray:
        return np.asarray(np.quantile(new, 0.95, axis=axis) / np.quantile(old, 0.95, axis=axis) - 1)

    assert isinstance(before.evidence, Requests)
    assert isinstance(after.evidence, Requests)
    data = (before.evidence.response_ms, after.evidence.response_ms)
    # Batches of 500 fit the cache better than all at once, which takes SciPy longer still.
    return lambda: stats.bootstrap(data, change, n_resamples=RESAMPLES, method="percentile", batch=500)


def our_p95(before: Side, after: Side) -> Callable[[], Any]:
    """Return that interval as the judge finds it, sorting included."""
    assert isinstance(before.evidence, Requests)
    assert isinstance(after.evidence, Requests)
    times = before.evidence.response_ms, after.evidence.response_ms
    return lambda: compare(*(Quantile(np.sort(side), 0.95) for side in times), relative=True)


def rows(n: int) -> dict[str, float]:
    """Return the medians in ms for n requests a side."""
    usual = (
        measured(n, seed=1, hits=0.2, slower=1.0, calls=31),
        measured(n, seed=2, hits=0.2, slower=1, calls=31),
    )
    lucky = usual[0], measured(n, seed=3, hits=0.6, slower=0.6, calls=12)
    packed = usual[0].evidence
    assert isinstance(packed, Requests)
    return {
        "all six metrics, hits and misses apart": median_ms(lambda: judge(*usual).to_json(), 40),
        "the same, hits rose: also at the same share": median_ms(lambda: judge(*lucky).to_json(), 40),
        "pack and unpack one side": median_ms(lambda: Requests.from_bytes(packed.to_bytes()), 40),
        "p95 interval, the judge": median_ms(our_p95(*usual), 40),
        f"p95 interval, scipy.stats.bootstrap, {RESAMPLES:,}": median_ms(scipy_p95(*usual), 3),
    }


def main() -> int:
    """Print the table; return 1 when a promise is broken."""
    broken = []
    for n, limit in LIMIT_MS.items():
        found = rows(n)
        print(f"{n:,} + {n:,} requests")
        for name, ms in found.items():
            print(f"  {name:<52}{ms:>10.2f} ms")
        ours, theirs = list(found.values())[-2:]
        print(f"  {'ratio':<52}{theirs / ours:>10,.0f} times\n")
        slowest = max(list(found.values())[:2])
        if slowest > limit:
            broken.append(f"{n:,} + {n:,} requests took {slowest:.1f} ms; promised are {limit:g} ms.")
        if n == min(LIMIT_MS) and theirs / ours < LEAST_RATIO_AT_2000:
            broken.append(f"The judge is {theirs / ours:.0f} times as fast as SciPy; promised is 100 times.")
    print("\n".join(broken) or "All promises are kept.")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
