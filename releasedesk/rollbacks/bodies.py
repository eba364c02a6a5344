"""Plans and rehearsals as they are sent (DESIGN §5.8)."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from releasedesk.problems.body import (
    ONE_LINE,
    Body,
    Line,
    Number,
    Past,
    Text,
    Time,
    Username,
    Whole,
    YesNo,
    refuse,
)
from releasedesk.problems.text import has_control
from releasedesk.rollbacks.commands import NAMES, undefined

METRICS = (
    "response_ms_p50",
    "response_ms_p95",
    "response_ms_p99",
    "error_rate",
    "cache_hit_rate",
    "db_calls",
)
Metric = Literal[
    "response_ms_p50", "response_ms_p95", "response_ms_p99", "error_rate", "cache_hit_rate", "db_calls"
]
Bound = Annotated[Number, Field(ge=0, le=1_000_000_000)]
Seconds = Annotated[Whole, Field(ge=0, le=86_400)]


def _template(command: str) -> str:
    if has_control(command):
        raise refuse("control_character", "A command is one line without control characters.", "one line")
    wrong = undefined(command)
    if wrong:
        raise refuse("undefined", f"Not defined: {'; '.join(wrong)}.", f"one of: {', '.join(NAMES)}")
    return command


Command = Annotated[str, StringConstraints(max_length=4000), AfterValidator(_template)]


class TriggerBody(Body):
    """Go back when the metric is past this. Exactly one of above, below."""

    metric: Metric
    above: Bound | None = None
    below: Bound | None = None
    for_minutes: Annotated[Number, Field(ge=0, le=1440)] | None = None

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        if (self.above is None) == (self.below is None):
            raise refuse("one_of", "A trigger needs exactly one bound.", "above or below")
        return self


class StepBody(Body):
    """One step. `command` is a template with the names of `commands.NAMES`."""

    instruction: Annotated[str, StringConstraints(min_length=1, max_length=500), ONE_LINE]
    command: Command | None = None
    expected: Line | None = None
    check: Line | None = None
    seconds: Seconds | None = None
    irreversible: YesNo = False


class PlanBody(Body):
    """A whole plan; an equal one makes no new version."""

    READ_ONLY: ClassVar[frozenset[str]] = frozenset({"plan_version", "inherited", "created_at", "created_by"})

    owner: Username | None = None
    stand_in: Username | None = None
    data: Literal["comes_back", "stays", "lost", "manual"] | None = None
    data_note: Text | None = None
    triggers: Annotated[list[TriggerBody], Field(max_length=20)] = []
    steps: Annotated[list[StepBody], Field(max_length=50)] = []

    EXAMPLE = {
        "data": "stays",
        "triggers": [{"metric": "response_ms_p95", "above": 230, "for_minutes": 5}],
        "steps": [
            {
                "instruction": "Deploy the previous version",
                "command": "./deploy {service} {environment} {target_version}",
                "check": "The health page names the target.",
                "seconds": 90,
            }
        ],
    }


class RehearsedStepBody(Body):
    """What one step did."""

    exit_code: Annotated[Whole, Field(ge=-255, le=255)] | None = None
    seconds: Annotated[Number, Field(ge=0, le=86_400)] | None = None
    output_tail: Text | None = None


class RehearsalBody(Body):
    """The plan carried out in an environment."""

    environment: Line
    started_at: Time
    finished_at: Past
    outcome: Literal["succeeded", "failed"]
    command: Text | None = None
    steps: Annotated[list[RehearsedStepBody], Field(max_length=50)] = []
    plan_version: Annotated[Whole, Field(ge=1, le=1_000_000)] | None = None

    EXAMPLE = {
        "environment": "staging",
        "started_at": "2026-11-21T09:00:00Z",
        "finished_at": "2026-11-21T09:01:48Z",
        "outcome": "succeeded",
        "command": "releasedesk rehearse checkout-api 2026.11.23-2 --environment staging",
        "steps": [{"exit_code": 0, "seconds": 88, "output_tail": "deployed"}],
    }

    @model_validator(mode="after")
    def _runs_forward(self) -> Self:
        if self.finished_at < self.started_at:
            raise refuse("order", "It ends before it begins.", "started_at before finished_at")
        return self

    @model_validator(mode="after")
    def _no_step_of_a_success_failed(self) -> Self:
        for position, step in enumerate(self.steps):
            if self.outcome == "succeeded" and step.exit_code:
                raise refuse(
                    "step_failed",
                    f"Step {position + 1} ended with {step.exit_code}: the rehearsal did not succeed.",
                    "0, or the outcome failed",
                    at=("steps", position, "exit_code"),
                )
        return self
