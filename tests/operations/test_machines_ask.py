"""/health, /ready, /metrics; the request line; the headers every answer carries."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from ipaddress import ip_network
from typing import TYPE_CHECKING

import pytest
import structlog
from django.db import OperationalError, connection
from django.test import Client, RequestFactory
from django.urls import path
from django.utils import timezone

from releasedesk.operations import urls
from releasedesk.operations.address import address_of
from releasedesk.operations.content_security import POLICY
from releasedesk.operations.log import add_request, request_id
from releasedesk.operations.request_line import current_id, name_actor
from releasedesk.results import probe_log

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpRequest
    from pytest_django.fixtures import Settings

from django.http import HttpResponse


def echo(request: HttpRequest) -> HttpResponse:
    name_actor("ci of payments")
    return HttpResponse(current_id())


def own_policy(request: HttpRequest) -> HttpResponse:
    return HttpResponse(headers={"Content-Security-Policy": "default-src 'self'"})


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("rdk_1_secret was in the body")


urlpatterns = [*urls.urlpatterns, path("echo", echo), path("own-policy", own_policy), path("broken", broken)]


@pytest.fixture(autouse=True)
def _our_own_urls(settings: Settings) -> None:
    settings.ROOT_URLCONF = __name__


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


@pytest.fixture
def lines() -> Iterator[list[structlog.typing.EventDict]]:
    with structlog.testing.capture_logs(processors=[add_request]) as caught:
        yield caught


def the_only_check(answer: dict[str, list[dict[str, object]]], name: str) -> dict[str, object]:
    (found,) = [check for check in answer["checks"] if check["name"] == name]
    return found


def worker_seen(ago: timedelta) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (%s)", [timezone.now() - ago]
        )


def test_health_answers_without_the_database(client: Client) -> None:
    answer = client.get("/health")  # no django_db mark: a query would fail this test
    assert (answer.status_code, answer.json()) == (200, {"ok": True})


@pytest.mark.django_db
def test_the_desk_is_ready_with_a_database_its_migrations_and_a_worker(client: Client) -> None:
    worker_seen(timedelta(seconds=5))
    answer = client.get("/ready")
    assert answer.status_code == 200
    assert [(check["name"], check["ok"]) for check in answer.json()["checks"]] == [
        ("database", True),
        ("migrations", True),
        ("worker", True),
    ]


@pytest.mark.django_db
def test_without_any_worker_the_desk_is_not_ready_and_says_what_to_run(client: Client) -> None:
    answer = client.get("/ready")
    assert answer.status_code == 503
    assert "manage.py work" in str(the_only_check(answer.json(), "worker")["detail"])


@pytest.mark.django_db
def test_a_worker_seen_too_long_ago_does_not_count(client: Client, settings: Settings) -> None:
    worker_seen(timedelta(seconds=settings.WORKER_SEEN_SECONDS + 30))
    answer = client.get("/ready")
    assert answer.status_code == 503
    assert "90 s ago" in str(the_only_check(answer.json(), "worker")["detail"])


def test_a_database_whose_transactions_do_not_see_what_they_waited_for_is_not_ready(
    committed: None, client: Client
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_isolation = 'repeatable read'")
        answer = client.get("/ready")
        cursor.execute("RESET default_transaction_isolation")
    assert answer.status_code == 503
    database = the_only_check(answer.json(), "database")
    assert database["ok"] is False
    assert "set 'default_transaction_isolation' to 'read committed'" in str(database["detail"])


@pytest.mark.django_db
def test_a_missing_migration_is_named_by_its_app(client: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'sessions'")
    answer = client.get("/ready")
    assert answer.status_code == 503
    assert "sessions" in str(the_only_check(answer.json(), "migrations")["detail"])


def test_without_the_database_all_is_unknown_and_nothing_is_told_of_why(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise OperationalError("connection to server at 10.1.2.3 failed: password of desk is wrong")

    monkeypatch.setattr(connection, "cursor", refuse)
    answer = client.get("/ready")
    assert answer.status_code == 503
    assert [check["ok"] for check in answer.json()["checks"]] == [False, False, False]
    assert b"10.1.2.3" not in answer.content


def test_metrics_count_requests_by_view_and_status(client: Client) -> None:
    def counted() -> float:
        name = 'releasedesk_requests_total{status="200",view="health"} '
        text = client.get("/metrics").content.decode()
        return sum(float(line.removeprefix(name)) for line in text.splitlines() if line.startswith(name))

    before = counted()
    client.get("/health")
    assert counted() == before + 1
    assert "releasedesk_request_seconds_bucket" in client.get("/metrics").content.decode()


def test_a_path_nobody_serves_makes_no_new_series(client: Client) -> None:
    client.get("/no-such-page-8f3c")
    text = client.get("/metrics").content.decode()
    assert "8f3c" not in text
    assert 'view="unmatched"' in text


def test_metrics_are_refused_to_another_peer(client: Client) -> None:
    assert client.get("/metrics", REMOTE_ADDR="203.0.113.9").status_code == 403


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
def test_a_forwarded_address_opens_nothing(client: Client, header: str) -> None:
    from_outside = client.get("/metrics", headers={header: "127.0.0.1"}, REMOTE_ADDR="203.0.113.9")
    assert from_outside.status_code == 403
    through_a_proxy_on_this_machine = client.get("/metrics", headers={header: "203.0.113.9"})
    assert through_a_proxy_on_this_machine.status_code == 403


@pytest.mark.parametrize(
    ("peer", "status"), [("10.1.2.3", 200), ("::ffff:10.1.2.3", 200), ("::1", 403), ("", 403)]
)
def test_the_peer_must_be_in_a_named_network(
    client: Client, settings: Settings, peer: str, status: int
) -> None:
    settings.METRICS_ALLOWED = [ip_network("10.0.0.0/8")]
    assert client.get("/metrics", REMOTE_ADDR=peer).status_code == status


@pytest.mark.parametrize("url", ["/health", "/ready", "/metrics"])
def test_machines_may_only_ask(client: Client, url: str) -> None:
    assert client.post(url).status_code == 405


def test_one_line_a_request_says_who_what_and_how_long(
    client: Client, lines: list[structlog.typing.EventDict]
) -> None:
    client.get("/echo?environment=production&to=v2")
    (line,) = lines
    assert line["method"] == "GET"
    assert line["path"] == "/echo"
    assert line["status"] == 200
    assert line["actor"] == "ci of payments"
    assert 0 <= line["response_ms"] < 60_000


def test_the_line_is_one_that_measure_reads(client: Client, lines: list[structlog.typing.EventDict]) -> None:
    answer = client.get("/echo")
    (line,) = lines
    assert answer["Server-Timing"].startswith("app;dur=")
    assert (line["route"], line["db_calls"], line["cache"]) == ("GET /echo", 0, None)
    assert probe_log.is_line({**line, "at": "2026-11-23T11:38:00Z"})


def test_a_stranger_is_not_told_how_much_work_an_answer_was(
    client: Client, lines: list[structlog.typing.EventDict]
) -> None:
    assert "Server-Timing" not in client.get("/health")
    assert lines[0]["db_calls"] == 0, "counted all the same"


def test_where_the_probe_is_off_the_time_alone_is_known(
    monkeypatch: pytest.MonkeyPatch, lines: list[structlog.typing.EventDict]
) -> None:
    monkeypatch.setenv("RELEASEDESK_PROBE", "off")
    answer = Client().get("/echo")
    assert "Server-Timing" not in answer
    assert lines[0]["response_ms"] >= 0
    assert "db_calls" not in lines[0]


def test_no_secret_reaches_the_line(client: Client, lines: list[structlog.typing.EventDict]) -> None:
    client.post(
        "/echo?environment=rdk_1_query&RDK_2_name=1",
        data={"password": "rdk_3_body"},
        content_type="application/json",
        headers={"Authorization": "Bearer rdk_4_header", "Cookie": "sessionid=rdk_5_cookie"},
    )
    (line,) = lines
    assert line["query"] == ["environment"]
    assert "rdk_" not in json.dumps(line, default=str).lower()


def test_who_acted_in_one_request_is_forgotten_in_the_next(
    client: Client, lines: list[structlog.typing.EventDict]
) -> None:
    client.get("/echo")
    client.get("/health")
    assert "actor" not in lines[1]


def test_a_sane_request_id_is_kept_answered_and_known_inside(
    client: Client, lines: list[structlog.typing.EventDict]
) -> None:
    answer = client.get("/echo", headers={"X-Request-ID": "build-8812.try-2"})
    assert answer["X-Request-ID"] == "build-8812.try-2"
    assert answer.content == b"build-8812.try-2"
    assert lines[0]["request_id"] == "build-8812.try-2"


@pytest.mark.parametrize("offered", ["short", 'a" injected="1', "x" * 65, "ünïcödé-8812", ""])
def test_any_other_request_id_is_replaced(client: Client, offered: str) -> None:
    answer = client.get("/echo", headers={"X-Request-ID": offered})
    assert answer["X-Request-ID"] != offered
    assert len(answer["X-Request-ID"]) == 32


def test_an_error_has_its_line_and_its_id_too(
    client: Client, lines: list[structlog.typing.EventDict]
) -> None:
    answer = client.get("/broken", headers={"X-Request-ID": "build-8812"})
    assert answer.status_code == 500
    assert answer["X-Request-ID"] == "build-8812"
    assert lines[-1]["status"] == 500


def test_a_log_line_is_one_json_object_with_the_request_id(
    caplog: pytest.LogCaptureFixture, settings: Settings
) -> None:
    formatter = settings.LOGGING["formatters"]["json"]["()"]()
    with caplog.at_level(logging.WARNING):
        logging.getLogger("django.security").warning("Not a\nsingle %s", "line")
    token = request_id.set("build-8812")
    written = formatter.format(caplog.records[0])
    request_id.reset(token)
    assert "\n" not in written
    line = json.loads(written)
    assert (line["event"], line["level"], line["request_id"]) == (
        "Not a\nsingle line",
        "warning",
        "build-8812",
    )


def test_every_answer_carries_the_policy_also_errors(client: Client) -> None:
    for url in ["/health", "/no-such-page", "/broken", "/metrics"]:
        assert client.get(url)["Content-Security-Policy"] == POLICY
    assert "unsafe" not in POLICY
    assert POLICY.startswith("default-src 'none'")


def test_a_view_with_a_policy_of_its_own_keeps_it(client: Client) -> None:
    assert client.get("/own-policy")["Content-Security-Policy"] == "default-src 'self'"


def test_answers_forbid_sniffing_framing_and_leaking_addresses(client: Client) -> None:
    answer = client.get("/accounts/login/")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("path", ["/health", "/metrics"])
def test_probes_that_come_by_address_are_answered_whatever_host_they_name(client: Client, path: str) -> None:
    assert client.get(path, headers={"Host": "10.1.2.3:8000"}).status_code == 200


def test_behind_the_proxy_the_address_is_the_one_the_proxy_saw(
    rf: RequestFactory, settings: Settings
) -> None:
    request = rf.get("/", headers={"X-Forwarded-For": "203.0.113.7, 198.51.100.4"})
    assert address_of(request) == "127.0.0.1"
    settings.BEHIND_PROXY = True
    assert address_of(request) == "198.51.100.4"
    assert address_of(rf.get("/")) == "127.0.0.1"
