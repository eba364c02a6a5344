"""What is measured, what is shown, and what is refused before anything is sent."""

import json
import re
import signal
import socket
import subprocess
import sys
import time
from datetime import datetime

import pytest

from .servers import Desk, Reply, Server, free_port, options, run


def test_a_snapshot_says_all_that_was_measured(shop: Server, desk: Desk) -> None:
    url = f"{shop.url}/basket/[1-10]?full=1"
    extra = ["--cache-state=cold", "--cache-cleared=basket:*", "--assumptions=quiet hour", "--concurrency=3"]
    assert run(url, *options(), *extra, "-H", "Authorization: Bearer s3cr3t", "-H", "Accept: */*") == 0
    (post,) = desk.posts
    body = post.body
    assert post.path == "/api/v1/services/basket/releases/v2/snapshots"
    assert post.headers["authorization"] == "Bearer rdk_1_secret"
    columns = body.pop("requests")
    assert columns["status"] == [200] * 30
    assert columns["cache"] == (["hit", "hit", "miss"] * 3 + ["hit"]) * 3
    assert columns["db_calls"] == ([0, 0, 31] * 3 + [0]) * 3
    assert len(columns["response_ms"]) == 30
    assert all(0 < time < 1000 for time in columns["response_ms"])
    assert datetime.fromisoformat(body.pop("taken_from")) <= datetime.fromisoformat(body["taken_until"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", body.pop("taken_until"))
    command = body.pop("command")
    assert command.startswith(f"releasedesk measure '{url}' --phase=before")
    assert "s3cr3t" not in command
    assert "Authorization: ***" in command
    assert body == {
        "phase": "before",
        "environment": "staging",
        "route": "GET /basket/{n}",
        "cache_state": "cold",
        "cache_cleared": "basket:*",
        "assumptions": (
            "quiet hour\nClosed loop, 3 at a time: waiting in a queue is not seen (--rate sees it)."
        ),
    }
    assert {asked.headers["authorization"] for asked in shop.asked} == {"Bearer s3cr3t"}
    assert sorted({asked.path for asked in shop.asked}) == sorted(f"/basket/{n}?full=1" for n in range(1, 11))


def test_the_four_numbers_are_shown(shop: Server, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(f"{shop.url}/basket/[1-3]", "--no-post", "--requests=30") == 0
    shown = capsys.readouterr().out
    assert re.search(r"requests\s+│\s+30 ", shown)
    assert re.search(r"errors\s+│\s+0 \(0\.00%\)", shown)
    assert re.search(r"p95\s+│\s+[\d.]+ ms", shown)
    assert re.search(r"cache hits\s+│\s+66\.7%", shown)
    assert re.search(r"database calls, mean\s+│\s+10\.3", shown)


def test_as_many_are_sent_as_decide_an_error_rate_of_0(
    silent_shop: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(f"{silent_shop.url}/", "--no-post", "--json") == 0
    assert json.loads(capsys.readouterr().out)["summary"]["requests"] == len(silent_shop.asked) == 1000
    run("--help")
    assert "at least 765 a side decide an error rate of 0" in " ".join(capsys.readouterr().out.split())


def test_what_no_response_speaks_of_was_not_measured(
    silent_shop: Server, desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(f"{silent_shop.url}/", *options()) == 0
    assert capsys.readouterr().out.count("not measured") == 2
    assert set(desk.posts[0].body["requests"]) == {"response_ms", "status"}


def test_errors_and_other_answers_are_told_apart(shop: Server, capsys: pytest.CaptureFixture[str]) -> None:
    told = []
    for number in (13, 500):
        run(f"{shop.url}/basket/{number}", "--no-post", "--requests=4", "--json")
        told.append(json.loads(capsys.readouterr().out)["summary"])
    missing, broken = told
    assert (missing["errors"], missing["statuses"]) == (0, {"404": 4})
    assert (broken["errors"], broken["statuses"]) == (4, {"500": 4})


def test_nobody_at_home_is_not_a_measurement(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(f"http://127.0.0.1:{free_port()}/basket/7", *options(requests=3)) == 2
    assert "answered none of 3 requests" in capsys.readouterr().err
    assert desk.asked == []


def test_a_timeout_is_no_answer(shop: Server, desk: Desk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:  # takes the connection and never answers
        port = deaf.getsockname()[1]
        assert run(f"http://127.0.0.1:{port}/", "--no-post", "--requests=1", "--timeout=0.05") == 2


def test_connections_are_kept(shop: Server) -> None:
    run(f"{shop.url}/basket/1", "--no-post", "--requests=20", "--concurrency=2")
    assert {asked.headers["connection"] for asked in shop.asked} == {"keep-alive"}


def test_where_age_is_how_the_cache_tells_an_answer_without_it_is_a_miss(desk: Desk) -> None:
    old = Server(lambda asked: Reply(200, {}, {"Age": "30"} if asked.path == "/1" else {}))
    run(f"{old.url}/[1-3]", *options(requests=6))
    old.close()
    assert desk.posts[0].body["requests"]["cache"] == ["hit", "miss", "miss"] * 2


# -- What is typed wrong is said before anything is sent ---------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Name the URL"),
        (["ftp://shop/", "--no-post"], "not an http:// or https:// address"),
        (["http://[broken/", "--no-post"], "cannot be asked for"),
        (["http://shop/[9-1]", "--no-post"], "must run upwards"),
        (["http://shop/[1-99999999]", "--no-post"], "at most 20,000 numbers"),
        (["http://shop/", "--service=basket"], "needs --phase, --version, --environment"),
        (["http://shop/", *options(), "--fail-on-suspect"], "--fail-on-suspect needs --phase after"),
        (["http://shop/", "--no-post", "--header=s3cr3t"], "one line of plain text with a colon"),
        (["http://shop/", "--no-post", "--requests=0"], "--requests"),
        (["--post-file=missing.json"], "missing.json is not a kept snapshot"),
    ],
)
def test_a_mistake_is_named(
    desk: Desk, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*arguments) == 2
    told = capsys.readouterr().err
    assert said in told
    assert "s3cr3t" not in told


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("RELEASEDESK_URL", "", "Set RELEASEDESK_URL, or give --no-post."),
        ("RELEASEDESK_TOKEN", " ", "Set RELEASEDESK_TOKEN, or give --no-post."),
        ("RELEASEDESK_URL", "desk.example", "must be an http:// or https:// address"),
        ("RELEASEDESK_TOKEN", "rdk_1_ß", "not a token"),
    ],
)
def test_a_desk_that_is_not_set_is_said_before_anything_is_measured(
    shop: Server, desk: Desk, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv(name, value)
    assert run(f"{shop.url}/basket/1", *options()) == 2
    assert said in capsys.readouterr().err
    assert shop.asked == []


def test_the_command_runs_as_a_module_and_tells_its_version() -> None:
    command = [sys.executable, "-m", "releasedesk.cli", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert re.fullmatch(r"releasedesk \d+\.\d+\.\d+\n", done.stdout)


@pytest.mark.parametrize("after", [1, 20, 300])
def test_an_interruption_ends_it_at_once_and_is_no_verdict(shop: Server, after: int) -> None:
    url, options = f"{shop.url}/basket/[1-9]", ["--no-post", "--requests=20000", "--concurrency=2"]
    process = subprocess.Popen([sys.executable, "-m", "releasedesk.cli", "measure", url, *options])
    while len(shop.asked) < after and process.poll() is None:
        time.sleep(0.001)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=240) == 130
    assert len(shop.asked) < 20_000


def test_a_fault_of_ours_does_not_read_as_no(monkeypatch: pytest.MonkeyPatch, shop: Server) -> None:
    def faulty(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("releasedesk.cli.plans.send", faulty)
    assert run(f"{shop.url}/basket/1", "--no-post") == 2


def test_the_command_imports_neither_django_nor_numpy() -> None:
    program = (
        "import sys, releasedesk.cli.app; print(sorted({'django', 'numpy', 'pydantic'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
