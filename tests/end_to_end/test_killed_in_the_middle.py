"""A server that is killed in the middle of a burst has what it has answered, once; the rest is sent again."""

from __future__ import annotations

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.end_to_end.desk import Desk, running_desk

SERVICES, RELEASES, SENDERS = 5, 40, 6
START = datetime(2026, 1, 5, tzinfo=UTC)


def burst() -> list[list[dict[str, Any]]]:
    """Requests as they are sent: every third is a list of five events."""
    events = [
        {
            "id": f"{service}-{number}",
            "type": "deployment.succeeded",
            "occurred_at": (START + timedelta(minutes=number)).isoformat(),
            "service": f"service-{service}",
            "environment": "production",
            "version": f"1.{number}",
        }
        for number in range(RELEASES)
        for service in range(SERVICES)
    ]
    requests, size = [], 1
    while events:
        requests.append(events[:size])
        events, size = events[size:], 5 if len(requests) % 3 == 2 else 1
    return requests


def send(desk: Desk, events: list[dict[str, Any]]) -> list[int]:
    """Return the status of each event; none where there was no answer."""
    headers = {"Authorization": f"Bearer {desk.token}"}
    body = events if len(events) > 1 else events[0]
    try:
        answer = httpx.post(f"{desk.url}/api/v1/events", json=body, headers=headers, timeout=60)
    except httpx.TransportError:
        return []
    if answer.status_code == 207:
        return [one["status"] for one in answer.json()["results"]]
    return [answer.status_code]


def family(pid: int) -> list[int]:
    """A process and all that it has started: the web server's master, its workers, and the worker."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(each for child in children for each in family(int(child)))]


def kill(desk: Desk) -> None:
    assert desk.parent
    for pid in family(desk.parent.pid):
        os.kill(pid, signal.SIGKILL)
    desk.parent.wait()


@pytest.mark.end_to_end
def test_what_was_answered_is_there_once_after_a_kill_and_the_rest_can_be_sent_again() -> None:
    with running_desk() as desk:
        requests, answered = burst(), threading.Semaphore(0)

        def sent(events: list[dict[str, Any]]) -> list[int]:
            statuses = send(desk, events)
            answered.release()
            return statuses

        with ThreadPoolExecutor(SENDERS) as pool:
            told = [pool.submit(sent, events) for events in requests]
            for _ in range(len(requests) // 3):
                assert answered.acquire(timeout=120)
            kill(desk)
        before = [future.result() for future in told]
        kept = [events for events, statuses in zip(requests, before, strict=True) if statuses]
        assert len(kept) < len(requests), "the kill came too late to be in the middle"
        assert all(status == 201 for statuses in before for status in statuses)

        desk.start()
        assert {status for events in kept for status in send(desk, events)} == {200}, "none was lost"
        rest = [events for events in requests if events not in kept]
        with ThreadPoolExecutor(SENDERS) as pool:
            statuses = [
                status for each in pool.map(lambda events: send(desk, events), rest) for status in each
            ]
        assert set(statuses) <= {200, 201}
        assert_each_is_there_once(desk)


def assert_each_is_there_once(desk: Desk) -> None:
    rows = desk.get("/api/v1/board")["rows"]
    assert [row["live"]["production"]["version"] for row in rows] == [f"1.{RELEASES - 1}"] * SERVICES
    for number in range(SERVICES):
        for release in range(RELEASES):
            path = f"/api/v1/services/service-{number}/releases/1.{release}"
            assert [each["mode"] for each in desk.get(path)["deployments"]] == ["forward"], path
