"""The probe around real FastAPI and Starlette applications, and around bare ASGI ones."""

import asyncio
import json
import logging
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from fastapi.responses import StreamingResponse
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import StaticPool
from starlette.applications import Starlette
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route

from releasedesk import probe
from releasedesk.probe import asgi, count
from releasedesk.probe.asgi import App, Message, Probe, Receive, Scope, Send
from releasedesk.probe.log import _warned


@pytest.fixture(autouse=True)
def logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="releasedesk.probe")


def lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [
        json.loads(record.message)
        for record in caplog.records
        if record.levelno == logging.INFO and record.name == "releasedesk.probe"
    ]


def get(app: App, *paths: str, headers: dict[str, str] | None = None) -> list[httpx.Response]:
    """Ask for every path at the same time, on one event loop."""

    async def ask() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://basket") as client:
            return await asyncio.gather(*(client.get(path, headers=headers) for path in paths))

    return asyncio.run(ask())


@pytest.fixture
def basket(tmp_path: Path) -> FastAPI:
    """Routes that ask the database in a worker thread, on the event loop, and in vain."""
    engine = create_engine(f"sqlite:///{tmp_path / 'basket.db'}")
    app = FastAPI()
    app.add_middleware(Probe)

    def query(times: int) -> None:
        with engine.connect() as connection:
            for _ in range(times):
                connection.execute(text("select 1")).all()

    @app.get("/thread/{times}")
    def in_a_thread(times: int) -> int:
        query(times)
        return times

    @app.get("/loop/{times}")
    async def on_the_loop(times: int) -> int:
        for _ in range(times):
            query(1)
            await asyncio.sleep(0.001)
        return times

    @app.get("/broken")
    def broken() -> None:
        query(1)
        raise ValueError("the basket has a hole")

    @app.get("/misspelt")
    def misspelt() -> str:
        with engine.connect() as connection, pytest.raises(OperationalError):
            connection.execute(text("select nothing from nowhere"))
        return "caught"

    return app


@pytest.fixture
def streaming() -> FastAPI:
    """Asks the database for each row it sends, after the headers have gone."""
    engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    app = FastAPI()
    app.add_middleware(Probe)

    def rows() -> Iterator[str]:
        for row in range(3):
            with engine.connect() as connection:
                yield f"row {connection.execute(text(f'select {row}')).scalar()}\n"

    @app.get("/stream")
    def stream() -> StreamingResponse:
        return StreamingResponse(rows(), headers={"Server-Timing": "edge;dur=5"})

    return app


@pytest.fixture
def cached() -> FastAPI:
    app = FastAPI()
    app.add_middleware(Probe)

    @app.get("/{name}")
    def look_up(name: str, found: bool | None = None) -> str:
        if found is not None:
            (probe.cache_hit if found else probe.cache_miss)(name)
        return name

    return app


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


def test_one_line_is_logged_for_each_request(basket: FastAPI, caplog: pytest.LogCaptureFixture) -> None:
    get(basket, "/thread/2?token=secret", headers={"X-Request-ID": "r-1"})
    (line,) = lines(caplog)
    assert line["at"].endswith("Z")
    assert line["response_ms"] > 0
    expected = {
        "event": "request",
        "method": "GET",
        "route": "GET /thread/{times}",
        "path": "/thread/2",
        "status": 200,
        "db_calls": 2,
        "cache": None,
        "request_id": "r-1",
    }
    assert {key: line[key] for key in expected} == expected
    assert "secret" not in json.dumps(line)


def test_a_request_without_an_id_is_given_one(basket: FastAPI, caplog: pytest.LogCaptureFixture) -> None:
    get(basket, "/thread/0", "/thread/0")
    first, second = (line["request_id"] for line in lines(caplog))
    assert len(first) == 32
    assert first != second


def test_a_request_id_is_cut_and_cannot_forge_a_line(
    basket: FastAPI, caplog: pytest.LogCaptureFixture
) -> None:
    get(basket, "/thread/0", headers={"X-Request-ID": '","status":200,"' + "x" * 500})
    assert lines(caplog)[0]["request_id"] == '","status":200,"' + "x" * 112


def test_an_exception_is_logged_as_500_and_raised_on(
    basket: FastAPI, caplog: pytest.LogCaptureFixture
) -> None:
    (answer,) = get(basket, "/broken")
    assert answer.status_code == 500
    (line,) = lines(caplog)
    assert (line["status"], line["error"], line["db_calls"]) == (500, "ValueError", 1)


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


def test_a_client_that_leaves_is_logged_without_an_answer(caplog: pytest.LogCaptureFixture) -> None:
    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(60)

    async def leave() -> None:
        async with asyncio.timeout(0.02):
            await Probe(slow)({"type": "http", "method": "GET", "path": "/", "headers": []}, None, None)  # type: ignore[arg-type]  # neither is used

    with pytest.raises(TimeoutError):
        asyncio.run(leave())
    assert lines(caplog)[0]["status"] == 0


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

    _warned.clear()
    monkeypatch.setattr(asgi, "server_timing", faulty)
    monkeypatch.setattr(asgi, "route_template", faulty)
    answers = get(basket, "/thread/1", "/thread/2")
    assert [answer.json() for answer in answers] == [1, 2]
    assert [answer.headers["content-type"] for answer in answers] == ["application/json"] * 2
    warned = [record.message for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warned) == 2, "one for the headers, one for the line, whatever the number of requests"
    assert "Watch.with_headers" in warned[0]


def test_where_nothing_counts_the_number_of_calls_is_unknown_and_not_nought(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(asgi, "hook_sqlalchemy", lambda: None)
    monkeypatch.setattr(count, "_sources", set())
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


def test_the_route_is_written_with_every_prefix_it_stands_under(caplog: pytest.LogCaptureFixture) -> None:
    router = APIRouter(prefix="/shop")
    router.get("/basket/{number}")(lambda number: number)
    inner = FastAPI()
    inner.get("/item/{number}")(lambda number: number)
    app = FastAPI()
    app.include_router(router, prefix="/{country}")
    app.mount("/inner", inner)
    get(Probe(app), "/de/shop/basket/7", "/inner/item/8", "/nowhere")
    assert {line["path"]: line["route"] for line in lines(caplog)} == {
        "/de/shop/basket/7": "GET /{country}/shop/basket/{number}",
        "/inner/item/8": "GET /inner/item/{number}",
        "/nowhere": None,
    }


def test_a_starlette_route_is_known_too(caplog: pytest.LogCaptureFixture) -> None:
    basket = Route("/basket/{number:int}", lambda _: PlainTextResponse("ok"))
    app = Starlette(routes=[Mount("/shop", routes=[basket]), Mount("/files", PlainTextResponse("a file"))])
    get(Probe(app), "/shop/basket/7", "/files/a/b.txt")
    assert sorted(line["route"] for line in lines(caplog)) == [
        "GET /files/{path}",
        "GET /shop/basket/{number}",
    ]


def test_lines_go_to_stderr_where_the_service_has_set_up_no_logging() -> None:
    program = """
import asyncio
from releasedesk.probe.asgi import Probe
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 204})
    await send({"type": "http.response.body"})
async def send(message): ...
asyncio.run(Probe(app)({"type": "http", "method": "GET", "path": "/a b", "headers": []}, None, send))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    assert json.loads(done.stderr)["path"] == "/a b"


def test_a_service_that_has_set_up_logging_keeps_its_handlers(caplog: pytest.LogCaptureFixture) -> None:
    before = list(logging.getLogger("releasedesk.probe").handlers)
    get(Probe(PlainTextResponse("ok")), "/")
    assert logging.getLogger("releasedesk.probe").handlers == before
    assert json.loads(caplog.records[-1].getMessage())["event"] == "request"
