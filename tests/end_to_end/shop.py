"""The shop's pipeline: a checkout of its service, the two places it runs in, and the commands of its team."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.end_to_end.processes import free_port, run, tail
from tests.end_to_end.service.make_repository import make_repository

PLACES = ("staging", "production")


class Shop:
    """The service in its own git repository. Whatever is run here has what a pipeline has: a desk to tell."""

    def __init__(self, at: Path, pipeline: Mapping[str, str]) -> None:
        self.at = at
        self.ports = {place: free_port() for place in PLACES}
        ports = {f"{place.upper()}_PORT": str(port) for place, port in self.ports.items()}
        self.environment = {**pipeline, **ports, "PYTHON": sys.executable}
        make_repository(at)

    def url(self, place: str) -> str:
        """Where the service answers in that place."""
        return f"http://127.0.0.1:{self.ports[place]}"

    def sh(self, commands: str) -> subprocess.CompletedProcess[str]:
        """Run commands as somebody would who pastes them into a terminal, ending at the first that fails."""
        return run(["sh", "-e"], environment=self.environment, at=self.at, stdin=commands)

    def version_in(self, place: str) -> str:
        """Ask the service itself which version answers there."""
        return str(httpx.get(f"{self.url(place)}/health", timeout=120).json()["version"])

    def clear_cache(self, place: str) -> None:
        """Forget the baskets that this service keeps there, and nothing else."""
        httpx.post(f"{self.url(place)}/cache/clear", timeout=120).raise_for_status()


@contextmanager
def open_shop(at: Path, pipeline: Mapping[str, str]) -> Iterator[Shop]:
    """The shop with nothing deployed yet; what was deployed is ended afterwards."""
    for program in ("bash", "curl", "git"):
        assert shutil.which(program), f"The shop's pipeline needs {program}, and it is not installed."
    shop = Shop(at, pipeline)
    try:
        yield shop
    finally:
        for place in PLACES:
            print(tail(at / "var" / f"{place}.log", lines=10))  # noqa: T201 (pytest shows it when a test fails)
            shop.sh(f"./stop {place}")
