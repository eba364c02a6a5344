"""The gates: one line each, in the order in which a release meets them. Pure.

Adding one is a function and a line. What is asked where is set by level: here by default, per environment and
per service as data.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from releasedesk.reports.gates.facts import Finding, GateFacts
from releasedesk.reports.gates.of_evidence import checklist, measured_before, rollback_ready
from releasedesk.reports.gates.of_locks import no_lock
from releasedesk.reports.gates.of_plan import expected_result, one_change, owner
from releasedesk.reports.gates.of_staging import staging_config, staging_first
from releasedesk.rollbacks.wording import listed

Weight = Literal["required", "advisory", "off"]


@dataclass(frozen=True, slots=True)
class Gate:
    """One condition for shipping. `levels` are by tier; a tier that is not named does not ask."""

    key: str
    label: str
    question: str
    judge: Callable[[GateFacts], Finding]
    levels: Mapping[str, Weight]
    awaited: str = ""  # what a sentence calls it that says what is missing; nothing: as its label does

    def level_in(self, tier: str) -> Weight:
        """How much it weighs where nobody said otherwise."""
        return self.levels.get(tier, "off")


ASKED: Mapping[str, Weight] = {"production": "required", "staging": "advisory"}
SAID: Mapping[str, Weight] = {"production": "advisory", "staging": "advisory"}
EVERYWHERE: Mapping[str, Weight] = dict.fromkeys(
    ("production", "staging", "testing", "development"), "required"
)

TABLE = (
    Gate("owner", "Owner", "Does somebody answer for it?", owner, ASKED),
    Gate("expected_result", "Expected result", "What is to come of it?", expected_result, ASKED),
    Gate("one_change", "One change", "Which one thing does it change?", one_change, SAID),
    Gate("checklist", "Checklist", "Has everything been checked?", checklist, ASKED),
    Gate("measured_before", "Measured before", "How was it before the change?", measured_before, ASKED),
    Gate("rollback_ready", "Way back", "Could we go back at once?", rollback_ready, ASKED),
    Gate("staging_first", "Staging first", "Has this very commit run on staging?", staging_first, ASKED),
    Gate("staging_config", "Same configuration", "Is staging configured alike?", staging_config, SAID),
    Gate("no_lock", "No lock", "May anything be shipped here now?", no_lock, EVERYWHERE, "the end of a lock"),
)
BY_KEY = {gate.key: gate for gate in TABLE}
_AWAITED = {gate.label: gate.awaited for gate in TABLE if gate.awaited}


def missing(unmet: Iterable[str]) -> str:
    """Labels of what is unmet, as the end of a sentence that says what is missing."""
    return listed([_AWAITED.get(label, label) for label in unmet])
