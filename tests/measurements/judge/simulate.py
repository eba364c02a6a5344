"""How often the judge's intervals hold the truth, and how often it sees a change where there is none.

`make judge-report` writes the tables into docs/judge.md. All is seeded: the same code gives the same text.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from scipy import signal, special, stats  # type: ignore[import-untyped]  # it ships no types

from releasedesk.measurements.judge import METRICS, Policy, Requests, intervals
from releasedesk.measurements.judge.columns import Floats
from releasedesk.measurements.judge.findings import find
from releasedesk.measurements.judge.metrics import SURER_OF_WINDOWS, AnyReading, Proportion, Series, compare
from releasedesk.measurements.judge.policy import WINDOWS_NEEDED
from releasedesk.measurements.judge.readings import readings

Whole: TypeAlias = NDArray[np.int32]

SLOWER = 1.2
PAIRS, ALARM_PAIRS, WINDOW_PAIRS, RELEASES = 1_000, 4_000, 20_000, 1_000
# Looking a value up in the distribution is a hundred times faster than SciPy's quantile, and the same.
TWELVE_CALLS, NINE_CALLS = (stats.poisson.cdf(np.arange(100), mean) for mean in (12, 9))
DOCS = Path(__file__).parents[3] / "docs" / "judge.md"
BEGIN, END = "<!-- judge-report -->", "<!-- end of judge-report -->"


@dataclass(frozen=True)
class World:
    """What is measured: how long the tail is, and how much each value holds of the one before it (AR(1))."""

    name: str
    memory: float = 0.0
    heavy: bool = False

    def random(self, *what: object) -> np.random.Generator:
        """A generator of its own for each cell of each table."""
        return np.random.default_rng(crc32(repr((self.name, *what)).encode()))

    def noise(self, random: np.random.Generator, n: int) -> Floats:
        """Standard normal values with this world's memory."""
        return remembering(random, n, self.memory)

    def times(self, random: np.random.Generator, n: int) -> Floats:
        """Response times in ms: log-normal, or Pareto with a tail so heavy that its variance is infinite."""
        noise = self.noise(random, n)
        if self.heavy:
            return np.asarray(100 * special.ndtr(-noise) ** (-1 / 1.5))
        return np.exp(5 + 0.5 * noise)

    def calls(self, random: np.random.Generator, n: int, distribution: Floats) -> Whole:
        """Database calls a request, by their cumulative distribution from 0 on."""
        found = np.searchsorted(distribution, special.ndtr(self.noise(random, n)))
        return np.asarray(found, dtype=np.int32)

    def requests(self, random: np.random.Generator, n: int) -> Requests:
        """A route with 2 % errors, 30 % hits and 12 database calls a request."""
        return Requests(
            self.times(random, n),
            np.where(random.random(n) < 0.02, 500, 200).astype(np.int16),
            (self.noise(random, n) < special.ndtri(0.3)).astype(np.int8),
            self.calls(random, n, TWELVE_CALLS),
        )


STRANGERS, TAILS = World("independent"), World("heavy tails", heavy=True)
HINT, MEMORY, STRONG = (World(f"memory {memory:g}", memory) for memory in (0.3, 0.6, 0.9))
WORLDS = (STRANGERS, TAILS, HINT, MEMORY, STRONG)


def remembering(random: np.random.Generator, n: int, memory: float) -> Floats:
    """Standard normal values of which each holds `memory` of the one before it."""
    steps = random.normal(size=n) * np.sqrt(1 - memory**2)
    steps[0] = random.normal()
    return np.asarray(signal.lfilter([1.0], [1.0, -memory], steps))


def _covered(
    pairs: int, draw: Callable[[], tuple[AnyReading, AnyReading]], truth: float, *, relative: bool
) -> float:
    """Share of intervals that hold the truth; one that does not exist promises nothing, and holds it."""
    held = 0
    for _ in range(pairs):
        limits = compare(*draw(), relative=relative).limits
        assert limits is not None
        held += limits[0] <= truth <= limits[1]
    return held / pairs


def quantile_coverage(n: int, metric: str, world: World = STRANGERS, *, pairs: int = PAIRS) -> float:
    """Share of intervals that hold the true relative change of response times made 20 % slower."""
    random = world.random("quantile", n, metric)

    def reading(factor: float) -> AnyReading:
        return readings(Requests(factor * world.times(random, n), np.full(n, 200, dtype=np.int16)))[metric]

    return _covered(pairs, lambda: (reading(1.0), reading(SLOWER)), SLOWER - 1, relative=True)


def rate_coverage(n: int, before: float, after: float, *, pairs: int = PAIRS) -> float:
    """Share of Newcombe's intervals that hold the true difference of two rates of strangers."""
    random = STRANGERS.random("rate", n, before)

    def draw() -> tuple[AnyReading, AnyReading]:
        return Proportion(random.binomial(n, before), n), Proportion(random.binomial(n, after), n)

    return _covered(pairs, draw, after - before, relative=False)


def hits_coverage(n: int, world: World = STRANGERS, *, pairs: int = PAIRS) -> float:
    """Share of intervals that hold the true difference of cache hits, 20 to 60 %, one after the other."""
    random, cold = world.random("hits", n), np.full(n, 200, dtype=np.int16)

    def reading(share: float) -> AnyReading:
        hit = (world.noise(random, n) < special.ndtri(share)).astype(np.int8)
        return readings(Requests(np.ones(n), cold, hit))["cache_hit_rate"]

    return _covered(pairs, lambda: (reading(0.2), reading(0.6)), 0.4, relative=False)


def mean_coverage(n: int, world: World = STRANGERS, *, relative: bool = False, pairs: int = PAIRS) -> float:
    """Share of intervals that hold the true change of Poisson database calls from 12 to 9 a request."""
    random, good = world.random("mean", n, relative), np.full(n, 200, dtype=np.int16)

    def reading(distribution: Floats) -> AnyReading:
        calls = world.calls(random, n, distribution)
        return readings(Requests(np.ones(n), good, None, calls))["db_calls"]

    truth = 9 / 12 - 1 if relative else -3.0
    return _covered(pairs, lambda: (reading(TWELVE_CALLS), reading(NINE_CALLS)), truth, relative=relative)


def window_coverage(n: int, world: World = STRANGERS, *, pairs: int = PAIRS) -> float:
    """Share of intervals that hold the true ratio of n windows a side, 10 % noise, 7.5 % higher after."""
    random = world.random("windows", n)

    def reading(level: float) -> Series:
        return Series(level * np.exp(0.1 * world.noise(random, n)))

    return _covered(pairs, lambda: (reading(200), reading(215)), 0.075, relative=True)


@dataclass(frozen=True)
class Rate:
    """So often something happened that should not, of so many pairs."""

    count: int
    pairs: int

    @property
    def share(self) -> float:
        return self.count / self.pairs

    @property
    def bound(self) -> float:
        """What the true share is at most, 95 % sure (Clopper and Pearson 1934)."""
        return float(stats.beta.ppf(0.95, self.count + 1, self.pairs - self.count))

    def text(self) -> str:
        return f"{100 * self.share:.2f} (≤ {100 * self.bound:.2f})"


Alarms: TypeAlias = dict[str, Rate]
STRICT = {name: replace(policy, allowed=0.0) for name, policy in METRICS.items()}


def _regressed(
    before: Mapping[str, AnyReading], after: Mapping[str, AnyReading]
) -> Iterator[tuple[str, bool]]:
    """Give each metric that is `regressed` without a limit, and whether it is with the default one as well.

    What is not worse at all need not be judged.
    """
    for name, policy in METRICS.items():
        old, new = before[name], after[name]
        worse = new.value > old.value if policy.better == "lower" else new.value < old.value
        if worse and find(STRICT[name], old, new).verdict == "regressed":
            yield name, find(policy, old, new).verdict == "regressed"


def false_alarms(n: int, world: World = STRANGERS, *, pairs: int = ALARM_PAIRS) -> tuple[Alarms, Alarms]:
    """How often each metric of equal pairs was judged `regressed`: with the default limits, and without."""
    random = world.random("alarms", n)
    limited, strict = dict.fromkeys(METRICS, 0), dict.fromkeys(METRICS, 0)
    for _ in range(pairs):
        before, after = (readings(world.requests(random, n)) for _ in range(2))
        for name, still in _regressed(before, after):
            strict[name] += 1
            limited[name] += still
    first, second = (
        {name: Rate(count, pairs) for name, count in found.items()} for found in (limited, strict)
    )
    return first, second


def _windows(n: int, world: World, random: np.random.Generator, factor: float = 1.0) -> Series:
    return Series(200 * factor * np.exp(0.1 * world.noise(random, n)))


def window_alarms(n: int, world: World = STRANGERS, *, pairs: int = WINDOW_PAIRS) -> tuple[Rate, Rate]:
    """How often equal series, 10 % noise, were called `regressed`: with the default limit, and without.

    Only where independent windows would put the wider interval past zero is there anything to judge: memory
    widens it.
    """
    random, limited, strict = world.random("window alarms", n), 0, 0
    rank = intervals._mann_whitney_tail(n, n, SURER_OF_WINDOWS)
    for _ in range(pairs):
        before, after = (_windows(n, world, random) for _ in range(2))
        differences = np.subtract.outer(after.values, before.values).ravel()
        if n >= WINDOWS_NEEDED and np.partition(differences, rank - 1)[rank - 1] <= 0:
            continue
        if find(STRICT["response_ms_p95"], before, after).verdict == "regressed":
            strict += 1
            limited += find(METRICS["response_ms_p95"], before, after).verdict == "regressed"
    return Rate(limited, pairs), Rate(strict, pairs)


def _power(
    policy: Policy, pairs: int, draw: Callable[[], tuple[AnyReading, AnyReading]]
) -> tuple[float, float]:
    """How often a true worsening was `regressed`: by the 95 % interval alone, and by both."""
    found = [find(policy, *draw()) for _ in range(pairs)]
    now = sum(finding.verdict == "regressed" for finding in found)
    return (now + sum(finding.surer is not None for finding in found)) / pairs, now / pairs


def quantile_power(n: int, slower: float, world: World, *, pairs: int = PAIRS) -> tuple[float, float]:
    """Of a p95 that is so much slower, by the default limit of 10 %."""
    random, good = world.random("power", n, slower), np.full(n, 200, dtype=np.int16)

    def reading(factor: float) -> AnyReading:
        return readings(Requests(factor * world.times(random, n), good))["response_ms_p95"]

    return _power(METRICS["response_ms_p95"], pairs, lambda: (reading(1.0), reading(slower)))


def rate_power(n: int, after: float, *, pairs: int = PAIRS) -> tuple[float, float]:
    """Of an error rate that rises from 0.5 %, by the default limit of 0.5 pt."""
    random = STRANGERS.random("rate power", n, after)

    def draw() -> tuple[AnyReading, AnyReading]:
        return Proportion(random.binomial(n, 0.005), n), Proportion(random.binomial(n, after), n)

    return _power(METRICS["error_rate"], pairs, draw)


def window_power(n: int, slower: float, world: World, *, pairs: int = PAIRS) -> tuple[float, float]:
    """Of windows with 10 % noise that are so much slower, by the default limit of 10 %."""
    random = world.random("window power", n, slower)
    return _power(
        METRICS["response_ms_p95"],
        pairs,
        lambda: (_windows(n, world, random), _windows(n, world, random, slower)),
    )


def release_alarms(routes: int, n: int, *, pairs: int = RELEASES) -> Rate:
    """How often releases that change nothing are `suspect` all the same, by the worst of their routes."""
    random = STRANGERS.random("release", routes, n)

    def suspect() -> bool:
        sides = ([readings(STRANGERS.requests(random, n)) for _ in range(2)] for _ in range(routes))
        return any(still for before, after in sides for _, still in _regressed(before, after))

    return Rate(sum(suspect() for _ in range(pairs)), pairs)


NONE = "\N{EN DASH}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


@dataclass(frozen=True)
class Row:
    """One line of a table: what it is of, what is simulated for it, and how the answers are written."""

    of: str
    cells: Sequence[Future[Any]]
    written: Callable[[Any], Sequence[str]] = lambda share: [_percent(share)]
    blank_after_first: int = 0

    def text(self) -> str:
        """Wait for the answers and write the line."""
        first, *others = (self.written(cell.result()) for cell in self.cells)
        blanks = [NONE] * self.blank_after_first
        return f"| {' | '.join([self.of, *first, *blanks, *(word for cell in others for word in cell)])} |"


@dataclass(frozen=True)
class Table:
    """A table under its title."""

    title: str
    head: Sequence[str]
    rows: Sequence[Row]

    def text(self) -> str:
        """Write it as Markdown."""
        head = ["", *self.head]
        lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}", *(row.text() for row in self.rows)]
        return "\n".join([self.title, "", *lines])


def _coverage(pool: Executor) -> Iterator[Row]:
    measured = {"p50": (300, 1_000, 5_000), "p95": (300, 1_000, 5_000), "p99": (1_000, 5_000)}
    for metric, sizes in measured.items():
        for n in sizes:
            cells = [pool.submit(quantile_coverage, n, f"response_ms_{metric}", world) for world in WORLDS]
            yield Row(f"{metric}, {n:,} requests a side", cells)
    for n in (300, 1_000):
        cells = [pool.submit(rate_coverage, n, 0.01, 0.03)]
        yield Row(f"error rate 1 → 3 %, {n:,}", cells, blank_after_first=len(WORLDS) - 1)
    kept = [world for world in WORLDS if not world.heavy]
    for name, cover in (("cache hits 20 → 60 %", hits_coverage), ("database calls 12 → 9", mean_coverage)):
        for n in (300, 1_000):
            cells = [pool.submit(cover, n, world) for world in kept]
            yield Row(f"{name}, {n:,}", cells, blank_after_first=1)
    for n in (5, 8, 12, 20, 40):
        cells = [pool.submit(window_coverage, n, world) for world in kept]
        yield Row(f"{n} windows a side", cells, blank_after_first=1)


def _alarms(pool: Executor) -> Iterator[Row]:
    worlds = (STRANGERS, TAILS, MEMORY, STRONG)
    cells = {(n, world): pool.submit(false_alarms, n, world) for n in (200, 1_000) for world in worlds}
    for which, said in enumerate(("default limits", "limit 0")):
        for (n, world), cell in cells.items():
            enough = [n >= policy.minimum for policy in METRICS.values()]

            def written(
                found: tuple[Alarms, Alarms], which: int = which, enough: list[bool] = enough
            ) -> list[str]:
                pairs = zip(found[which].values(), enough, strict=True)
                return [rate.text() if counts else "too few" for rate, counts in pairs]

            yield Row(f"{said}, {n:,}, {world.name}", [cell], written)


def _window_alarms(pool: Executor) -> Iterator[Row]:
    sizes, worlds = (4, 5, 6, 8, 12, 20, 40), (STRANGERS, HINT, MEMORY, STRONG)
    cells = {n: [pool.submit(window_alarms, n, world) for world in worlds] for n in sizes}
    for which, said in enumerate(("default limit", "limit 0")):

        def written(found: tuple[Rate, Rate], which: int = which) -> list[str]:
            return [found[which].text()]

        for n in sizes:
            yield Row(f"{said}, {n} a side", cells[n], written)


def _powers(pool: Executor) -> Iterator[Row]:
    def written(found: tuple[float, float]) -> list[str]:
        return [" → ".join(map(_percent, found))]

    worlds = (STRANGERS, MEMORY)
    for n in (200, 1_000, 5_000):
        cells = [pool.submit(quantile_power, n, slower, world) for slower in (1.2, 1.5) for world in worlds]
        yield Row(f"p95, {n:,} requests a side", cells, written)
    for n in (5, 8, 12, 20, 40):
        cells = [pool.submit(window_power, n, slower, world) for slower in (1.2, 1.5) for world in worlds]
        yield Row(f"{n} windows a side", cells, written)


def _error_powers(pool: Executor) -> Iterator[Row]:
    for n in (200, 1_000, 5_000):
        cells = [pool.submit(rate_power, n, after) for after in (0.02, 0.05)]
        yield Row(f"{n:,} requests a side", cells, lambda found: [" → ".join(map(_percent, found))])


def report(pool: Executor) -> str:
    """All tables, as docs/judge.md holds them; the simulations run side by side."""
    metrics = [metric.removeprefix("response_ms_").replace("_", " ") for metric in METRICS]
    routes = [
        Row(f"{count}", [pool.submit(release_alarms, count, 500)], lambda rate: [rate.text()])
        for count in (1, 5, 10)
    ]
    tables = [
        Table(
            f"How often a 95 % interval holds the truth ({PAIRS:,} pairs, so ± 1.4 points):",
            [world.name for world in WORLDS],
            list(_coverage(pool)),
        ),
        Table(
            "How often equal requests were called `regressed`, in percent, and what that is at most, 95 % "
            f"sure ({ALARM_PAIRS:,} pairs):",
            metrics,
            list(_alarms(pool)),
        ),
        Table(
            "How often equal windows with 10 % noise were called `regressed`, in the same way "
            f"({WINDOW_PAIRS:,} pairs):",
            [STRANGERS.name, HINT.name, MEMORY.name, STRONG.name],
            list(_window_alarms(pool)),
        ),
        Table(
            "What being surer costs: how often times that are 20 % and 50 % slower were called `regressed` "
            f"by the 95 % interval alone → by both ({PAIRS:,} pairs, limit 10 %):",
            [f"{slower}, {world.name}" for slower in ("+20 %", "+50 %") for world in (STRANGERS, MEMORY)],
            list(_powers(pool)),
        ),
        Table(
            f"The same of an error rate of 0.5 % ({PAIRS:,} pairs, limit 0.5 pt):",
            ["rises to 2 %", "to 5 %"],
            list(_error_powers(pool)),
        ),
        Table(
            "How often a release that changes nothing is `suspect`, by the worst of so many routes, 500 "
            f"requests a side and route, default limits, in percent ({RELEASES:,} releases):",
            ["suspect"],
            routes,
        ),
    ]
    return "\n\n".join(table.text() for table in tables)


def write(docs: Path = DOCS) -> None:
    """Put the tables between the markers. ValueError when they are missing."""
    text = docs.read_text()
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise ValueError(f"{docs} must hold {BEGIN} and {END} once.")
    with ProcessPoolExecutor(max(1, (os.cpu_count() or 1) // 2), initializer=os.nice, initargs=(10,)) as pool:
        tables = report(pool)
    text = docs.read_text()  # it may have been written on meanwhile
    between = re.compile(rf"(?<={re.escape(BEGIN)}\n).*(?={re.escape(END)})", re.DOTALL)
    docs.write_text(between.sub(lambda _: f"{tables}\n", text))


if __name__ == "__main__":
    write()
    sys.stdout.write(f"The tables in {DOCS.name} are new.\n")
