"""Thousands of generated requests against a desk that runs: none fails, none is answered off the contract."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from releasedesk.catalog.models import Scope
from tests.end_to_end.desk import ROOT, Desk, running_desk

pytestmark = [pytest.mark.end_to_end, pytest.mark.xdist_group("under fire")]
CASES_AT_LEAST = 3000
SECONDS = 1200  # it takes about 70 on two idle cores
SEED = 20261127  # the same requests every time
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "negative_data_rejection",
)
# A 413 refuses a body that breaks the schema by its length, a 412 one under a condition that no state meets.
# A list of events is always answered 207: what is wrong with one of them stands in its own result.
CONFIGURATION = """
[checks.negative_data_rejection]
expected-statuses = [207, 400, 401, 403, 404, 405, 406, 409, 411, 412, 413, 414, 415, 422, 429, 431]
"""
KNOWN = {
    "service": ["checkout-api"],
    "version": ["1.0", "2.0"],
    "environment": ["staging", "production"],
    "key": ["unit_tests", "lint"],
    "lock_id": [1, 2],
    "run_id": [1],
    "to": ["1.0"],
    "route": ["GET /basket/{id}"],
}


def test_no_generated_request_breaks_the_contract(tmp_path: Path) -> None:
    with running_desk() as desk:
        tokens = [issue(desk, *Scope), *(issue(desk, scope) for scope in Scope)]
        desk.token = tokens[0]
        fill(desk)
        done = fire(desk, tokens, tmp_path)
        log = (desk.home / "serve.log").read_text()
    said = done.stdout[-6000:] + done.stderr[-2000:]
    assert done.returncode == 0, said
    generated = re.search(r"(\d+) generated", done.stdout)
    assert generated, said
    assert int(generated[1]) >= CASES_AT_LEAST, said
    assert '"status": 500' not in log


def issue(desk: Desk, *scopes: Scope) -> str:
    """A token with these scopes."""
    arguments = ("--team", "shop", "--scopes", ",".join(scopes), "--name", "fuzzer")
    return desk.manage("issue_token", *arguments).strip()


def fill(desk: Desk) -> None:
    """Something to be asked about: a service with two releases, one of them live, a plan, a lock."""
    at = "/api/v1/services/checkout-api"
    desk.ask("PATCH", at, {"team": "shop"}, expect=201)
    for version, environment in (("1.0", "staging"), ("1.0", "production"), ("2.0", "staging")):
        desk.post("/api/v1/events", deployed(version, environment))
    steps = [{"instruction": "Deploy the one before", "command": "./deploy {service} {target_version}"}]
    desk.put(f"{at}/rollback-plan", {"steps": steps})
    desk.post("/api/v1/locks", {"service": "checkout-api", "kind": "warn", "reason": "under fire"})


def deployed(version: str, environment: str) -> dict[str, Any]:
    """What CI says."""
    return {
        "id": f"{version}-{environment}",
        "type": "deployment.succeeded",
        "occurred_at": "2026-11-23T12:03:41Z",
        "service": "checkout-api",
        "environment": environment,
        "version": version,
    }


def fire(desk: Desk, tokens: list[str], place: Path) -> subprocess.CompletedProcess[str]:
    """Run schemathesis over every operation of the document that the desk serves."""
    configuration = place / "schemathesis.toml"
    configuration.write_text(CONFIGURATION)
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        f"--config-file={configuration}",
        "run",
        f"{desk.url}/api/v1/schema",
        f"--checks={','.join(CHECKS)}",
        "--phases=examples,coverage,fuzzing",
        "--max-examples=2",
        f"--seed={SEED}",
        "--generation-with-security-parameters=false",
        "--generation-database=none",
        "--continue-on-failure",
        "--no-shrink",
        "--suppress-health-check=all",
        "--warnings=off",
        "--no-color",
        "--output-truncate=true",
    ]
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PYTHONHASHSEED": "0",
        "SCHEMATHESIS_HOOKS": "tests.end_to_end.fuzz_hooks",
        "FUZZ_TOKENS": ",".join(tokens),
        "FUZZ_KNOWN": json.dumps(KNOWN),
    }
    return subprocess.run(
        command, cwd=place, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
    )
