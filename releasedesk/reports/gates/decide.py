"""Facts, levels and overrides become the answer. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from releasedesk.releases.history import Mode
from releasedesk.reports.gates.facts import Fix, GateFacts
from releasedesk.reports.gates.table import TABLE, Weight
from releasedesk.rollbacks.going_back import Rank

State = Literal["met", "unmet", "overridden"]


@dataclass(frozen=True, slots=True)
class Voice:
    """A lead's word that a gate may be passed unmet."""

    gate: str
    by: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Condition:
    """One gate's part of the answer."""

    key: str
    label: str
    question: str
    level: Weight
    state: State
    detail: str
    fix: Fix | None = None

    @property
    def stops(self) -> bool:
        """Whether it keeps the release from shipping."""
        return self.level == "required" and self.state == "unmet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What is asked in one environment. `levels` are those that differ from the table."""

    tier: str
    levels: Mapping[str, Weight]
    four_eyes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """May it ship? `voices` are all overrides given for this shipping, also those that await another."""

    mode: Mode
    conditions: tuple[Condition, ...]
    voices: tuple[Voice, ...]

    @property
    def is_open(self) -> bool:
        """Nothing that is required is missing."""
        return not any(condition.stops for condition in self.conditions)

    @property
    def unmet(self) -> tuple[Condition, ...]:
        """What stops it, in order."""
        return tuple(condition for condition in self.conditions if condition.stops)


def decide(
    facts: GateFacts, rules: Rules, voices: Sequence[Voice], *, mode: Mode, own: Collection[str]
) -> Decision:
    """Judge every gate that is not off. `own` are the people whose release it is.

    Going back, and putting the same release there again, is never stopped: all is advisory then.
    """
    conditions = []
    for gate in TABLE:
        level = rules.levels.get(gate.key, gate.level_in(rules.tier))
        if level == "off":
            continue
        if level == "required" and mode != Mode.FORWARD:
            level = "advisory"
        found = gate.judge(facts)
        heard = [voice for voice in voices if voice.gate == gate.key]
        passed = not found.met and suffices([voice.by for voice in heard], own, four_eyes=rules.four_eyes)
        state: State = "met" if found.met else "overridden" if passed else "unmet"
        conditions.append(
            Condition(gate.key, gate.label, gate.question, level, state, found.detail, found.fix)
        )
    return Decision(mode=mode, conditions=tuple(conditions), voices=tuple(voices))


def suffices(leads: Collection[str], own: Collection[str], *, four_eyes: bool) -> bool:
    """Whether these leads' words let a gate be passed.

    One is enough, except for the release's own people where four eyes are wanted: there it takes somebody
    else, or two.
    """
    said = set(leads)
    if not four_eyes:
        return bool(said)
    return bool(said - set(own)) or len(said) > 1


def mode_of(rank: Rank | None, live: Rank | None) -> Mode:
    """Which way shipping a release of this rank would go, as the fold says it. None: it never stood there."""
    if rank is None or live is None:
        return Mode.FORWARD
    if rank == live:
        return Mode.REDEPLOY
    return Mode.ROLLBACK if rank < live else Mode.FORWARD
