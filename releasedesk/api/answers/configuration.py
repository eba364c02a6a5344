"""A service's configuration as it is answered: names and where they differ, never a value."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from releasedesk.api.schema.answer import Answer


class ConfigurationKey(Answer):
    """The key under which settings are fingerprinted, and what is fed to it."""

    service: str
    algorithm: Literal["hmac-sha256"]
    key: str
    message: str
    since: datetime | None

    EXAMPLE = {
        "service": "checkout-api",
        "algorithm": "hmac-sha256",
        "key": "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=",
        "message": "the name, one NUL byte, the value; both in UTF-8",
        "since": "2026-11-20T10:00:00Z",
    }


class MeantDifference(Answer):
    """A setting that is meant to differ."""

    name: str
    reason: str
    by: str

    EXAMPLE = {"name": "DEBUG", "reason": "More is logged on staging.", "by": "alice"}


class ConfigurationComparison(Answer):
    """Whether two environments run with the same settings, by name."""

    service: str
    environment: str
    compared_with: str = Field(alias="with")
    same: bool | None
    sentence: str
    reported: dict[str, datetime]
    differ: list[str]
    missing: dict[str, list[str]]
    meant: list[MeantDifference]
    equal: list[str]

    EXAMPLE = {
        "service": "checkout-api",
        "environment": "production",
        "with": "staging",
        "same": False,
        "sentence": "1 setting differs between staging and production: DATABASE_POOL.",
        "reported": {"staging": "2026-11-23T09:00:00Z", "production": "2026-11-23T12:03:41Z"},
        "differ": ["DATABASE_POOL"],
        "missing": {"staging": [], "production": []},
        "meant": [{"name": "DEBUG", "reason": "More is logged on staging.", "by": "alice"}],
        "equal": ["CACHE_SECONDS"],
    }
