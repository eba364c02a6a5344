"""The probe around real Flask applications, and around bare WSGI ones."""

import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest
from flask import Flask, Response, stream_with_context
from sqlalchemy import create_engine, text
from werkzeug.test import TestResponse

from releasedesk import probe
from releasedesk.probe import count, watch, wsgi
from releasedesk.probe.log import _faults
from releasedesk.probe.wsgi import Environ, Probe, StartResponse

from .watching import lines


@pytest.fixture
def basket(tmp_path: Path) -> Flask:
    engine = create_engine(f"sqlite:///{tmp_path / 'basket.db'}")
    app = Flask("basket")
    app.wsgi_app = Probe(app.wsgi_app)  # type: ignore[method-assign]

    def query(times: int) -> None:
        with engine.connect() as connection:
            for _ in range(times):
                connection.execute(text("select 1")).all()

    @app.get("/basket/<int:times>")
    def basket(times: int) -> str:
        query(times)
        probe.cache_miss("basket")
        return "ok"

    @app.get("/broken")
    def broken() -> str:
        query(1)
        raise ValueError("the basket has a hole")

    @app.get("/stream")
    def stream() -> Response:
        def rows() -> Iterator[str]:
            for row in range(3):
                query(1)
                yield f"row {row}\n"

        return Response(stream_with_context(rows()))

    @app.get("/half")
    def half() -> Response:
        def rows() -> Iterator[str]:
            yield "row 0\n"
            raise ValueError("half way")

        return Response(rows())

    return app


def test_a_flask_response_and_its_line_say_the_four_numbers(
    basket: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    answer = get(basket, "/basket/3?token=secret", headers={"X-Request-ID": "r-1"})
    assert answer.headers["Server-Timing"].endswith(';desc="3"')
    assert answer.headers["Cache-Status"] == "basket; fwd=miss"
    (line,) = lines(caplog)
    expected = {
        "event": "request",
        "method": "GET",
        "route": "GET /basket/{times}",
        "path": "/basket/3",
        "status": 200,
        "db_calls": 3,
        "cache": "miss",
        "request_id": "r-1",
    }
    assert {key: line[key] for key in expected} == expected
    assert line["response_ms"] > 0


def test_requests_answered_at_the_same_time_do_not_count_each_other(
    basket: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda times: get(basket, f"/basket/{times}"), range(24)))
    for times, answer in enumerate(answers):
        assert answer.headers["Server-Timing"].endswith(f';desc="{times}"')
    assert count.current.get() is None


def test_a_streamed_response_is_counted_to_its_last_row(
    basket: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    answer = get(basket, "/stream")
    assert answer.text == "row 0\nrow 1\nrow 2\n"
    (line,) = lines(caplog)
    assert (line["db_calls"], line["status"]) == (3, 200)


def test_a_stream_is_passed_on_piece_by_piece_and_a_client_may_leave(
    caplog: pytest.LogCaptureFixture,
) -> None:
    seen: list[str] = []

    def app(environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [])
        try:
            for number in range(3):
                seen.append(f"made {number}")
                yield str(number).encode()
        finally:
            seen.append("closed")

    body = Probe(app)(environ("/"), lambda *_: None)
    pieces = iter(body)
    assert next(pieces) == b"0"
    assert seen == ["made 0"]
    assert count.current.get() is None, "between two pieces the thread belongs to nobody"
    body.close()  # type: ignore[attr-defined]
    assert seen == ["made 0", "closed"]
    assert len(lines(caplog)) == 1


def test_an_exception_becomes_flasks_answer_and_is_counted(
    basket: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    assert get(basket, "/broken").status_code == 500
    (line,) = lines(caplog)
    assert (line["status"], line["db_calls"]) == (500, 1)


@pytest.mark.parametrize("moment", ["at once", "half way"])
def test_an_exception_leaves_the_probe_as_it_was_raised(
    moment: str, basket: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    failure = ValueError("the basket has a hole")

    def app(environ: Environ, start_response: StartResponse) -> Any:
        if moment == "at once":
            raise failure
        start_response("200 OK", [])
        return broken()

    def broken() -> Iterator[bytes]:
        yield b"0"
        raise failure

    with pytest.raises(ValueError, match="hole") as raised:
        list(Probe(app)(environ("/"), lambda *_: None))
    assert raised.value is failure
    (line,) = lines(caplog)
    assert (line["status"], line["error"]) == (500, "ValueError")
    assert count.current.get() is None


def test_a_service_may_name_its_route_and_its_path_is_text(caplog: pytest.LogCaptureFixture) -> None:
    def app(environ: Environ, start_response: StartResponse) -> list[bytes]:
        environ["releasedesk.route"] = "/größe/{id}"
        start_response("204 No Content", [("Server-Timing", "edge;dur=5")])
        return []

    started: list[list[tuple[str, str]]] = []
    list(Probe(app)(environ("/größe/7"), lambda _, headers: started.append(headers)))
    assert [name for name, _ in started[0]] == ["Server-Timing", "Server-Timing"]
    (line,) = lines(caplog)
    assert (line["route"], line["path"], line["status"]) == ("GET /größe/{id}", "/größe/7", 204)


def test_a_mounted_flask_is_named_with_its_prefix(basket: Flask, caplog: pytest.LogCaptureFixture) -> None:
    get(basket, "/basket/0", base_url="http://x/shop")
    assert lines(caplog)[0]["route"] == "GET /shop/basket/{times}"


def test_the_servers_own_way_to_send_a_file_is_kept() -> None:
    class Wrapper:
        def __iter__(self) -> Iterator[bytes]:
            yield b"file"

    def app(environ: Environ, start_response: StartResponse) -> Wrapper:
        start_response("200 OK", [])
        return Wrapper()

    answer = Probe(app)({**environ("/"), "wsgi.file_wrapper": Wrapper}, lambda *_: None)
    assert type(answer) is Wrapper


def test_the_switch_turns_all_of_it_off(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("RELEASEDESK_PROBE", " OFF ")
    app = Flask("basket")
    app.get("/")(lambda: "as it was")
    app.wsgi_app = Probe(app.wsgi_app)  # type: ignore[method-assign]
    answer = app.test_client().get("/")
    assert answer.text == "as it was"
    assert "Server-Timing" not in answer.headers
    assert lines(caplog) == []


def test_the_numbers_may_stay_in_the_log_alone(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("RELEASEDESK_PROBE", "log")
    monkeypatch.setattr(watch, "_shown", True)  # put back at the end
    app = Flask("basket")
    app.get("/")(lambda: "as it was")
    app.wsgi_app = Probe(app.wsgi_app)  # type: ignore[method-assign]
    answer = get(app, "/")
    assert "Server-Timing" not in answer.headers
    assert lines(caplog)[0]["route"] == "GET /"


def test_a_fault_of_the_probe_is_warned_of_once_and_the_request_goes_on(
    monkeypatch: pytest.MonkeyPatch, basket: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    def faulty(*_: object) -> str:
        raise ZeroDivisionError

    _faults.clear()
    monkeypatch.setattr(watch, "server_timing", faulty)
    monkeypatch.setattr(wsgi, "route_template", faulty)
    for times in (1, 2):
        assert get(basket, f"/basket/{times}").text == "ok"
    assert probe.faults() == {"_Answer.start": 2, "_Answer.write": 2}
    assert sum(record.levelno == logging.WARNING for record in caplog.records) == 2


def test_a_thread_that_a_request_has_left_behind_counts_for_nobody(basket: Flask) -> None:
    seen: list[object] = []
    get(basket, "/basket/1")
    thread = threading.Thread(target=lambda: seen.append(count.current.get()))
    thread.start()
    thread.join()
    assert seen == [None]


def get(app: Flask, path: str, **asked: Any) -> TestResponse:
    """Ask, and read to the end as a server does."""
    return app.test_client().get(path, buffered=True, **asked)


def environ(path: str) -> Environ:
    made: Environ = {"PATH_INFO": path.encode().decode("latin-1")}
    setup_testing_defaults(made)
    return made
