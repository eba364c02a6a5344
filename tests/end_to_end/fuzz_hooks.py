"""What the fuzzer is told of the desk it asks: names that exist, and one token of each kind.

Loaded by schemathesis in a process of its own (`SCHEMATHESIS_HOOKS`). Three of four values are taken from
what exists, so that requests come past the first 404; the rest stay as they were generated.
"""

from __future__ import annotations

import json
import os
from random import Random
from typing import Any

import schemathesis

KNOWN: dict[str, list[Any]] = json.loads(os.environ["FUZZ_KNOWN"])
TOKENS: list[str] = os.environ["FUZZ_TOKENS"].split(",")  # the first may do everything
dice = Random(20261127)
OFTEN = 0.75


def known(values: Any, names: dict[str, str] | None = None) -> Any:
    """Put names that exist in the place of most generated ones."""
    if isinstance(values, dict):
        for name in values:
            choices = KNOWN.get((names or {}).get(name) or name)
            if choices and dice.random() < OFTEN:
                values[name] = dice.choice(choices)
    return values


@schemathesis.hook
def map_path_parameters(context: Any, path_parameters: Any) -> Any:
    """Services, releases, environments, items and locks that exist."""
    return known(path_parameters, {"slug": "service", "name": "environment"})


@schemathesis.hook
def map_query(context: Any, query: Any) -> Any:
    """Environments and routes that exist."""
    return known(query)


@schemathesis.hook
def map_body(context: Any, body: Any) -> Any:
    """Services and environments that exist."""
    return known(body)


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Ask mostly as one who may, else with a token of one scope or with none."""
    token = TOKENS[0] if dice.random() < OFTEN else dice.choice([*TOKENS, ""])
    case.headers = {name: value for name, value in (case.headers or {}).items() if name != "Authorization"}
    if token:
        case.headers["Authorization"] = f"Bearer {token}"
