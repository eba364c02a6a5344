"""The probe around real FastAPI and Starlette applications, and around bare ASGI ones."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from sqlalchemy import create_engine, text
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from releasedesk import probe
from releasedesk.probe import asgi, count, watch
from releasedesk.probe.asgi import Message, Probe, Receive, Scope, Send
from releasedesk.probe.log import _faults

from .watching import get, lines


def test_a_response_says_how_long_it_took_and_how_often_it_asked_the_database(basket: FastAPI) -> None:
    (answer,) = get(basket, "/loop/3")
    app, database = answer.headers["server-timing"].split(", ")
    assert float(app.removeprefix("app;dur=")) >= 3
    assert database.startswith("db;dur=")
    assert database.endswith(';desc="3"')


def test_calls_made_in_a_worker_thread_are_counted(basket: FastAPI) -> None:
    (answer,) = get(basket, "/thread/12")
    assert answer.headers["server-timing"].endswith(';desc="12"')


def test_requests_answered_at_the_same_time_do_not_count_each_other(
    basket: FastAPI, caplog: pytest.LogCaptureFixture
) -> None:
    paths = [f"/{where}/{times}" for times in range(12) for where in ("thread", "loop")]
    for path, answer in zip(paths, get(basket, *paths), strict=True):
        assert answer.headers["server-timing"].endswith(f';desc="{path.split("/")[-1]}"'), path
    assert {line["path"]: line["db_calls"] for line in lines(caplog)} == {
        path: int(path.split("/")[-1]) for path in paths
    }


def test_a_failing_statement_is_a_call_too(basket: FastAPI) -> None:
    (answer,) = get(basket, "/misspelt")
    assert answer.headers["server-timing"].endswith(';desc="1"')


def test_calls_outside_a_request_are_nobodys(basket: FastAPI, tmp_path: Path) -> None:
    get(basket, "/thread/1")
    with create_engine(f"sqlite:///{tmp_path / 'basket.db'}").connect() as connection:
        connection.execute(text("select 1"))
    probe.cache_hit("basket")
    assert count.current.get() is None


def test_the_cache_that_answered_is_named(cached: FastAPI, caplog: pytest.LogCaptureFixture) -> None:
    hit, miss, silent = get(cached, "/basket?found=1", "/basket?found=0", "/basket")
    assert hit.headers["cache-status"] == "basket; hit"
    assert miss.headers["cache-status"] == "basket; fwd=miss"
    assert "cache-status" not in silent.headers
    assert sorted(str(line["cache"]) for line in lines(caplog)) == ["None", "hit", "miss"]


def test_an_exception_leaves_the_probe_as_it_was_raised() -> None:
    failure = ValueError("the basket has a hole")

    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise failure

    async def ask() -> None:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(Probe(broken)), base_url="http://x"
        ) as client:
            await client.get("/")

    with pytest.raises(ValueError, match="hole") as raised:
        asyncio.run(ask())
    assert raised.value is failure
    assert count.current.get() is None


def test_a_streamed_response_is_counted_to_its_last_row(
    streaming: FastAPI, caplog: pytest.LogCaptureFixture
) -> None:
    (answer,) = get(streaming, "/stream")
    assert answer.text == "row 0\nrow 1\nrow 2\n"
    assert answer.headers.get_list("server-timing")[0] == "edge;dur=5"
    assert answer.headers.get_list("server-timing")[1].startswith("app;dur=")
    assert lines(caplog)[0]["db_calls"] == 3


def test_a_stream_is_passed_on_piece_by_piece() -> None:
    seen: list[str] = []

    async def pieces() -> AsyncIterator[str]:
        for number in range(3):
            seen.append(f"made {number}")
            yield str(number)

    async def receive() -> Message:
        await asyncio.sleep(60)
        raise AssertionError("the client stays connected")

    async def send(message: Message) -> None:
        seen.append(message["type"])

    scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "asgi": {"spec_version": "2.4"}}
    asyncio.run(Probe(StreamingResponse(pieces()))(scope, receive, send))
    body = "http.response.body"
    assert seen == ["http.response.start", "made 0", body, "made 1", body, "made 2", body, body]


@pytest.mark.parametrize("kind", ["lifespan", "websocket"])
def test_other_conversations_are_passed_through_untouched(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[tuple[object, ...]] = []

    async def app(*arguments: object) -> None:
        seen.append(arguments)

    async def receive() -> Message:
        return {}

    async def send(message: Message) -> None:
        return None

    scope = {"type": kind}
    asyncio.run(Probe(app)(scope, receive, send))
    assert seen == [(scope, receive, send)]
    assert lines(caplog) == []


def test_the_switch_turns_all_of_it_off(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("RELEASEDESK_PROBE", "off")
    app = Probe(PlainTextResponse("as it was"))
    (answer,) = get(app, "/")
    assert answer.text == "as it was"
    assert "server-timing" not in answer.headers
    assert lines(caplog) == []


def test_a_fault_of_the_probe_is_warned_of_once_and_the_request_goes_on(
    monkeypatch: pytest.MonkeyPatch, basket: FastAPI, caplog: pytest.LogCaptureFixture
) -> None:
    def faulty(*_: object) -> str:
        raise ZeroDivisionError

    _faults.clear()
    monkeypatch.setattr(watch, "server_timing", faulty)
    monkeypatch.setattr(asgi, "route_template", faulty)
    answers = get(basket, "/thread/1", "/thread/2")
    assert [answer.json() for answer in answers] == [1, 2]
    assert [answer.headers["content-type"] for answer in answers] == ["application/json"] * 2
    warned = [record.message for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warned) == 2, "one for the headers, one for the line, whatever the number of requests"
    assert "_with_headers" in warned[0]
    assert probe.faults() == {"_with_headers": 2, "_log": 2}


def test_where_nothing_counts_the_number_of_calls_is_unknown_and_not_nought(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(asgi, "hook_sqlalchemy", lambda: None)
    monkeypatch.setattr(watch, "sources", frozenset())
    (answer,) = get(Probe(PlainTextResponse("ok")), "/")
    assert "db" not in answer.headers["server-timing"]
    assert lines(caplog)[0]["db_calls"] is None


def test_the_service_keeps_its_own_cache_status_before_ours() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        probe.cache_miss("basket")
        await Response("ok", headers={"Cache-Status": "origin; hit"})(scope, receive, send)

    (answer,) = get(Probe(app), "/")
    assert answer.headers["cache-status"] == "origin; hit, basket; fwd=miss"


def test_counts_made_below_a_middleware_with_a_task_of_its_own_are_seen() -> None:
    class Passing(BaseHTTPMiddleware):
        async def dispatch(self, request: Request, call_next: Any) -> Response:
            answer: Response = await call_next(request)
            return answer

    async def handler(request: Request) -> Response:
        probe.cache_hit("basket")
        return PlainTextResponse("ok")

    app = Starlette(routes=[Route("/", handler)])
    app.add_middleware(Passing)
    (answer,) = get(Probe(app), "/")
    assert answer.headers["cache-status"] == "basket; hit"


def test_a_background_task_is_nobodys_waiting(caplog: pytest.LogCaptureFixture) -> None:
    engine = create_engine("sqlite://")

    def afterwards() -> None:
        with engine.connect() as connection:
            connection.execute(text("select 1"))
        time.sleep(0.2)

    async def handler(request: Request) -> Response:
        return PlainTextResponse("ok", background=BackgroundTask(afterwards))

    get(Probe(Starlette(routes=[Route("/", handler)])), "/")
    (line,) = lines(caplog)
    assert line["db_calls"] == 0
    assert line["response_ms"] < 200
