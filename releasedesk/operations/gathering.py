"""Threads that want the same done at the same time: one of them does it for all who wait. Pure."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from threading import Condition
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(slots=True, eq=False)
class _Wish(Generic[Item, Result]):
    kind: Hashable
    item: Item
    is_over: bool = False
    result: Result | None = None


class Gathering(Generic[Item, Result]):
    """What is asked while `do` is under way is done together, by one of those who wait.

    `do` takes items of one kind and answers one result each, in the same order. Never two at a time.
    """

    def __init__(self, do: Callable[[Sequence[Item]], Sequence[Result | None]], at_most: int) -> None:
        self._do, self._at_most = do, at_most
        self._changed, self._is_busy = Condition(), False
        self.waiting: list[_Wish[Item, Result]] = []

    def __call__(self, kind: Hashable, item: Item) -> Result | None:
        """Have it done, alone or with others of its kind. None where `do` failed in another's turn.

        Raises what `do` raises, if it was this thread's turn.
        """
        mine: _Wish[Item, Result] = _Wish(kind, item)
        with self._changed:
            self.waiting.append(mine)
            while self._is_busy and not mine.is_over:
                self._changed.wait()
            if mine.is_over:
                return mine.result
            self._is_busy, alike = True, self._taken(mine)
        self._fulfil(alike)
        return mine.result

    def _taken(self, mine: _Wish[Item, Result]) -> list[_Wish[Item, Result]]:
        """Take mine off the list, and what can be done with it."""
        alike = [wish for wish in self.waiting if wish.kind == mine.kind and wish is not mine]
        taken = [mine, *alike[: self._at_most - 1]]
        self.waiting = [wish for wish in self.waiting if wish not in taken]
        return taken

    def _fulfil(self, wishes: list[_Wish[Item, Result]]) -> None:
        try:
            for wish, result in zip(wishes, self._do([wish.item for wish in wishes]), strict=True):
                wish.result = result
        finally:
            with self._changed:
                for wish in wishes:
                    wish.is_over = True
                self._is_busy = False
                self._changed.notify_all()
