"""Carrying a plan out on staging, with real commands."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from releasedesk.cli.masking import Masking

from .servers import PROBLEM, Asked, Desk, Reply, command

STEPS: list[dict[str, Any]] = [
    {"instruction": "Deploy the previous version", "command": "echo deploying 1.9", "check": "it says so"},
    {"instruction": "Look", "command": None},
    {"instruction": "Ask", "command": "echo alive; echo $RELEASEDESK_TOKEN; test -e healthy"},
]
NAMED = ["rehearse", "shop", "2.0", "--yes", "--plan-version", "3"]


class Staging(Desk):
    """A desk where 2.0 is live on staging and its plan has these steps."""

    def __init__(self) -> None:
        self.steps: list[dict[str, Any]] = STEPS
        self.live = "2.0"
        super().__init__()

    def next_reply(self, asked: Asked) -> Reply:
        if self.script:
            return self.scripted(asked)
        if asked.method == "POST":
            return Reply(201, {"id": 7})
        if asked.path.endswith("rollback-plan"):
            return Reply(
                200, {"plan_version": 3, "created_by": "alice", "created_at": "2026-11-23T12:00:00Z"}
            )
        live = {"version": self.live} if self.live else None
        answer = {"ready": False, "reasons": [], "live": live, "target": {"version": "1.9"}}
        return Reply(200, {**answer, "plan_version": 3, "steps": self.steps})


@pytest.fixture
def desk(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Staging:
    staging = Staging()
    monkeypatch.setenv("RELEASEDESK_URL", staging.url)
    return staging


def test_a_plan_is_carried_out_timed_and_told(
    desk: Staging, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "healthy").touch()

    assert command(*NAMED) == 0

    [posted] = desk.posts
    assert posted.path == "/api/v1/services/shop/releases/2.0/rehearsals"
    assert posted.headers["idempotency-key"].startswith("cli-")
    body = posted.body
    assert (body["environment"], body["outcome"], body["plan_version"]) == ("staging", "succeeded", 3)
    assert [step["exit_code"] for step in body["steps"]] == [0, None, 0]
    assert body["steps"][0]["output_tail"] == "deploying 1.9\n"
    assert body["steps"][2]["output_tail"] == "alive\n\n", "the commands do not get the token"
    assert body["command"] == "releasedesk rehearse shop 2.0 --yes --plan-version 3"
    said = capsys.readouterr()
    assert "Plan version 3, by alice" in said.err
    assert "$ echo deploying 1.9" in said.err
    assert "Rehearsed: 3 steps" in said.out


def test_the_first_failure_stops_it_and_it_goes_on_from_there(desk: Staging, tmp_path: Path) -> None:
    desk.steps = [{"instruction": "Count", "command": "echo x >> count"}, STEPS[2], STEPS[0]]

    assert command(*NAMED) == 1
    assert command(*NAMED, "--resume") == 1
    (tmp_path / "healthy").touch()
    assert command(*NAMED, "--resume") == 0

    outcomes = [post.body["outcome"] for post in desk.posts]
    assert outcomes == ["failed", "failed", "succeeded"]
    assert [len(post.body["steps"]) for post in desk.posts] == [2, 2, 3]
    assert len({post.headers["idempotency-key"] for post in desk.posts}) == 3
    assert (tmp_path / "count").read_text() == "x\n", "what went well is not done twice"
    assert command(*NAMED, "--resume") == 2, "it is told and done"


def test_json_is_the_only_thing_on_standard_output(
    desk: Staging, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "healthy").touch()
    assert command(*NAMED, "--json") == 0
    assert json.loads(capsys.readouterr().out)["rehearsal"]["outcome"] == "succeeded"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--yes"], "--yes needs --plan-version"),
        (["--yes", "--plan-version", "2"], "The plan is at version 3, not 2."),
        ([], "Nobody is here to confirm."),
        (["--yes", "--plan-version", "3", "--resume"], "There is nothing to resume."),
    ],
)
def test_nothing_runs_that_was_not_confirmed(
    desk: Staging, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    desk.steps = [{"instruction": "Touch", "command": "touch ran"}]
    assert command("rehearse", "shop", "2.0", *arguments) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "ran").exists()
    assert desk.posts == []


def test_a_release_that_is_not_live_there_is_not_rehearsed(
    desk: Staging, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.live = "1.8"
    assert command(*NAMED) == 2
    assert "2.0 is not live in staging: 1.8 is live there." in capsys.readouterr().err


def test_half_a_command_never_runs(desk: Staging, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    desk.steps = [
        {"instruction": "Touch", "command": "touch ran"},
        {"instruction": "Deploy", "command": "deploy {target_commit}", "missing": ["target_commit"]},
    ]
    assert command(*NAMED) == 2
    assert "Step 2 cannot be run: the desk has no value for target_commit." in capsys.readouterr().err
    assert not (tmp_path / "ran").exists()


def test_a_changed_plan_is_not_resumed(desk: Staging, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(*NAMED) == 1
    desk.steps = [STEPS[0]]
    assert command(*NAMED, "--resume") == 2
    assert "The commands have changed since" in capsys.readouterr().err


@pytest.mark.parametrize(
    "away",
    [
        Reply(503, {"retryable": True}, PROBLEM),
        Reply(500, {"detail": "The desk failed.", "retryable": False}, PROBLEM),
        Reply(403, "no", {"Content-Type": "text/html"}),
    ],
)
def test_a_silent_desk_gets_the_evidence_later(
    desk: Staging, tmp_path: Path, away: Reply, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "healthy").touch()
    first = [desk.next_reply(Asked("GET", path, {}, None)) for path in ("/rollback-plan", "/rollback")]
    desk.script = [*first, *[away] * 5]

    assert command(*NAMED) == 2

    desk.script = []
    assert "releasedesk send --flush" in capsys.readouterr().err
    assert command("send", "--flush") == 0
    assert desk.posts[-1].body["outcome"] == "succeeded"


def test_an_interruption_ends_the_command_and_tells_nothing_half(desk: Staging, tmp_path: Path) -> None:
    desk.steps = [{"instruction": "Wait", "command": "echo $$ > pid; exec sleep 60"}]
    process = subprocess.Popen(
        [sys.executable, "-m", "releasedesk.cli", *NAMED], cwd=tmp_path, stderr=subprocess.DEVNULL
    )
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text().strip():
        time.sleep(0.05)
    child = int((tmp_path / "pid").read_text())

    process.send_signal(signal.SIGINT)

    assert process.wait(timeout=240) == 130
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
    assert desk.posts == []


def test_a_person_confirms_each_step_at_a_terminal(desk: Staging, tmp_path: Path) -> None:
    desk.steps = [{"instruction": "Touch", "command": "touch ran"}, {"instruction": "Look", "command": None}]
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "releasedesk.cli", "rehearse", "shop", "2.0"],
        cwd=tmp_path, stdin=theirs, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.write(ours, b"y\nn\n")
    assert process.wait(timeout=240) == 1
    os.close(ours)
    os.close(theirs)
    assert (tmp_path / "ran").exists()
    assert [step["exit_code"] for step in desk.posts[0].body["steps"]] == [0, 1]


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("token rdk_12ab_abcdef gone", "token *** gone"),
        ("password=hunter22 ok", "password=*** ok"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
        ("postgres://me:s3cret@db/x", "postgres://me:***@db/x"),
        ("it says swordfish", "it says ***"),
        ("ghp_0123456789abcdefghij", "***"),
        ("nothing to hide: 12 rows", "nothing to hide: 12 rows"),
    ],
)
def test_secrets_are_masked(text: str, masked: str) -> None:
    mask = Masking({"DB_PASSWORD": "swordfish", "PATH": "/usr/bin", "API_KEY": "1"})
    assert mask(text) == masked
