"""The probe in Django: sync and async, its queries and its caches."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.core.cache import cache, caches
from django.db import connection, connections
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import AsyncClient, Client, override_settings
from django.urls import include, path, re_path

from releasedesk import probe
from releasedesk.probe import count, watch
from releasedesk.probe import django as django_probe
from releasedesk.probe.log import _faults

from .watching import lines

pytestmark = pytest.mark.django_db


def query(times: int) -> None:
    for _ in range(times):
        with connection.cursor() as cursor:
            cursor.execute("select 1")


def basket(request: HttpRequest, times: int) -> HttpResponse:
    query(times)
    return HttpResponse("ok", headers={"Server-Timing": "edge;dur=5"})


def cached(request: HttpRequest) -> HttpResponse:
    cache.get("basket:7")
    cache.set("basket:7", None)
    found = cache.get("basket:7", "a default")
    return HttpResponse(repr(found))


def many(request: HttpRequest) -> HttpResponse:
    caches["prices"].set("a", 1)
    return HttpResponse(str(caches["prices"].get_many(["a"])))


def broken(request: HttpRequest) -> HttpResponse:
    raise ValueError("the basket has a hole")


def stream(request: HttpRequest) -> StreamingHttpResponse:
    def rows() -> Iterator[str]:
        for row in range(3):
            query(1)
            yield f"row {row}\n"

    return StreamingHttpResponse(rows())


async def later(request: HttpRequest, times: int) -> HttpResponse:
    await asyncio.sleep(0.001)
    await sync_to_async(query)(times)
    probe.cache_hit("basket")
    return HttpResponse("later")


async def stream_later(request: HttpRequest) -> StreamingHttpResponse:
    async def rows() -> AsyncIterator[str]:
        for row in range(3):
            await sync_to_async(query)(1)
            yield f"row {row}\n"

    return StreamingHttpResponse(rows())


def of_a_year(request: HttpRequest, year: str) -> HttpResponse:
    return HttpResponse(year)


urlpatterns = [
    path("basket/<int:times>/", basket),
    path("cached/", cached),
    path("many/", many),
    path("broken/", broken),
    path("stream/", stream),
    path("later/<int:times>/", later),
    path("stream-later/", stream_later),
    path(
        "shop/", include([re_path(r"^year/(?P<year>[0-9]{4})/$", lambda request, year: HttpResponse(year))])
    ),
]


@pytest.fixture(autouse=True)
def shop() -> Iterator[None]:
    memory = "django.core.cache.backends.locmem.LocMemCache"
    with override_settings(
        ROOT_URLCONF=__name__,
        MIDDLEWARE=["releasedesk.probe.django.Probe"],
        RELEASEDESK_PROBE_LINE=True,
        CACHES={
            "default": {"BACKEND": memory},
            "prices": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "prices"},
        },
    ):
        yield


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


def test_a_response_and_its_line_say_the_four_numbers(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    answer = client.get("/basket/3/?token=secret", headers={"X-Request-ID": "r-1"})
    assert answer["Server-Timing"].startswith("edge;dur=5, app;dur=")
    assert answer["Server-Timing"].endswith(';desc="3"')
    (line,) = lines(caplog)
    expected = {
        "method": "GET",
        "route": "GET /basket/{times}/",
        "path": "/basket/3/",
        "status": 200,
        "db_calls": 3,
        "cache": None,
        "request_id": "r-1",
    }
    assert {key: line[key] for key in expected} == expected
    assert count.current.get() is None


def test_queries_of_the_orm_are_counted_once(
    client: Client, django_user_model: Any, caplog: pytest.LogCaptureFixture
) -> None:
    before = count.Tally()
    token = count.current.set(before)
    django_user_model.objects.create_user("ines", "secret words")
    list(django_user_model.objects.all())
    django_user_model.objects.bulk_create([django_user_model(username=name) for name in "ab"])
    count.current.reset(token)
    assert len(before.db_seconds) == 3


def test_a_look_up_in_a_cache_is_a_hit_or_a_miss_under_its_alias(client: Client) -> None:
    first, second, many = client.get("/cached/"), client.get("/cached/"), client.get("/many/")
    assert first.content == second.content == b"None", "None is a value that was kept, not a miss"
    assert first["Cache-Status"] == "default; fwd=miss"
    assert second["Cache-Status"] == "default; hit"
    assert many["Cache-Status"] == "prices; hit"
    assert many.content == b"{'a': 1}"


def test_what_a_view_raises_is_djangos_to_answer(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    assert client.get("/broken/").status_code == 500
    (line,) = lines(caplog)
    assert (line["status"], line["error"]) == (500, "ValueError")


def test_a_streamed_response_is_counted_to_its_last_row(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    answer = client.get("/stream/")
    assert lines(caplog) == []
    assert b"".join(answer) == b"row 0\nrow 1\nrow 2\n"
    assert lines(caplog)[0]["db_calls"] == 3


def test_a_route_that_is_a_pattern_is_written_with_its_names(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    client.get("/shop/year/2026/")
    client.get("/nowhere/")
    assert [line["route"] for line in lines(caplog)] == ["GET /shop/year/{year}/", None]


@pytest.mark.django_db(transaction=True)
def test_async_views_are_watched_and_do_not_count_each_other(caplog: pytest.LogCaptureFixture) -> None:
    async def ask() -> list[Any]:
        answers = await asyncio.gather(*(AsyncClient().get(f"/later/{times}/") for times in range(6)))
        await sync_to_async(connections.close_all)()
        return answers

    answers = asyncio.run(ask())
    for times, answer in enumerate(answers):
        assert answer["Server-Timing"].endswith(f';desc="{times}"')
        assert answer["Cache-Status"] == "basket; hit"
    assert {line["path"]: line["db_calls"] for line in lines(caplog)} == {
        f"/later/{times}/": times for times in range(6)
    }


@pytest.mark.django_db(transaction=True)
def test_an_async_stream_is_counted_to_its_last_row(caplog: pytest.LogCaptureFixture) -> None:
    async def ask() -> list[bytes]:
        answer = await AsyncClient().get("/stream-later/")
        pieces = [piece async for piece in answer]  # type: ignore[attr-defined]
        await sync_to_async(connections.close_all)()
        return pieces

    assert asyncio.run(ask()) == [b"row 0\n", b"row 1\n", b"row 2\n"]
    assert lines(caplog)[0]["db_calls"] == 3


def test_a_service_with_a_line_of_its_own_takes_ours_into_it(caplog: pytest.LogCaptureFixture) -> None:
    taken: list[Any] = []

    def own_line(request: HttpRequest) -> HttpResponse:
        taken.append(request.releasedesk_probe)  # type: ignore[attr-defined]
        return HttpResponse("ok")

    with override_settings(RELEASEDESK_PROBE_LINE=False):
        django_probe.Probe(own_line)(HttpRequest())
    assert set(taken[0].fields()) == {"response_ms", "db_calls", "cache"}
    assert lines(caplog) == []


def test_the_switch_turns_all_of_it_off(
    monkeypatch: pytest.MonkeyPatch, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("RELEASEDESK_PROBE", "off")
    answer = client.get("/basket/1/")
    assert answer["Server-Timing"] == "edge;dur=5"
    assert lines(caplog) == []


def test_a_fault_of_the_probe_is_counted_and_the_request_goes_on(
    monkeypatch: pytest.MonkeyPatch, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    def faulty(*_: object) -> str:
        raise ZeroDivisionError

    _faults.clear()
    monkeypatch.setattr(watch, "server_timing", faulty)
    assert [client.get("/basket/1/").content for _ in range(2)] == [b"ok", b"ok"]
    assert probe.faults() == {"Probe._end": 2}
    assert sum(record.levelno == logging.WARNING for record in caplog.records) == 1


def test_a_wrapper_that_was_there_before_the_probe_is_the_one_that_its_end_takes_away() -> None:
    """Django's `execute_wrapper()` takes the last one away, and the first request may come within one."""
    connection.execute_wrappers.clear()

    def other(execute: Any, *arguments: Any) -> Any:
        return execute(*arguments)

    with connection.execute_wrapper(other):
        django_probe.watch_database()
    assert connection.execute_wrappers == [django_probe._count_query]
