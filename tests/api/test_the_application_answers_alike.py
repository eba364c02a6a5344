"""What gunicorn calls answers machines with less around it, and answers the same as Django's own handler."""

from __future__ import annotations

import io
import json
import sys
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.db import OperationalError, connections
from pytest_django import Settings

from releasedesk.api import authentication
from releasedesk.api.straight import Application
from releasedesk.catalog.models import Service
from releasedesk.releases.models import DeploymentFact
from releasedesk.wsgi import application
from tests.api.asking import CHECKOUT
from tests.builders import event

pytestmark = pytest.mark.usefixtures("looked_at")
OWN = {"X-Request-ID", "Server-Timing"}  # no two answers have these alike
Answer = tuple[str, dict[str, str], bytes]


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Whose connection was looked at before a request. Really looked at, the test's own would be closed."""
    looked: list[str] = []
    look = "close_if_unusable_or_obsolete"
    monkeypatch.setattr(type(connections["default"]), look, lambda own: looked.append(own.alias))
    return looked


def ask(app: Any, method: str, path: str, token: str = "", body: bytes = b"", **headers: str) -> Answer:
    """Ask as gunicorn does."""
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path.partition("?")[0],
        "QUERY_STRING": path.partition("?")[2],
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "HTTP_HOST": "testserver",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.url_scheme": "http",
        **({"HTTP_AUTHORIZATION": f"Bearer {token}"} if token else {}),
        **headers,
    }
    said: list[Any] = []
    pieces = app(environ, lambda status, named: said.extend((status, dict(named))))
    return said[0], said[1], b"".join(pieces)


def alike(*asked: Any, **headers: Any) -> Answer:
    """Ask both, and return the one answer."""
    straight, usual = (ask(app, *asked, **headers) for app in (Application(), WSGIHandler()))
    without = [
        (status, {name: value for name, value in named.items() if name not in OWN}, body)
        for status, named, body in (straight, usual)
    ]
    if "request_id" not in usual[2].decode():
        assert without[0] == without[1]
    assert without[0][:2] == without[1][:2]
    assert straight[1].keys() == usual[1].keys()
    return straight


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", CHECKOUT, b"", 200),
        ("HEAD", CHECKOUT, b"", 200),
        ("OPTIONS", CHECKOUT, b"", 204),
        ("PUT", "/api/v1/events", b"{}", 405),
        ("GET", "/api/v1/board", b"", 200),
        ("GET", f"{CHECKOUT}?what=1", b"", 422),
        ("GET", "/api/v1/services/nothing", b"", 404),
        ("GET", "/api/v1/nothing", b"", 404),
        ("GET", "/api/v1/schema", b"", 200),
        ("POST", "/api/v1/events", b"{", 400),
        ("POST", "/api/v1/events", b'{"id": 1}', 422),
        ("POST", "/api/v1/events", b"[]", 207),
    ],
)
def test_a_machine_gets_what_django_would_answer(
    ci_token: str, checkout: Service, method: str, path: str, body: bytes, status: int
) -> None:
    assert alike(method, path, ci_token, body)[0].startswith(str(status))


def test_an_event_is_taken_in_once_whichever_way_it_comes(ci_token: str, checkout: Service) -> None:
    body = json.dumps(event()).encode()
    first, again = (
        ask(app, "POST", "/api/v1/events", ci_token, body) for app in (application, WSGIHandler())
    )
    assert (first[0], again[0]) == ("201 Created", "200 OK")
    assert first[2] == again[2]
    assert DeploymentFact.objects.count() == 1


def test_what_has_not_changed_is_not_sent_again(ci_token: str, checkout: Service) -> None:
    tag = ask(application, "GET", "/api/v1/board", ci_token)[1]["ETag"]
    assert alike("GET", "/api/v1/board", ci_token, HTTP_IF_NONE_MATCH=tag)[0] == "304 Not Modified"


def test_a_token_that_is_not_known_gets_the_same_refusal(ci_token: str) -> None:
    status, headers, _ = alike("GET", CHECKOUT, ci_token + "x")
    assert status == "401 Unauthorized"
    assert "Server-Timing" not in headers, "how much work an answer was may tell a stranger what there is"


def test_an_outage_is_the_same_outage(
    ci_token: str, checkout: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object, **__: object) -> None:
        raise OperationalError("the connection is closed")

    monkeypatch.setattr(authentication, "authenticate", gone)
    status, headers, _ = alike("GET", CHECKOUT, ci_token)
    assert status == "503 Service Unavailable"
    assert headers["Retry-After"]


def test_a_host_that_is_not_ours_is_refused(ci_token: str, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["testserver"]
    assert alike("GET", CHECKOUT, ci_token, HTTP_HOST="elsewhere.example")[0] == "400 Bad Request"


def test_nobody_is_sent_on_to_a_host_that_is_not_ours(ci_token: str, settings: Settings) -> None:
    settings.ALLOWED_HOSTS, settings.SECURE_SSL_REDIRECT = ["testserver"], True
    status, headers, _ = ask(Application(), "GET", CHECKOUT, ci_token, HTTP_HOST="elsewhere.example")
    assert (status, headers["Content-Type"]) == ("400 Bad Request", "application/problem+json")


def test_a_machine_that_comes_without_tls_is_sent_where_there_is_tls(
    ci_token: str, checkout: Service, settings: Settings
) -> None:
    settings.SECURE_SSL_REDIRECT, settings.SECURE_HSTS_SECONDS = True, 60
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    status, headers, _ = alike("GET", CHECKOUT, ci_token)
    assert (status, headers["Location"]) == ("301 Moved Permanently", f"https://testserver{CHECKOUT}")
    status, headers, _ = alike("GET", CHECKOUT, ci_token, HTTP_X_FORWARDED_PROTO="https")
    assert (status, headers["Strict-Transport-Security"]) == ("200 OK", "max-age=60")


def test_who_has_no_token_gets_pages(checkout: Service) -> None:
    status, headers, _ = ask(application, "GET", "/")
    assert (status, headers["Location"]) == ("302 Found", "/accounts/login/?next=/")


def test_the_connection_is_looked_at_once_before_it_is_used(
    ci_token: str, checkout: Service, looked_at: list[str]
) -> None:
    assert ask(application, "GET", CHECKOUT, ci_token)[0] == "200 OK"
    assert looked_at == ["default"]
