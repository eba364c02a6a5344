"""Several things at the same moment."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from django.db import connection

Result = TypeVar("Result")


def at_once(deeds: Sequence[Callable[[], Result]]) -> list[Result]:
    """Do these at the same moment, each over its own connection. Needs the fixture `committed`."""
    together = Barrier(len(deeds))

    def one(deed: Callable[[], Result]) -> Result:
        together.wait(10)
        return with_its_own_connection(deed)

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(one, deeds))


def with_its_own_connection(deed: Callable[[], Result]) -> Result:
    """Do this in a thread, and leave no connection behind."""
    try:
        return deed()
    finally:
        connection.close()
