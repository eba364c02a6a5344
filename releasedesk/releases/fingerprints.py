"""Whether two environments run with the same configuration, from names and keyed digests alone. Pure.

Values are never seen here. Two digests are equal when the values are: both were made with the same key.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How two configurations differ, by name. `meant` are differences that somebody gave a reason for.

    `only_here` and `only_there` are missing on the other side. None of the names stands in two places.
    """

    here: str
    there: str
    same: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()
    only_here: tuple[str, ...] = ()
    only_there: tuple[str, ...] = ()
    meant: tuple[str, ...] = ()
    unreported: tuple[str, ...] = ()

    @property
    def is_known(self) -> bool:
        """Whether both sides have reported."""
        return not self.unreported

    @property
    def unexplained(self) -> tuple[str, ...]:
        """The names that differ and nobody gave a reason for."""
        return tuple(sorted((*self.differs, *self.only_here, *self.only_there)))

    @property
    def is_same(self) -> bool:
        """Whether both have reported, and what differs is meant to."""
        return self.is_known and not self.unexplained

    @property
    def sentence(self) -> str:
        """What is known, in one sentence."""
        if self.unreported:
            verb = "has" if len(self.unreported) == 1 else "have"
            return f"{' and '.join(self.unreported)} {verb} not reported a configuration."
        if not self.unexplained:
            meant = f"; {_counted(len(self.meant), 'difference')} meant to be" if self.meant else ""
            same = f"All {len(self.same)} settings are" if len(self.same) > 1 else "The one setting is"
            if not self.same:
                same = "No setting is"
            return f"{same} the same in {self.here} and {self.there}{meant}."
        parts = (
            (self.differs, "differ" if len(self.differs) > 1 else "differs"),
            (self.only_there, f"{_is(self.only_there)} missing in {self.here}"),
            (self.only_here, f"{_is(self.only_here)} missing in {self.there}"),
        )
        return "; ".join(f"{_listed(names)} {what}" for names, what in parts if names) + "."


def compare(
    here: tuple[str, Mapping[str, str] | None],
    there: tuple[str, Mapping[str, str] | None],
    meant: Collection[str] = (),
) -> Comparison:
    """Compare (name of the environment, name of the setting → digest); None for what was never reported."""
    (one, ours), (other, theirs) = here, there
    if ours is None or theirs is None:
        missing = tuple(name for name, found in (here, there) if found is None)
        return Comparison(here=one, there=other, unreported=missing)
    both = sorted(ours.keys() & theirs.keys())
    equal = {name for name in both if ours[name].lower() == theirs[name].lower()}
    different = {*both, *(ours.keys() ^ theirs.keys())} - equal
    left = different - set(meant)
    return Comparison(
        here=one,
        there=other,
        same=tuple(name for name in both if name in equal),
        differs=tuple(name for name in both if name in left),
        only_here=tuple(sorted(left - theirs.keys())),
        only_there=tuple(sorted(left - ours.keys())),
        meant=tuple(sorted(different & set(meant))),
    )


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[str, ...]:
    """The names that came, went or got another value."""
    names = before.keys() | after.keys()
    return tuple(sorted(name for name in names if before.get(name) != after.get(name)))


def _listed(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:NAMED])
    return f"{shown} and {len(names) - NAMED} more" if len(names) > NAMED else shown


def _is(names: tuple[str, ...]) -> str:
    return "are" if len(names) > 1 else "is"


def _counted(count: int, name: str) -> str:
    return f"{count} {name} is" if count == 1 else f"{count} {name}s are"
