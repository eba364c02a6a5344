"""Environments as they are answered."""

from __future__ import annotations

from typing import Any, Literal

from releasedesk.api.schema.answer import Answer

Tier = Literal["development", "testing", "staging", "production"]
PRODUCTION: dict[str, Any] = {
    "name": "production",
    "tier": "production",
    "order": 20,
    "staged_in": "staging",
    "four_eyes": False,
}


class Environment(Answer):
    """Where releases run. `staged_in` is the tier a release has to run in first."""

    name: str
    tier: Tier
    order: int
    staged_in: Tier | None
    four_eyes: bool

    EXAMPLE = PRODUCTION


class EnvironmentList(Answer):
    """All environments, in their order."""

    results: list[Environment]

    EXAMPLE = {"results": [PRODUCTION]}
