"""How the tests ask translators."""

from __future__ import annotations

from typing import TYPE_CHECKING

from releasedesk.ingest.message import Ignored
from releasedesk.problems.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from releasedesk.ingest.message import Reading


def answered(read: Callable[[], Reading]) -> bool:
    """Whether a translator left the message alone, or named what is wrong with it."""
    try:
        return isinstance(read(), Ignored)
    except Problem as problem:
        return bool(problem.errors)
