"""What the team does for every release, and where it looks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests.end_to_end.desk import Desk
from tests.end_to_end.shop import Shop

if TYPE_CHECKING:
    import subprocess

BASKET = "/api/v1/services/basket"
ROUTE = "GET /basket/{id}"
REQUESTS = 800  # with fewer, no errors at all could still be an error rate above the limit of half a percent
TAKEN, VERIFIED, SUSPECT, UNDECIDED = (0, ""), (0, "verified: "), (1, "suspect: "), (2, "inconclusive: ")
TIMES = 10  # how often one measures what stays undecided: where the machine stalled, the desk rightly says so


def plan(desk: Desk, version: str, **fields: str) -> dict[str, Any]:
    """Write down what is to be changed, and what is expected of it."""
    body = {"owner": "alice", "route": ROUTE, **fields}
    planned: dict[str, Any] = desk.put(f"{BASKET}/releases/{version}", body)
    return planned


def ship(shop: Shop, version: str) -> None:
    """Staging first, then production, by the very same command."""
    shop.sh(f"./deploy staging {version}\n./deploy production {version}")
    assert shop.version_in("production") == version


def measure(
    desk: Desk,
    shop: Shop,
    phase: str,
    version: str,
    *,
    cold: bool = True,
    answer: tuple[int, str] = TAKEN,
) -> None:
    """Measure production with `releasedesk`, and hold its exit code and its words to `answer`.

    `cold` is how it is done: only the cache that matters is cleared, and it is said that it was.
    """
    for _ in range(TIMES):
        done = _measured(desk, shop, phase, version, cold=cold)
        if answer is UNDECIDED or UNDECIDED[1] not in done.stdout:
            break
    code, words = answer
    assert done.returncode == code, done.stdout + done.stderr
    assert words in done.stdout


def _measured(
    desk: Desk, shop: Shop, phase: str, version: str, *, cold: bool
) -> subprocess.CompletedProcess[str]:
    options = ["--phase", phase, "--version", version, "--service", "basket", "--environment", "production"]
    options += ["--route", ROUTE, "--requests", str(REQUESTS)]
    if cold:
        shop.clear_cache("production")
        options += ["--cache-state", "cold", "--cache-cleared", "basket"]
    if phase == "after":
        options.append("--fail-on-suspect")
    url = f"{shop.url('production')}/basket/[1-{REQUESTS}]"
    return desk.command("measure", url, *options, codes=range(3))


def now() -> str:
    """Give the time as an event tells it."""
    return datetime.now(UTC).isoformat()


# -- Where one looks -----------------------------------------------------------------------------------------


def comparison(desk: Desk, version: str) -> dict[str, Any]:
    """Before against after, in production."""
    path = f"{BASKET}/releases/{version}/comparison?environment=production&route={ROUTE}"
    compared: dict[str, Any] = desk.get(path)
    return compared


def metric(compared: dict[str, Any], name: str) -> dict[str, Any]:
    """One metric of a comparison."""
    (found,) = (row for row in compared["metrics"] if row["metric"] == name)
    return dict(found)


def way_back(desk: Desk, environment: str) -> dict[str, Any]:
    """Can we go back there, to what, and how?"""
    answer: dict[str, Any] = desk.get(f"{BASKET}/rollback?environment={environment}")
    return answer


def in_production(desk: Desk, version: str) -> list[dict[str, Any]]:
    """The deployments of a release to production, the newest first."""
    deployments = desk.get(f"{BASKET}/releases/{version}")["deployments"]
    return [row for row in deployments if row["environment"] == "production"]


def state(desk: Desk, version: str) -> str:
    """Where a release stands, in one word."""
    return str(desk.get(f"{BASKET}/releases/{version}")["state"])
