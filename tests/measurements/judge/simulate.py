"""How often the judge's intervals hold the truth, and how often it sees a change where there is none.

`make judge-report` writes the tables into docs/judge.md. All is seeded: the same code gives the same text.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from scipy import signal, special, stats  # type: ignore[import-untyped]  # it ships no types

from releasedesk.measurements.judge import METRICS, Requests, Windows, judge, worst
from releasedesk.measurements.judge.columns import Floats
from releasedesk.measurements.judge.readings import AnyReading, Proportion, Series, compare, readings
from tests.measurements.judge.measured import side

SLOWER = 1.2
PAIRS, RELEASES = 500, 100
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

    def requests(self, random: np.random.Generator, n: int) -> Requests:
        """A route with 2 % errors, 30 % hits and 12 database calls a request."""
        return Requests(
            self.times(random, n),
            np.where(random.random(n) < 0.02, 500, 200).astype(np.int16),
            (self.noise(random, n) < special.ndtri(0.3)).astype(np.int8),
            stats.poisson.ppf(special.ndtr(self.noise(random, n)), 12).astype(np.int32),
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

    def reading(mean: float) -> AnyReading:
        calls = stats.poisson.ppf(special.ndtr(world.noise(random, n)), mean).astype(np.int32)
        return readings(Requests(np.ones(n), good, None, calls))["db_calls"]

    truth = 9 / 12 - 1 if relative else -3.0
    return _covered(pairs, lambda: (reading(12), reading(9)), truth, relative=relative)


def window_coverage(n: int, world: World = STRANGERS, *, pairs: int = PAIRS) -> float:
    """Share of intervals that hold the true ratio of n windows a side, 10 % noise, 7.5 % higher after."""
    random = world.random("windows", n)

    def reading(level: float) -> Series:
        return Series(level * np.exp(0.1 * world.noise(random, n)))

    return _covered(pairs, lambda: (reading(200), reading(215)), 0.075, relative=True)


def false_alarms(n: int, world: World = STRANGERS, *, limits: bool, pairs: int = PAIRS) -> dict[str, float]:
    """Share of equal pairs in which a metric was judged `regressed`; without limits is the worst case."""
    random = world.random("alarms", n)
    strict = {name: replace(policy, allowed=0.0) for name, policy in METRICS.items()}
    policies = METRICS if limits else strict
    alarms = dict.fromkeys(METRICS, 0)
    for _ in range(pairs):
        before, after = (side(world.requests(random, n)) for _ in range(2))
        for finding in judge(before, after, policies).findings:
            alarms[finding.policy.metric] += finding.verdict == "regressed"
    return {name: count / pairs for name, count in alarms.items()}


def window_alarms(n: int, world: World = STRANGERS, *, pairs: int = PAIRS) -> tuple[float, float]:
    """Shares of equal series, 10 % noise, that were called `suspect` and that were left undecided."""
    random = world.random("window alarms", n)
    policies = {"response_ms_p95": METRICS["response_ms_p95"]}

    def draw() -> Windows:
        return Windows(response_ms_p95=200 * np.exp(0.1 * world.noise(random, n)))

    verdicts = [judge(side(draw()), side(draw()), policies).verdict for _ in range(pairs)]
    return verdicts.count("suspect") / pairs, verdicts.count("inconclusive") / pairs


def release_alarms(routes: int, n: int, *, pairs: int = RELEASES) -> float:
    """Share of releases that change nothing and are `suspect` all the same, by the worst of their routes."""
    random = STRANGERS.random("release", routes, n)

    def verdict() -> str:
        pairs_of_sides = ([side(STRANGERS.requests(random, n)) for _ in range(2)] for _ in range(routes))
        return worst(judge(before, after).verdict for before, after in pairs_of_sides)

    return [verdict() for _ in range(pairs)].count("suspect") / pairs


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
    for limits, said in ((True, "default limits"), (False, "limit 0")):
        for n in (200, 1_000):
            enough = [n >= policy.minimum for policy in METRICS.values()]
            for world in (STRANGERS, TAILS, MEMORY):

                def written(found: dict[str, float], enough: list[bool] = enough) -> list[str]:
                    pairs = zip(found.values(), enough, strict=True)
                    return [_percent(share) if counts else "too few" for share, counts in pairs]

                cell = pool.submit(false_alarms, n, world, limits=limits)
                yield Row(f"{said}, {n:,}, {world.name}", [cell], written)


def _window_alarms(pool: Executor) -> Iterator[Row]:
    for n in (4, 5, 8, 12, 20, 40):
        cells = [pool.submit(window_alarms, n, world) for world in (STRANGERS, HINT, MEMORY)]
        yield Row(f"{n} windows a side", cells, lambda found: [" / ".join(map(_percent, found))])


def report(pool: Executor) -> str:
    """All tables, as docs/judge.md holds them; the simulations run side by side."""
    metrics = [metric.removeprefix("response_ms_").replace("_", " ") for metric in METRICS]
    routes = [Row(f"{count}", [pool.submit(release_alarms, count, 500)]) for count in (1, 5, 10)]
    tables = [
        Table(
            f"How often a 95 % interval holds the truth ({PAIRS:,} pairs, so ± 2 points):",
            [world.name for world in WORLDS],
            list(_coverage(pool)),
        ),
        Table(
            f"How often equal requests were called `regressed` ({PAIRS:,} pairs):",
            metrics,
            list(_alarms(pool)),
        ),
        Table(
            "How often equal windows with 10 % noise were called `suspect` / left undecided, by the default "
            f"limit ({PAIRS:,} pairs):",
            [STRANGERS.name, HINT.name, MEMORY.name],
            list(_window_alarms(pool)),
        ),
        Table(
            "How often a release that changes nothing is `suspect`, by the worst of so many routes, 500 "
            f"requests a side and route, default limits ({RELEASES:,} releases):",
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
    with ProcessPoolExecutor() as pool:
        tables = report(pool)
    text = docs.read_text()  # it may have been written on meanwhile
    between = re.compile(rf"(?<={re.escape(BEGIN)}\n).*(?={re.escape(END)})", re.DOTALL)
    docs.write_text(between.sub(lambda _: f"{tables}\n", text))


if __name__ == "__main__":
    write()
    sys.stdout.write(f"The tables in {DOCS.name} are new.\n")
