"""`releasedesk send`: what counts once, and what is told apart, in a run of CI and elsewhere."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releasedesk.cli import events
from releasedesk.cli.ci import detect

from .servers import PROBLEM, Asked, Desk, Reply, command
from .test_ci_variables import GITHUB, GITLAB
from .test_send import EVENT, ids, send

CONFIG = ("--type=config.reported", "--service=basket", "--environment=staging")


@pytest.fixture
def keeping(desk: Desk) -> dict[str, Any]:
    """The desk keeps each id with its first body, and says by what another differs, as the real one."""
    stored: dict[str, Any] = {}

    def one(event: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        first = stored.setdefault(event["id"], event)
        if first is event:
            return 201, {"outcome": "applied"}
        differs = [name for name in {**first, **event} if first.get(name) != event.get(name)]
        return (409, conflict(*differs)) if differs else (200, {"outcome": "applied"})

    def reply(asked: Asked) -> Reply:
        if not isinstance(asked.body, list):
            status, said = one(asked.body)
            return Reply(status, said, PROBLEM if status == 409 else None)
        said_of_each = [(event["id"], *one(event)) for event in asked.body]
        results = [
            {
                "id": name,
                "status": status,
                "outcome": said.get("outcome"),
                "problem": said if status == 409 else None,
            }
            for name, status, said in said_of_each
        ]
        return Reply(207, {"results": results})

    desk.script = [reply] * 10
    return stored


def in_ci(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


def conflict(*names: str) -> dict[str, Any]:
    errors = [{"pointer": f"#/{name}", "code": "differs", "detail": "This differs."} for name in names]
    used = {"pointer": "#/id", "code": "used", "detail": "Another body came with this."}
    return {"detail": "The key was used.", "status": 409, "retryable": False, "errors": [used, *errors]}


def differing(*names: str) -> Reply:
    return Reply(409, conflict(*names), PROBLEM)


@pytest.mark.parametrize(
    ("differs", "code"),
    [(("occurred_at",), 0), (("occurred_at", "version"), 1), (("version",), 1), ((), 1)],
)
def test_the_same_id_is_harmless_where_only_the_time_is_another(
    desk: Desk, differs: tuple[str, ...], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.script = [differing(*differs)]
    assert send(*EVENT, "--id=release-7") == code
    assert ("it was told before" in capsys.readouterr().out) is (code == 0)


def test_a_time_that_was_said_is_not_ours_to_overlook(desk: Desk) -> None:
    desk.script = [differing("occurred_at")]
    assert send(*EVENT, "--id=release-7", "--occurred-at=2026-11-23T12:00:00Z") == 1


def test_in_ci_a_repeated_step_tells_it_once(
    desk: Desk,
    keeping: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    in_ci(monkeypatch, GITHUB)
    assert send(*EVENT) == 0
    assert send(*EVENT) == 0
    first, second = ids(desk)
    assert first == second
    assert first.startswith("github-19238812-2-deployment.succeeded-basket-staging-2.0-")
    assert desk.posts[0].body["run"] == "19238812"
    assert desk.posts[0].body["url"] == "https://github.com/shop/basket/actions/runs/19238812"
    assert len(keeping) == 1
    assert "it was told before" in capsys.readouterr().out


@pytest.mark.parametrize(("differs", "code"), [((), 0), (("run", "occurred_at"), 0), (("command",), 1)])
def test_in_ci_a_conflict_is_a_repetition_only_where_nothing_that_was_said_is_another(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, differs: tuple[str, ...], code: int
) -> None:
    in_ci(monkeypatch, GITHUB)
    desk.script = [differing(*differs)]
    assert send(*EVENT, "--command=make deploy") == code


def test_a_conflict_that_does_not_name_the_id_is_no_repetition(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_ci(monkeypatch, GITHUB)
    desk.script = [Reply(409, {"detail": "Something else.", "retryable": False}, PROBLEM)]
    assert send(*EVENT) == 1


def snapshot(phase: str, route: str) -> dict[str, Any]:
    body = {"phase": phase, "environment": "staging", "route": route}
    return {"type": "snapshot.recorded", "version": "2.0", "snapshot": body}


def test_different_events_of_one_run_are_told_apart_and_the_file_once(
    keeping: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    in_ci(monkeypatch, GITHUB)
    snapshots = [snapshot("before", "/aa"), snapshot("after", "/aa"), snapshot("before", "/bb")]
    Path("events").write_text("\n".join(map(json.dumps, snapshots)))
    for repeated in (False, True):
        assert send("events", "--service=basket", "--json") == 0
        told = json.loads(capsys.readouterr().out)["events"]
        assert [one["repeated"] for one in told] == [repeated] * 3
    assert [event["snapshot"] for event in keeping.values()] == [event["snapshot"] for event in snapshots]


def test_two_configurations_of_one_job_are_two_events(
    keeping: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    in_ci(monkeypatch, GITLAB)
    for value in ("1", "2", "2"):
        Path("event").write_text(json.dumps({"config": {"POOL": f"hmac-sha256:{value}"}}))
        assert send("event", *CONFIG) == 0
    assert [event["config"]["POOL"][-1] for event in keeping.values()] == ["1", "2"]


def test_what_happens_twice_in_one_file_is_told_twice_in_its_order_and_the_file_once(
    keeping: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    in_ci(monkeypatch, GITHUB)
    kinds = ["deployment.started", "deployment.failed", "deployment.started", "deployment.succeeded"]
    Path("events").write_text(json.dumps([{"type": kind} for kind in kinds]))
    for _ in range(2):
        assert send("events", *EVENT[1:]) == 0
    assert [event["type"] for event in keeping.values()] == kinds
    times = [event["occurred_at"] for event in keeping.values()]
    assert times == sorted(set(times)), "each a little later than the one before"


def test_a_time_that_is_said_tells_a_second_start_of_one_run_apart(
    keeping: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    in_ci(monkeypatch, GITHUB)
    for minute in (1, 2, 2):
        assert send(*EVENT, f"--occurred-at=2026-11-23T12:0{minute}:00Z") == 0
    assert [event["occurred_at"][14:16] for event in keeping.values()] == ["01", "02"]


def test_an_id_that_is_made_is_never_longer_than_the_desk_takes(
    keeping: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    in_ci(monkeypatch, GITHUB)
    incident = ("--type=incident.opened", "--service=basket", "--title=slow", f"--environment={'e' * 200}")
    for last in "ab":
        assert command("send", *incident, f"--incident={'i' * 199}{last}") == 0
    assert len(keeping) == 2
    assert max(map(len, keeping)) <= 500


def test_a_conflict_of_an_id_that_was_given_is_a_refusal(desk: Desk) -> None:
    desk.script = [Reply(409, {"detail": "The key was used for another body.", "retryable": False}, PROBLEM)]
    assert send(*EVENT, "--id=build-1") == 1


SAID = st.dictionaries(
    st.sampled_from(["type", "version", "key", "snapshot", "occurred_at", "run"]),
    st.recursive(
        st.text() | st.integers() | st.none(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    ),
)


@given(
    said=st.lists(SAID, max_size=8), later=st.timedeltas(min_value=timedelta(), max_value=timedelta(days=1))
)
def test_ids_are_of_what_was_said_and_not_of_the_time(said: list[dict[str, Any]], later: timedelta) -> None:
    run, now = detect(GITHUB), datetime(2026, 11, 23, 12, tzinfo=UTC)
    first, again = (events.complete(said, {"service": "basket"}, run, when) for when in (now, now + later))
    assert [one.event["id"] for one in first] == [one.event["id"] for one in again]
    assert len({one.event["id"] for one in first}) == len(said)
    for one, here in zip(first, said, strict=True):
        assert one.added == one.event.keys() - here.keys() - {"service"}
        assert {name: one.event[name] for name in here} == here
