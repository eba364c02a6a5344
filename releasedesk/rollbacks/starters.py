"""Plans to begin with, for the usual ways of deploying. Picked, edited and saved by a person. Pure.

Each is the body of a plan (DESIGN §5.8): what stands in capitals is for the team to replace.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Starter:
    """One plan to begin with, and when it fits."""

    key: str
    label: str
    fits: str
    plan: Mapping[str, Any]


_TRIGGERS = [
    {"metric": "error_rate", "above": 0.02, "for_minutes": 5},
    {"metric": "response_ms_p95", "above": 500, "for_minutes": 5},
]
_HEALTHY = {
    "instruction": "See that the old version answers",
    "command": "curl -fsS https://HOST/health",
    "expected": '{"ok": true}',
    "check": "The version it names is {target_version}.",
    "seconds": 10,
}
_DEPLOY = "make deploy SERVICE={service} ENVIRONMENT={environment} VERSION={target_version}"
_WATCH = {
    "instruction": "Watch error rate and response time for five minutes",
    "check": "Both are back where they were before the release.",
    "seconds": 300,
}

STARTERS: tuple[Starter, ...] = (
    Starter(
        "image",
        "Deploy the previous image",
        "The deployment takes a version: a script, a make target, a pipeline job.",
        {
            "data": "stays",
            "data_note": "No migration: rows written since are read by the old version as well.",
            "triggers": _TRIGGERS,
            "steps": [
                {
                    "instruction": "Deploy the previous version",
                    "command": _DEPLOY,
                    "check": "The last line says that the roll-out is complete.",
                    "seconds": 90,
                },
                _HEALTHY,
                _WATCH,
            ],
        },
    ),
    Starter(
        "kubernetes",
        "Kubernetes: roll the deployment back",
        "One Deployment, its image tagged with the version.",
        {
            "data": "stays",
            "data_note": "No migration: rows written since are read by the old version as well.",
            "triggers": _TRIGGERS,
            "steps": [
                {
                    "instruction": "See which revision ran the version to go back to",
                    "command": "kubectl --context {environment} rollout history deployment/{service}",
                    "check": "The revision before the present one is {target_version}.",
                    "seconds": 10,
                },
                {
                    "instruction": "Undo the roll-out",
                    "command": "kubectl --context {environment} rollout undo deployment/{service}",
                    "expected": "rolled back",
                    "check": "It names the deployment and says that it was rolled back.",
                    "seconds": 10,
                },
                {
                    "instruction": "Wait until every pod is replaced",
                    "command": "kubectl --context {environment} rollout status deployment/{service}",
                    "expected": "successfully rolled out",
                    "check": "It ends by itself and does not time out.",
                    "seconds": 90,
                },
                _HEALTHY,
                _WATCH,
            ],
        },
    ),
    Starter(
        "systemd",
        "systemd: point the link at the previous release",
        "Releases lie side by side in a folder, and a link names the one that runs.",
        {
            "data": "stays",
            "data_note": "No migration: rows written since are read by the old version as well.",
            "triggers": _TRIGGERS,
            "steps": [
                {
                    "instruction": "See that the previous release is still on the machine",
                    "command": "test -d /srv/{service}/releases/{target_version}",
                    "check": "It ends with 0; otherwise deploy that version first.",
                    "seconds": 2,
                },
                {
                    "instruction": "Point the link at it, in one step",
                    "command": "ln -sfn /srv/{service}/releases/{target_version} /srv/{service}/current",
                    "check": "readlink /srv/…/current names the old release.",
                    "seconds": 2,
                },
                {
                    "instruction": "Restart the service",
                    "command": "systemctl restart {service}",
                    "check": "systemctl is-active says: active.",
                    "seconds": 15,
                },
                _HEALTHY,
                _WATCH,
            ],
        },
    ),
    Starter(
        "flag",
        "Switch the feature flag off",
        "The change is behind a flag; the code may stay where it is.",
        {
            "data": "stays",
            "data_note": "What was written while the flag was on stays; say here who reads it then.",
            "triggers": _TRIGGERS,
            "steps": [
                {
                    "instruction": "Switch the flag off",
                    "command": "./flags set --environment {environment} FLAG off",
                    "expected": "FLAG is off",
                    "check": "The flag's own page says that it is off, everywhere.",
                    "seconds": 10,
                },
                {
                    "instruction": "See that users have the old behaviour",
                    "command": "curl -fsS https://HOST/PAGE",
                    "check": "The page is as it was before the release.",
                    "seconds": 10,
                },
                _WATCH,
            ],
        },
    ),
    Starter(
        "migration",
        "A migration, expanded and not yet contracted",
        "New columns were added and are written; the old ones are still there (expand and contract).",
        {
            "data": "stays",
            "data_note": (
                "The old version reads the old columns. They are still written: nothing is lost, and no "
                "migration is taken back. Once the old columns are dropped this plan does not hold any more."
            ),
            "triggers": _TRIGGERS,
            "steps": [
                {
                    "instruction": "See that the old columns are still there and written",
                    "command": 'psql "$DATABASE_URL" -Atc "select count(*) from T where OLD is null"',
                    "expected": "0",
                    "check": "No row was written without the old column.",
                    "seconds": 10,
                },
                {
                    "instruction": "Deploy the previous version; leave the database as it is",
                    "command": _DEPLOY,
                    "check": "It says that the roll-out is complete. No migration was run backwards.",
                    "seconds": 90,
                },
                _HEALTHY,
                _WATCH,
            ],
        },
    ),
)
BY_KEY: Mapping[str, Starter] = {starter.key: starter for starter in STARTERS}
