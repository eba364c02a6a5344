"""Going back for real, as it is sent: begun, step by step, ended."""

from typing import Annotated, Literal

from pydantic import Field

from releasedesk.problems.body import Body, Line, Number, Text, Version, Whole, YesNo


class StartBody(Body):
    """Begin. `to` is another release than the desk's own target."""

    environment: Line
    to: Version | None = None
    reason: Text | None = None

    EXAMPLE = {"environment": "production", "reason": "p95 is 260 ms"}


class TickBody(Body):
    """One step is done (or, with `done` false, is not). The first step is 1."""

    step: Annotated[Whole, Field(ge=1, le=50)]
    done: YesNo = True
    exit_code: Annotated[Whole, Field(ge=-255, le=255)] | None = None
    seconds: Annotated[Number, Field(ge=0, le=86_400)] | None = None

    EXAMPLE = {"step": 1, "exit_code": 0, "seconds": 88}


class CulpritBody(Body):
    """Which of the releases that a rollback took back it was about."""

    version: Version
    reason: Text | None = None

    EXAMPLE = {"version": "2026.11.23-2", "reason": "The cache key lacked the currency."}


class EndBody(Body):
    """It is over: what was live before is live again, or it was given up."""

    outcome: Literal["done", "stopped"]
    reason: Text | None = None

    EXAMPLE = {"outcome": "done"}
