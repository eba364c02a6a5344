"""How long the fold takes: `python tests/benchmarks/bench_history.py` prints microseconds a fact."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from time import perf_counter

from releasedesk.releases.history import Fact, Fold, Kind, fold

ROUNDS = 7


def a_year(facts: int) -> list[Fact]:
    """Daily releases as a team has them: start and finish, one in ten fails, one in twenty goes back."""
    random.seed(facts)
    told: list[Fact] = []
    versions: list[str] = []
    while len(told) < facts:
        back = len(versions) > 2 and random.random() < 0.05
        version = versions[-2] if back else f"2026.{len(versions)}"
        kind = Kind.FAILED if random.random() < 0.1 else Kind.SUCCEEDED
        at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=len(told))
        told.append(Fact(Kind.STARTED, at, "native", f"s{len(told)}", version, str(len(told))))
        told.append(Fact(kind, at + timedelta(minutes=3), "native", f"f{len(told)}", version, told[-1].run))
        versions.append(version)
    random.shuffle(told)
    return told


def unfinished(facts: int) -> list[Fact]:
    """The worst a sender can do to the joining: thousands of open starts of one version within a day."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    kinds = [Kind.STARTED] * (facts // 2) + [Kind.FAILED] * (facts // 2)
    return [
        Fact(kind, start + timedelta(seconds=i), "native", str(i), "1.0", str(i))
        for i, kind in enumerate(kinds)
    ]


def seconds_to_fold(told: list[Fact]) -> list[float]:
    """The seconds of each round, shortest first."""
    rounds = []
    for _ in range(ROUNDS):
        began = perf_counter()
        fold(told)
        rounds.append(perf_counter() - began)
    return sorted(rounds)


def seconds_to_add_one(told: list[Fact]) -> float:
    """The seconds that one more fact costs a fold that is kept."""
    in_order = sorted(told, key=lambda fact: fact.order)
    folding = Fold()
    for fact in in_order[:-200]:
        folding.add(fact)
    began = perf_counter()
    for fact in in_order[-200:]:
        folding.add(fact)
    return (perf_counter() - began) / 200


def main() -> None:
    """Print the figures, the range of the rounds beside the best."""
    for name, history in (("a team's history", a_year), ("never finished", unfinished)):
        for facts in (1_000, 10_000):
            told = history(facts)
            rounds = seconds_to_fold(told)
            low, high = (1e6 * seconds / facts for seconds in (rounds[0], rounds[-1]))
            one = 1e6 * seconds_to_add_one(told)
            print(  # noqa: T201 -- printing is what a benchmark is for
                f"{name:18} {facts:>6,} facts  {1e3 * rounds[0]:7.1f} ms  "
                f"{low:5.2f} to {high:5.2f} us a fact, one more {one:5.2f} us"
            )


if __name__ == "__main__":
    main()
