"""From what was typed to what is sent, and what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from releasedesk.cli import show
from releasedesk.cli.clear_cache import clear_cache
from releasedesk.cli.exits import Trouble
from releasedesk.cli.load import Plan, send
from releasedesk.cli.sender import Sender
from releasedesk.cli.taken import Taken, measured
from releasedesk.cli.targets import (
    Mistyped,
    Target,
    by_weight,
    default_route,
    read_routes,
    side_by_side,
    target,
)
from releasedesk.cli.typed import without_secrets

CONNECTIONS, CONNECTIONS_OPEN_LOOP = 4, 64


class NobodyThere(Trouble):
    """One of the routes answered nothing at all, so there is nothing to keep. `str()` says which."""


@dataclass(frozen=True)
class Load:
    """The options that say what is sent; `ab` and `routes` in the place of one `url`."""

    url: str | None
    ab: tuple[str, str] | None
    routes: Path | None
    method: str
    route: str | None
    requests: int
    warm_up: int
    rate: float | None
    concurrency: int | None

    def plan(self, sender: Sender) -> Plan:
        """Write out what is to be sent. Raises Mistyped."""
        targets = self._targets()
        asked = {turn.target for turn in islice(by_weight(targets), self.requests)}
        if missed := [one.route for index, one in enumerate(targets) if index not in asked]:
            raise Mistyped(f"Of {self.requests} requests none would go to {', '.join(missed)}; send more.")
        return Plan(
            targets,
            side_by_side(*targets) if self.ab else by_weight(targets),
            self.requests * (2 if self.ab else 1),
            self.concurrency or (CONNECTIONS_OPEN_LOOP if self.rate else CONNECTIONS),
            sender,
            self.warm_up,
            self.rate,
        )

    def _targets(self) -> list[Target]:
        if self.routes is not None:
            return self._from_file(self.routes)
        if self.ab is None:
            return [target(self.url or "", self.method, self.route)]
        first, second = self.ab
        if not self.route and default_route(self.method, first) != default_route(self.method, second):
            raise Mistyped("The two addresses have different paths: name the route with --route.")
        a = target(first, self.method, self.route)
        return [a, target(second, self.method, a.route)]

    def _from_file(self, routes: Path) -> list[Target]:
        if self.route:
            raise Mistyped("The routes are named in the file; leave --route out.")
        try:
            return read_routes(routes.read_text(encoding="utf-8"), str(routes))
        except (OSError, UnicodeDecodeError) as error:
            raise Mistyped(f"{routes} cannot be read: {error}.") from error


@dataclass(frozen=True)
class Cache:
    """What is said of the caches, and the command that clears them first."""

    state: str | None
    cleared: str | None
    command: str | None

    def clear(self, *, warm_up: bool) -> "Cache":
        """Run the command, if there is one, and say so. Raises Mistyped where it fails.

        What was cleared just now is cold, unless warm-up requests fill it again.
        """
        if self.command is None:
            return self
        ran = clear_cache(self.command)[:CLEARED_AT_MOST].replace("\n", " ")
        cold = None if warm_up else "cold"
        return replace(self, cleared=self.cleared or ran, state=self.state or cold)


CLEARED_AT_MOST = 500  # as the desk keeps it


def run(plan: Plan, phases: Sequence[str | None], notes: Sequence[str]) -> list[Taken]:
    """Send all of it. Raises NobodyThere."""
    with show.progress(plan.total) as sent:
        measurements = send(plan, sent)
    for one, measurement in zip(plan.targets, measurements, strict=True):
        if not measurement.answered:
            fault = next((answer.fault for answer in measurement.answers if answer.fault), "")
            raise NobodyThere(
                f"Nothing was measured: {without_secrets(one.urls[0])} answered none of "
                f"{len(measurement.answers)} requests" + (f" ({fault})." if fault else ".")
            )
    taken = measured(plan, measurements, phases, notes)
    if len(set(phases)) == 1:
        return taken
    return [replace(part, label=f"{name}, {part.phase}") for name, part in zip("AB", taken, strict=True)]
