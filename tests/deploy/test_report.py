"""`deploy/ci/report` ends as `releasedesk send` does, whatever was answered."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.servers import PROBLEM, Asked, Reply, Server, command
from tests.cli.test_strange_answers import HTML, NOT_TOLD
from tests.cli.test_told_once import differing
from tests.deploy.image import ROOT

CURL = shutil.which("curl")
pytestmark = pytest.mark.skipif(CURL is None, reason="curl is not installed")
WRONG = {"detail": "1 field is wrong.", "retryable": False, "errors": []}
ANSWERS = {
    **{name: (answer, 2) for name, answer in NOT_TOLD.items()},
    "applied": (Reply(201, {"outcome": "applied"}), 0),
    "kept for later": (Reply(202, {"outcome": "unmatched"}), 0),
    "told before": (differing("occurred_at"), 0),
    "another command": (differing("command", "occurred_at"), 1),
    "another conflict": (Reply(409, WRONG, PROBLEM), 1),
    "wrong": (Reply(422, WRONG, PROBLEM), 1),
    "not allowed": (Reply(403, WRONG, PROBLEM), 1),
    "too large": (Reply(413, WRONG, PROBLEM), 1),
    "too large for a proxy": (Reply(413, "no", HTML), 2),
    "not known": (Reply(401, WRONG, PROBLEM), 2),
    "not here": (Reply(404, WRONG, PROBLEM), 2),
    "away": (Reply(503, WRONG, PROBLEM), 2),
}


@pytest.fixture
def answers() -> Iterator[tuple[Server, list[Reply]]]:
    said: list[Reply] = []
    server = Server(lambda _: said[0])
    yield server, said
    server.close()


def report(tmp_path: Path, url: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run it with a curl that never tries again: what it exits with is the same, half a minute earlier."""
    curl = tmp_path / "bin" / "curl"
    curl.parent.mkdir(exist_ok=True)
    once = 'for each; do shift; [ "$each" = 5 ] && each=0; set -- "$@" "$each"; done'
    curl.write_text(f'#!/bin/sh\n{once}\nexec {CURL} "$@"\n')
    curl.chmod(0o755)
    about = {
        "SERVICE": "basket",
        "ENVIRONMENT": "staging",
        "VERSION": "2.0",
        "RELEASEDESK_TOKEN": "rdk_1_secret",
    }
    path = f"{curl.parent}:{os.environ['PATH']}"
    return subprocess.run(
        ["sh", ROOT / "deploy/ci/report", "deployment.succeeded"],
        env={"PATH": path, "RELEASEDESK_URL": url, "GITHUB_RUN_ID": "88", **about, **more},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(("answer", "code"), ANSWERS.values(), ids=ANSWERS)
def test_both_end_alike(
    answers: tuple[Server, list[Reply]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    answer: Reply,
    code: int,
) -> None:
    server, said = answers
    said.append(answer)
    done = report(tmp_path, server.url)
    assert done.returncode == code, done.stdout + done.stderr
    for name, value in {
        "RELEASEDESK_URL": server.url,
        "RELEASEDESK_TOKEN": "rdk_1_secret",
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "GITHUB_ACTIONS": "true",
        "GITHUB_RUN_ID": "88",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("releasedesk.cli.desk.FIRST_WAIT", 0.01)
    event = ("--type=deployment.succeeded", "--service=basket", "--environment=staging", "--version=2.0")
    assert command("send", *event, "--command=make") == code


def test_a_token_that_ends_with_a_lines_end_is_asked_without_it(tmp_path: Path) -> None:
    def reply(asked: Asked) -> Reply:
        return Reply(201, {"outcome": asked.headers["authorization"]})

    server = Server(reply)
    done = report(tmp_path, f"{server.url}\r", RELEASEDESK_TOKEN="rdk_1_secret\r")
    server.close()
    assert done.returncode == 0
    assert '"Bearer rdk_1_secret"' in done.stdout


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://ci:s3cr3t@desk.example", "holds a user or a password"),
        ("https://desk.example/?a=b", "must end before any ? or #"),
        ("https://desk.example#x", "must end before any ? or #"),
    ],
)
def test_an_address_that_is_none_is_refused_in_words(tmp_path: Path, url: str, said: str) -> None:
    done = report(tmp_path, url)
    assert done.returncode == 2
    assert said in done.stderr
    assert "s3cr3t" not in done.stdout + done.stderr
