"""The line that the probe writes for each request."""

import asyncio
import json
import logging
import os
import subprocess
import sys

import pytest
from fastapi import APIRouter, FastAPI
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from releasedesk.probe import log
from releasedesk.probe.asgi import Probe, Receive, Scope, Send

from .watching import get, lines


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


def test_a_client_that_leaves_is_logged_without_an_answer(caplog: pytest.LogCaptureFixture) -> None:
    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(60)

    async def leave() -> None:
        async with asyncio.timeout(0.02):
            await Probe(slow)({"type": "http", "method": "GET", "path": "/", "headers": []}, None, None)  # type: ignore[arg-type]  # neither is used

    with pytest.raises(TimeoutError):
        asyncio.run(leave())
    assert lines(caplog)[0]["status"] == 0


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


def test_a_record_holds_what_one_of_the_logging_module_holds(caplog: pytest.LogCaptureFixture) -> None:
    clocks = {"created", "msecs", "relativeCreated"}
    for line in ("first", "second"):
        log.write(line)
        ours = vars(caplog.records[-1])
        theirs = vars(logging.LogRecord(log.logger.name, logging.INFO, log.__file__, 0, line, None, None))
        assert ours.keys() - {"message", "asctime"} == theirs.keys()
        assert all(ours[key] == theirs[key] for key in theirs.keys() - clocks)
        assert 0 <= theirs["relativeCreated"] - ours["relativeCreated"] < 1_000
        assert 0 <= theirs["created"] - ours["created"] < 1
        assert abs(ours["created"] % 1 * 1000 - ours["msecs"]) < 1


def test_a_service_may_make_its_own_records(caplog: pytest.LogCaptureFixture) -> None:
    class Traced(logging.LogRecord):
        trace = "4bf92f35"

    before = logging.getLogRecordFactory()
    logging.setLogRecordFactory(Traced)
    try:
        log.write("{}")
    finally:
        logging.setLogRecordFactory(before)
    assert isinstance(caplog.records[-1], Traced)


def test_the_records_of_a_forked_process_bear_its_own_number() -> None:
    program = """
import logging, os
from releasedesk.probe import log
logging.basicConfig(format="%(process)d %(message)s", level=logging.INFO)
log.write("parent")
if (child := os.fork()) == 0:
    log.write("child")
    os._exit(0)
os.waitpid(child, 0)
print(os.getpid(), child)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    parent, child = done.stdout.split()
    assert done.stderr.splitlines() == [f"{parent} parent", f"{child} child"]


def test_a_line_that_a_pipe_takes_in_parts_is_written_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    whole = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, line: whole(descriptor, line[:3]))
    log._to_descriptor(write, b"one line\n")
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        assert pipe.read() == b"one line\n"


def test_a_service_that_has_set_up_logging_keeps_its_handlers(caplog: pytest.LogCaptureFixture) -> None:
    before = list(logging.getLogger("releasedesk.probe").handlers)
    get(Probe(PlainTextResponse("ok")), "/")
    assert logging.getLogger("releasedesk.probe").handlers == before
    assert json.loads(caplog.records[-1].getMessage())["event"] == "request"
