"""Numbers that others measured, handed over as our own are."""

import io
import json
import re
from pathlib import Path

import pytest

from .servers import Desk, options, run

WRITTEN = Path(__file__).parents[1] / "results" / "written"
PROBE = (WRITTEN / "probe.log").read_text()
BASKET = "--route=GET /basket/{id}"


def test_the_probes_log_is_a_snapshot(desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "shop.log").write_text(PROBE)
    assert run("--from-log=shop.log", *options("after")) == 0
    post = desk.posts[0]
    assert post.body["route"] == "GET /basket/{id}"
    assert post.body["requests"] == {
        "response_ms": [181.25, 190.5],
        "status": [200, 503],
        "cache": ["miss", "miss"],
        "db_calls": [31, 31],
    }
    assert (post.body["taken_from"], post.body["taken_until"]) == (
        "2026-11-23T11:38:00.000Z",
        "2026-11-23T11:38:01.000Z",
    )
    assert "real traffic, without the network" in post.body["assumptions"]
    assert "verified: p95 fell" in capsys.readouterr().out


@pytest.mark.parametrize("at_a_terminal", [True, False])
def test_a_terminal_sees_how_far_a_log_is_read_and_a_file_does_not(
    at_a_terminal: bool,
    desk: Desk,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("rich.console.Console.is_terminal", at_a_terminal)
    (tmp_path / "shop.log").write_text(PROBE + "a line of others\n" * 3_000)
    assert run("--from-log=shop.log", *options("after")) == 0
    said = capsys.readouterr().err
    assert ("Reading" in said) is at_a_terminal
    assert re.search(r"([\d.]+)/\1 kB", said) if at_a_terminal else "kB" not in said


def test_a_log_is_read_from_standard_input_and_between_two_times(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(PROBE))
    assert run("--from-log=-", *options(), "--since=2026-11-23T12:38:01+01:00") == 0
    assert desk.posts[0].body["requests"]["status"] == [503]


def test_of_several_routes_one_is_named_or_more(
    desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "shop.log").write_text(PROBE + PROBE.replace("basket", "item"))
    assert run("--from-log=shop.log", *options()) == 2
    assert "  GET /basket/{id} (2 requests)\n  GET /item/{id} (2 requests)" in capsys.readouterr().err
    assert desk.asked == []
    assert run("--from-log=shop.log", *options(), BASKET, "--route=GET /item/{id}") == 0
    assert [post.body["route"] for post in desk.posts] == ["GET /basket/{id}", "GET /item/{id}"]


def test_the_result_of_another_tool_is_a_snapshot(
    desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(f"--import={WRITTEN / 'vegeta_report.json'}", *options(), BASKET) == 0
    body = desk.posts[0].body
    assert body["summary"]["response_ms"]["p95"] == 190
    assert body["taken_until"] == "2026-11-23T11:38:04.250Z"
    assert body["assumptions"] == "Read from vegeta's report."
    assert "190.0 ms" in capsys.readouterr().out


def test_a_result_without_a_window_is_given_one(desk: Desk) -> None:
    hey = f"--import={WRITTEN / 'hey.txt'}"
    window = ["--since=2026-11-23T11:00Z", "--until=2026-11-23T11:30Z"]
    assert run(hey, *options(), BASKET, *window) == 0
    assert desk.posts[0].body["taken_from"] == "2026-11-23T11:00:00.000Z"
    assert run(hey, *options(), BASKET, "--until=2026-11-23T11:30Z") == 0
    assert desk.posts[1].body["taken_from"] == "2026-11-23T11:29:55.979Z", "4.0205 s, as hey says"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--import=bad.csv"], "A result does not say which route it measured"),
        (["--import=bad.csv", BASKET], "bad.csv: Line 2, column 1: 'fast' is not a number"),
        (["--import=missing.csv", BASKET], "missing.csv cannot be read"),
        (["--from-log=missing.log"], "missing.log cannot be read"),
        (["--from-log=bad.csv"], "bad.csv tells of no request at that time: 2 lines are not the probe's"),
        (["--from-log=shop.log", "--route=GET /"], "tells of no request to GET / at that time"),
        (["--from-log=shop.log", "--since=yesterday"], "--since is a time with its zone"),
        (["--from-log=shop.log", "--until=2026-11-23T11:38"], "--until is a time with its zone"),
        (["--from-log=shop.log", "--rate=5"], "leave --rate out"),
        (["--from-log=shop.log", "--import=bad.csv"], "one thing at a time: --from-log or --import"),
    ],
)
def test_a_mistake_is_named(
    desk: Desk, tmp_path: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "shop.log").write_text(PROBE)
    (tmp_path / "bad.csv").write_text("response_ms,status\nfast,200\n")
    assert run(*arguments, *options()) == 2
    assert said in capsys.readouterr().err
    assert desk.asked == []


def test_json_says_several_routes_as_a_list(
    desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "shop.log").write_text(PROBE + PROBE.replace("basket", "item"))
    routes = [BASKET, "--route=GET /item/{id}"]
    assert run("--from-log=shop.log", *options(), *routes, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["route"] for one in told["results"]] == ["GET /basket/{id}", "GET /item/{id}"]
    assert all(one["posted"] for one in told["results"])
