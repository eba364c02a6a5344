"""Threads that want the same done at the same time: one of them does it for all who wait. Pure."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
# While one lane is busy, the next opens for no fewer: to do one costs nearly what it costs to do several.
WORTH_A_LANE = 2


def _closed() -> Lock:
    lock = Lock()
    lock.acquire()
    return lock


@dataclass(slots=True, eq=False)
class _Wish(Generic[Item, Result]):
    kind: Hashable
    item: Item
    turn: Lock = field(default_factory=_closed)  # its own, so that nobody is woken for another
    lane: int | None = None  # where to do it, if it is this thread's turn
    result: Result | None = None


class Gathering(Generic[Item, Result]):
    """What is asked while `do` is under way is done together, by one of those who wait.

    `do` takes items of one kind and the number of its lane, and answers one result each, in the same order.
    There are so many `lanes`, from 0, and in each never two at a time.
    """

    def __init__(
        self, do: Callable[[Sequence[Item], int], Sequence[Result | None]], *, lanes: int, at_most: int
    ) -> None:
        self._do, self._at_most = do, at_most
        self._lock, self._lanes, self._free = Lock(), lanes, list(range(lanes))
        self.waiting: list[_Wish[Item, Result]] = []

    def __call__(self, kind: Hashable, item: Item) -> Result | None:
        """Have it done, alone or with others of its kind. None where `do` failed in another's turn.

        Raises what `do` raises, if it was this thread's turn.
        """
        mine: _Wish[Item, Result] = _Wish(kind, item)
        with self._lock:
            if self._may_begin():
                mine.lane = self._free.pop()
            else:
                self.waiting.append(mine)
        if mine.lane is None:
            mine.turn.acquire()
        if mine.lane is not None:
            self._fulfil(mine, mine.lane)
        return mine.result

    def _may_begin(self) -> bool:
        return len(self._free) == self._lanes or (bool(self._free) and len(self.waiting) + 1 >= WORTH_A_LANE)

    def _fulfil(self, mine: _Wish[Item, Result], lane: int) -> None:
        """Do mine and what waits and is alike, then pass the lane on to whoever has waited longest."""
        wishes = self._alike(mine)
        try:
            for wish, result in zip(wishes, self._do([wish.item for wish in wishes], lane), strict=True):
                wish.result = result
        finally:
            with self._lock:
                following = self.waiting[:1]
                del self.waiting[:1]
                for wish in following:
                    wish.lane = lane
                self._free += [] if following else [lane]
            for wish in following + wishes:
                wish.turn.release()

    def _alike(self, mine: _Wish[Item, Result]) -> list[_Wish[Item, Result]]:
        """Take off the list what can be done with mine."""
        with self._lock:
            alike = [wish for wish in self.waiting if wish.kind == mine.kind][: self._at_most - 1]
            self.waiting = [wish for wish in self.waiting if wish not in alike]
        return [mine, *alike]
