"""What an administrator asks for on one page, in the words of the actions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar

from releasedesk.accounts.models import Team, User
from releasedesk.accounts.roles import Actor
from releasedesk.catalog.models import Environment
from releasedesk.problems.problem import Problem

Row = TypeVar("Row")
NAMED_BY = {User: "username", Team: "slug", Environment: "name"}


def plain(value: Any) -> Any:
    """Say a form's value as a body says it: nothing for an empty text, people and places by their names."""
    name = NAMED_BY.get(type(value))
    return getattr(value, name) if name else None if value == "" else value


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks, when, about which row (None: a new one), and what the form and its inlines say."""

    actor: Actor
    now: datetime
    row: Any
    data: Mapping[str, Any]
    parts: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)

    def __getitem__(self, name: str) -> Any:
        """What the form says; what it does not ask for is as the row has it."""
        return self.data[name] if name in self.data else getattr(self.row, name)

    def body(self, *names: str) -> dict[str, Any]:
        """These fields, ready to be read by a `Body`."""
        return {name: plain(self[name]) for name in names}

    def about(self, row: Any, data: Mapping[str, Any]) -> Asked:
        """The same person at the same time, about a row of an inline."""
        return replace(self, row=row, data=data, parts={})

    def tell(self, message: str) -> None:
        """Say this on the next page."""
        self.told.append(message)

    def take_new(self, written: tuple[Row, bool], what: object) -> Row:
        """Return what was written; raises 409 when something new was asked for and it was there before."""
        row, created = written
        if self.row is None and not created:
            raise Problem("conflict", f"{what} is there already. Open it to change it.")
        return row
