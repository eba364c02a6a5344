"""The text of a plan, by which versions and rehearsals are told apart. Pure."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any


def digest(plan: Mapping[str, Any]) -> str:
    """Return the SHA-256 (hex) of what a plan says: its data, triggers and steps, not who owns it."""
    text = {
        "data": plan["data"] or "",
        "data_note": plan["data_note"] or "",
        "triggers": plan["triggers"],
        "steps": [
            {
                "instruction": step["instruction"],
                "command": step["command"] or "",
                "check": step["check"] or "",
                "seconds": step["seconds"],
                "irreversible": step["irreversible"],
                # Named only where it is said: plans of before it could be said keep their rehearsals.
                **({"expected": step["expected"]} if step.get("expected") else {}),
            }
            for step in plan["steps"]
        ],
    }
    return hashlib.sha256(json.dumps(text, sort_keys=True).encode()).hexdigest()
