"""Killed in a burst, server or database, a desk has what it answered, once; the rest is sent again."""

from __future__ import annotations

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from releasedesk.operations.embedded import EmbeddedServer
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


def post(desk: Desk, events: list[dict[str, Any]]) -> httpx.Response:
    headers = {"Authorization": f"Bearer {desk.token}"}
    body = events if len(events) > 1 else events[0]
    return httpx.post(f"{desk.url}/api/v1/events", json=body, headers=headers, timeout=60)


def statuses_of(answer: httpx.Response) -> list[int]:
    """The status of each event."""
    if answer.status_code == 207:
        return [one["status"] for one in answer.json()["results"]]
    return [answer.status_code]


def send(desk: Desk, events: list[dict[str, Any]]) -> list[int]:
    """Return the status of each event; none where there was no answer."""
    try:
        return statuses_of(post(desk, events))
    except httpx.TransportError:
        return []


def send_all(desk: Desk, requests: list[list[dict[str, Any]]]) -> set[int]:
    with ThreadPoolExecutor(SENDERS) as pool:
        return {status for each in pool.map(lambda events: send(desk, events), requests) for status in each}


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
            wait_for(answered, len(requests) // 3)
            kill(desk)
        before = [future.result() for future in told]
        kept = [events for events, statuses in zip(requests, before, strict=True) if statuses]
        assert len(kept) < len(requests), "the kill came too late to be in the middle"
        assert all(status == 201 for statuses in before for status in statuses)

        desk.start()
        assert {status for events in kept for status in send(desk, events)} == {200}, "none was lost"
        rest = [events for events in requests if events not in kept]
        assert send_all(desk, rest) <= {200, 201}
        assert_each_is_there_once(desk)


@pytest.mark.end_to_end
def test_a_desk_whose_database_is_killed_asks_to_be_told_again_and_has_what_it_answered_once() -> None:
    with running_desk() as desk, ExitStack() as until_the_end:
        requests, database = burst(), EmbeddedServer(desk.home)
        answered, refused = threading.Semaphore(0), threading.Semaphore(0)

        def sent(events: list[dict[str, Any]]) -> httpx.Response:
            answer = post(desk, events)
            (refused if answer.status_code == 503 else answered).release()
            return answer

        with ThreadPoolExecutor(SENDERS) as pool:
            told = [pool.submit(sent, events) for events in requests]
            wait_for(answered, len(requests) // 3)
            postmaster = database.pid()
            assert postmaster
            os.kill(postmaster, signal.SIGKILL)
            wait_for(refused, SENDERS)
            until_the_end.enter_context(database.attached())
        answers = [future.result() for future in told]
        for answer in (answer for answer in answers if answer.status_code == 503):
            assert answer.headers["Content-Type"] == "application/problem+json"
            assert int(answer.headers["Retry-After"]) > 0
            assert answer.json()["retryable"] is True
        heard = [
            (events, answer) for events, answer in zip(requests, answers, strict=True) if answer.is_success
        ]
        assert all(answer.is_success or answer.status_code == 503 for answer in answers)
        assert {status for _, answer in heard for status in statuses_of(answer)} == {201}

        until_ready(desk)
        kept = [events for events, _ in heard]
        assert send_all(desk, kept) == {200}, "none was lost"
        assert send_all(desk, [events for events in requests if events not in kept]) <= {200, 201}
        assert_each_is_there_once(desk)


def wait_for(happened: threading.Semaphore, times: int) -> None:
    for _ in range(times):
        assert happened.acquire(timeout=120)


def until_ready(desk: Desk) -> None:
    deadline = time.monotonic() + 240
    while not httpx.get(f"{desk.url}/ready", timeout=30).is_success:
        assert time.monotonic() < deadline, "the desk did not find its database again"
        time.sleep(0.2)


def assert_each_is_there_once(desk: Desk) -> None:
    rows = desk.get("/api/v1/board")["rows"]
    assert [row["live"]["production"]["version"] for row in rows] == [f"1.{RELEASES - 1}"] * SERVICES
    for number in range(SERVICES):
        for release in range(RELEASES):
            path = f"/api/v1/services/service-{number}/releases/1.{release}"
            assert [each["mode"] for each in desk.get(path)["deployments"]] == ["forward"], path
