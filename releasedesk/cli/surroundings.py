"""What the environment says of proxies and certificates: httpx reads it there, and may fail at it."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import httpx

from releasedesk.cli.exits import Trouble

PROXIES = ("ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY")
NAMES = (*PROXIES, *(name.lower() for name in PROXIES), "SSL_CERT_FILE", "SSL_CERT_DIR")
# What httpx raises: for a proxy of a kind that needs a package, for no address, for no such certificate.
FAULTS = (ImportError, ValueError, OSError, httpx.InvalidURL)


class Misled(Trouble):
    """A variable of the environment keeps every request from being sent; `str()` names it."""


def open_client(headers: Mapping[str, str], timeout: float) -> httpx.Client:
    """Open a client as the environment says. Raises Misled, naming the variable that it fails at."""
    try:
        return httpx.Client(headers=dict(headers), timeout=timeout)
    except FAULTS as fault:
        said = str(fault).partition("\n")[0].rstrip(".")
        raise Misled(f"{' or '.join(_guilty())} keeps every request from being sent: {said}") from None


def _guilty() -> Sequence[str]:
    """Find the variable without which it would go well; all that are set, where that is not one alone."""
    there = [name for name in NAMES if os.environ.get(name)]
    return [name for name in there if _goes_well_without(name)][:1] or there or ["The environment"]


def _goes_well_without(name: str) -> bool:
    with _without(name):
        try:
            httpx.Client().close()
        except FAULTS:
            return False
    return True


@contextmanager
def _without(name: str) -> Iterator[None]:
    kept = os.environ.pop(name)
    try:
        yield
    finally:
        os.environ[name] = kept
