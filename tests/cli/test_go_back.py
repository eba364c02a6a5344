"""Going back for real from the terminal, with real commands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from .servers import PROBLEM, Asked, Desk, Reply, command

STEPS: list[dict[str, Any]] = [
    {"instruction": "Deploy the previous version", "command": "echo back > live", "seconds": 60},
    {"instruction": "See that it answers", "command": "test -e healthy"},
]
NAMED = (
    "rollback",
    "shop",
    "--environment=production",
    "--run",
    "--yes",
    "--plan-version=3",
    "--reason=slow",
)


class Production(Desk):
    """A desk where shop goes back from 2.0 to 1.9, and where a run may be begun."""

    def __init__(self) -> None:
        self.steps, self.joined = STEPS, False
        self.down_when = Path("never")
        super().__init__()

    def next_reply(self, asked: Asked) -> Reply:
        if self.script:
            return self.scripted(asked)
        if self.down_when.exists():
            return Reply(503, {"retryable": True}, PROBLEM)
        if asked.method == "POST":
            return Reply(201, {"id": 7, "joined": self.joined, "started_by": "alice"})
        if asked.path.endswith("rollback-plan"):
            return Reply(
                200, {"plan_version": 3, "created_by": "alice", "created_at": "2026-11-23T12:00:00Z"}
            )
        answer = {
            "ready": False,
            "reasons": [{"detail": "The plan was never rehearsed."}],
            "last_command": None,
        }
        places = {"live": {"version": "2.0"}, "target": {"version": "1.9", "why": "the last good one"}}
        return Reply(
            200, {**answer, **places, "plan_version": 3, "steps": self.steps, "rehearsed_seconds": 108}
        )


@pytest.fixture
def desk(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Production:
    production = Production()
    monkeypatch.setenv("RELEASEDESK_URL", production.url)
    return production


def told(desk: Desk) -> list[tuple[str, Any]]:
    return [(post.path.removeprefix("/api/v1/services/shop/rollback"), post.body) for post in desk.posts]


def test_the_way_back_is_gone_and_the_desk_hears_of_every_step(
    desk: Production, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "healthy").touch()

    assert command(*NAMED) == 0

    assert (tmp_path / "live").read_text() == "back\n"
    paths = [(path, {**body, "seconds": 0} if "step" in body else body) for path, body in told(desk)]
    assert paths == [
        ("", {"environment": "production", "to": "1.9", "reason": "slow"}),
        ("/runs/7/ticks", {"step": 1, "exit_code": 0, "seconds": 0}),
        ("/runs/7/ticks", {"step": 2, "exit_code": 0, "seconds": 0}),
        ("/runs/7/end", {"outcome": "done"}),
    ]
    said = capsys.readouterr().err
    assert "from 2.0 back to 1.9" in said
    assert "not ready: The plan was never rehearsed." in said, "it is said, and stops nothing"
    assert "In rehearsal it took 108 s." in said
    assert "Back on 1.9: 2 steps" in said


def test_a_step_that_fails_stops_it_and_it_goes_on_from_there(desk: Production, tmp_path: Path) -> None:
    assert command(*NAMED) == 1
    assert [path for path, _ in told(desk)] == ["", "/runs/7/ticks"]
    (tmp_path / "healthy").touch()
    (tmp_path / "live").write_text("by hand\n")
    desk.joined = True
    assert command(*NAMED, "--resume") == 0
    assert (tmp_path / "live").read_text() == "by hand\n", "what went well is not done twice"
    assert [path for path, _ in told(desk)][2:] == ["", "/runs/7/ticks", "/runs/7/end"]


def test_a_desk_that_goes_away_half_way_stops_nothing(
    desk: Production, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.steps = [{"instruction": "Go down", "command": "touch down healthy"}, *STEPS]
    desk.down_when = tmp_path / "down"

    assert command(*NAMED, "--json") == 0

    assert (tmp_path / "live").read_text() == "back\n"
    shown = capsys.readouterr()
    assert "Going on without the desk" in shown.err
    assert json.loads(shown.out)["run"] == 7
    (tmp_path / "down").unlink()
    assert command("send", "--flush") == 0
    assert [path for path, _ in told(desk)][-4:] == [*["/runs/7/ticks"] * 3, "/runs/7/end"]


def test_without_a_plan_the_last_known_command_is_shown_and_not_run(
    desk: Production, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = {"ready": False, "reasons": [{"detail": "There is no rollback plan."}], "steps": []}
    places = {"live": {"version": "2.0"}, "target": {"version": "1.9"}, "last_command": "make deploy V=1.9"}
    desk.script = [Reply(200, {**answer, **places})]
    assert command(*NAMED) == 2
    said = capsys.readouterr().err
    assert "There is no rollback plan." in said
    assert "  make deploy V=1.9" in said
    assert desk.posts == []


def test_a_spool_that_takes_nothing_stops_no_way_back(
    desk: Production, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "healthy").touch()
    (tmp_path / "state/releasedesk").mkdir(parents=True)
    (tmp_path / "state/releasedesk/spool").write_text("a file")
    desk.down_when = tmp_path / "live"
    assert command(*NAMED) == 0
    assert (tmp_path / "live").read_text() == "back\n"
    said = capsys.readouterr().err
    assert "Going on without the desk" in said
    assert "It could not be kept for later either" in said
    assert "Back on 1.9: 2 steps" in said
