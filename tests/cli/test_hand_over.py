"""Handing the snapshot to the desk: again where that helps, kept where not, told as it was answered."""

import json
from pathlib import Path

import pytest

from releasedesk.cli import desk as client

from .servers import PROBLEM, VERDICT, Desk, Reply, Server, free_port, options, run


def test_a_version_is_encoded_in_the_path(shop: Server, desk: Desk) -> None:
    assert run(f"{shop.url}/basket/1", *options(version="2026.11+b:1@x~y")) == 0
    assert desk.posts[0].path == "/api/v1/services/basket/releases/2026.11%2Bb%3A1%40x~y/snapshots"


def test_after_an_after_the_verdict_is_told(
    shop: Server, desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(f"{shop.url}/basket/1", *options("after"), "--route=GET /basket/{id}") == 0
    assert desk.asked[-1].path == (
        "/api/v1/services/basket/releases/v2/comparison?environment=staging&route=GET+%2Fbasket%2F%7Bid%7D"
    )
    shown = capsys.readouterr().out
    assert "verified: p95 fell from 25.8 to 2.9 ms." in shown
    assert "improved: DB calls fell from 31 to 1 [sic]." in shown
    assert "warning: The window lies before the deployment." in shown


@pytest.mark.parametrize(
    ("verdict", "code"),
    [("verified", 0), ("suspect", 1), ("inconclusive", 2), ("not_measured", 2), ("not_comparable", 2)],
)
def test_fail_on_suspect_turns_the_verdict_into_the_exit_code(
    shop: Server, desk: Desk, verdict: str, code: int
) -> None:
    desk.verdict = Reply(200, {"verdict": verdict, "sentence": "So it is."})
    assert run(f"{shop.url}/basket/1", *options("after"), "--fail-on-suspect") == code
    assert run(f"{shop.url}/basket/1", *options("after")) == 0


def test_without_a_before_the_snapshot_is_taken_and_there_is_no_verdict(
    shop: Server, desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.verdict = Reply(404, {"detail": "Nothing was measured before v2.", "retryable": False}, PROBLEM)
    assert run(f"{shop.url}/basket/1", *options("after")) == 0
    assert "no verdict yet. The desk answered 404: Nothing was measured before v2." in capsys.readouterr().err
    assert run(f"{shop.url}/basket/1", *options("after"), "--fail-on-suspect") == 2


@pytest.mark.parametrize(
    "later",
    [
        Reply(429, {"detail": "Too many.", "retryable": True}, {**PROBLEM, "Retry-After": "0"}),
        Reply(503, None, {"Retry-After": "Mon, 23 Nov 2020 12:00:00 GMT"}),
        Reply(503, None),
        Reply(409, {"detail": "Busy.", "retryable": True}, PROBLEM),
    ],
)
def test_what_can_succeed_later_is_sent_again_under_the_same_key(
    shop: Server, desk: Desk, later: Reply, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.script = [later, later]
    assert run(f"{shop.url}/basket/1", *options()) == 0
    assert len(desk.posts) == 3
    assert len({post.headers["idempotency-key"] for post in desk.posts}) == 1
    assert len({json.dumps(post.body) for post in desk.posts}) == 1
    assert capsys.readouterr().err.count("Trying again in") == 2


def test_two_measurements_are_two_snapshots(shop: Server, desk: Desk) -> None:
    for _ in range(2):
        assert run(f"{shop.url}/basket/1", *options()) == 0
    assert len({post.headers["idempotency-key"] for post in desk.posts}) == 2


def test_retry_after_is_waited_for(shop: Server, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.script = [Reply(429, None, {"Retry-After": "1"})]
    assert run(f"{shop.url}/basket/1", *options()) == 0
    assert "Trying again in 1.0 s." in capsys.readouterr().err


def test_those_who_were_told_the_same_time_do_not_come_at_the_same_moment(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "FIRST_WAIT", 1.0)
    waits: list[float] = []
    for _ in range(5):
        desk.script = [Reply(503, None, {"Retry-After": "5"})]
        client.Desk(desk.url, "rdk_1_secret", sleep=waits.append).post("/api/v1/events", {}, key="")
    assert all(5.5 <= wait <= 6 for wait in waits)
    assert len(set(waits)) == 5


@pytest.mark.parametrize(
    "final",
    [
        Reply(503, {"detail": "Closed for good.", "retryable": False}, PROBLEM),
        Reply(500, {"detail": "The desk failed.", "retryable": False}, PROBLEM),
        Reply(401, {"detail": "This token has expired.", "retryable": False}, PROBLEM),
        Reply(302, None, {"Location": "https://desk.example/login"}),
        Reply(200, None, {"Content-Type": "text/html"}),
        Reply(429, None, {"Retry-After": "3600"}),
    ],
)
def test_what_cannot_succeed_is_sent_once_and_the_measurement_is_kept(
    shop: Server, desk: Desk, final: Reply, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.script = [final]
    assert run(f"{shop.url}/basket/1", *options()) == 2
    assert len(desk.asked) == 1
    (kept,) = tmp_path.glob("releasedesk-basket-v2-before-*.json")
    assert f"--post-file {kept.name}" in capsys.readouterr().err


def test_a_refusal_reads_like_a_colleagues(
    shop: Server, desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = {
        "pointer": "#/environment",
        "code": "unknown",
        "detail": "No environment is called 'staging'.",
        "expected": "one of: test, production",
        "received": "staging",
    }
    desk.script = [
        Reply(422, {"detail": "1 field is wrong.", "retryable": False, "errors": [wrong]}, PROBLEM)
    ]
    assert run(f"{shop.url}/basket/1", *options()) == 2
    assert (
        "The desk did not take the snapshot. The desk answered 422: 1 field is wrong.\n"
        "  environment: No environment is called 'staging'.\n"
        "    expected: one of: test, production\n"
        "    received: staging\n"
    ) in capsys.readouterr().err


def test_a_desk_that_is_down_costs_no_measurement(
    shop: Server,
    desk: Desk,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("RELEASEDESK_URL", f"http://127.0.0.1:{free_port()}")
    assert run(f"{shop.url}/basket/[1-9]", *options("after"), "--json") == 2
    told = json.loads(capsys.readouterr().out)
    assert told["posted"] is False
    assert "does not answer" in told["trouble"]
    kept = tmp_path / told["kept_in"]

    monkeypatch.setenv("RELEASEDESK_URL", desk.url)
    measured = len(shop.asked)
    assert run("--post-file", str(kept), "--fail-on-suspect") == 0
    assert len(shop.asked) == measured, "sending a kept snapshot measures nothing"
    (post,) = desk.posts
    assert post.body == json.loads(kept.read_text())["body"]
    assert post.headers["idempotency-key"] == json.loads(kept.read_text())["idempotency_key"]


def test_a_kept_snapshot_that_is_refused_stays_where_it_is(
    shop: Server, desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(f"{shop.url}/basket/1", *options(), "--no-post", "--output=kept.json") == 0
    desk.script = [Reply(401, {"detail": "This token has expired.", "retryable": False}, PROBLEM)]
    assert run("--post-file=kept.json") == 2
    assert [path.name for path in tmp_path.iterdir()] == ["kept.json"]
    assert "It is kept in kept.json." in capsys.readouterr().err


def test_a_place_that_cannot_be_written_costs_no_measurement(
    shop: Server, desk: Desk, tmp_path: Path
) -> None:
    assert run(f"{shop.url}/basket/1", *options(), "--no-post", "--output=missing/directory.json") == 0
    (kept,) = tmp_path.glob("releasedesk-basket-v2-before-*.json")
    assert json.loads(kept.read_text())["body"]["requests"]["status"] == [200] * 30


def test_output_is_written_whether_or_not_the_desk_is_told(shop: Server, desk: Desk, tmp_path: Path) -> None:
    assert run(f"{shop.url}/basket/1", *options(), "--no-post", "--output=quiet.json") == 0
    assert desk.asked == []
    assert run(f"{shop.url}/basket/1", *options(), "--output=told.json") == 0
    assert json.loads((tmp_path / "told.json").read_text())["body"] == desk.posts[0].body
    assert {path.name for path in tmp_path.iterdir()} == {"quiet.json", "told.json"}


def test_json_is_one_object_on_standard_output(
    shop: Server, desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(f"{shop.url}/basket/1", *options("after"), "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["summary"]["requests"] == 30
    assert (told["posted"], told["snapshot"], told["comparison"]) == (True, {"id": 1}, VERDICT)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"service": 1}', '{"service":"a","version":"b","idempotency_key":"c","body":3}'],
)
def test_a_file_that_holds_no_snapshot_is_refused(desk: Desk, tmp_path: Path, text: str) -> None:
    (tmp_path / "other.json").write_text(text)
    assert run("--post-file=other.json") == 2
    assert desk.asked == []
