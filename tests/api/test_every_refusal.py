"""Every path of the API refuses in the one shape, whatever is wrong. New paths are found by themselves."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from rest_framework.views import APIView

from releasedesk.api.schema.operation import Operation, operation_of
from releasedesk.catalog.models import Scope
from releasedesk.problems import throttle
from tests.api.asking import CHECKOUT, RELEASE, post, problem, sole_error
from tests.api.conftest import signed_in
from tests.api.test_contract import METHODS, views
from tests.builders import NOON, make_deployment, make_plan, make_release, make_token, minutes

if TYPE_CHECKING:
    from releasedesk.accounts.models import Team, User
    from releasedesk.catalog.models import Service

JSON = "application/json"
READING = {"get", "head", "options"}
WRITING = {"post", "put", "patch"}


@dataclass(frozen=True)
class Way:
    """One method of one path, with what the contract says of it."""

    method: str
    path: str
    view: type[APIView]
    said: Operation

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def asks_who(self) -> bool:
        """Whether a token opens it; a webhook has its own signature."""
        return "token" in self.said.who

    @property
    def reads_a_body(self) -> bool:
        """Whether a body is read and judged by its media type before anything else could be refused."""
        return self.said.body is not None and self.asks_who


WAYS = [
    Way(method, path, view, said)
    for path, view in views()
    for method in METHODS
    if (said := operation_of(view, method))
]


@dataclass
class Desk:
    """A desk on which every path names something that is there."""

    ids: dict[str, Any]

    def path(self, way: Way, **other: Any) -> str:
        """Fill in the path of a way, and the query it cannot do without."""
        needed = {"environment": "production"}
        query = "&".join(f"{query.name}={needed[query.name]}" for query in way.said.query if query.required)
        return way.path.format(**{**self.ids, **other}) + (f"?{query}" if query else "")


@pytest.fixture
def ci(payments: Team) -> Client:
    """A token that may do everything a token can: what it is refused, it is refused for another reason."""
    token = make_token(payments, scopes=list(Scope))
    return Client(headers={"Authorization": f"Bearer {token}"})


@pytest.fixture
def desk(ci: Client, checkout: Service) -> Desk:
    """A service with releases, a plan, a rollback that is over, one that goes on, and a lock."""
    for number, version in enumerate(("0.9", "1.0", "1.1", "1.0")):
        make_release(checkout, version)
        make_deployment(checkout, version, at=NOON - minutes(9 - number))
    make_plan(checkout)
    run = post(ci, f"{CHECKOUT}/rollback", {"environment": "production"}).json()
    lock = post(ci, "/api/v1/locks", {"service": "checkout-api", "reason": "Tests."}).json()
    ids = {"slug": "checkout-api", "version": "1.0", "key": "unit_tests", "name": "staging"}
    ids |= {"setting": "DB_HOST", "run_id": run["id"], "lock_id": lock["id"], "source_id": "none"}
    return Desk({**ids, "deployment_id": checkout.deployments.get(mode="rollback").pk})


def ask(client: Client, way: Way, path: str, raw: bytes = b"{}", **more: Any) -> Any:
    more.setdefault("content_type", JSON)
    sent = b"" if way.method in READING or (way.said.body is None and way.method == "delete") else raw
    return client.generic(way.method.upper(), path, sent, **more)


def test_there_are_ways_to_ask_about() -> None:
    assert len(WAYS) > 35
    assert {way.method for way in WAYS} == {"get", "post", "put", "patch", "delete"}


def test_a_stranger_is_asked_who_they_are(desk: Desk, stranger: Client) -> None:
    for way in WAYS:
        if way.said.who:
            response = ask(stranger, way, desk.path(way))
            expected = 401 if way.asks_who or "session" in way.said.who else 404
            problem(response, expected)
            assert expected != 401 or response["WWW-Authenticate"].startswith("Bearer"), way


def test_a_token_without_the_scope_is_told_which_it_lacks(desk: Desk, payments: Team) -> None:
    for way in WAYS:
        if way.asks_who:
            scope = way.view.read_scope if way.method in READING else way.view.write_scope  # type: ignore[attr-defined]
            other = "read" if scope != "read" else "events:write"
            client = Client(headers={"Authorization": f"Bearer {make_token(payments, scopes=[other])}"})
            assert f"'{scope}'" in problem(ask(client, way, desk.path(way)), 403)["detail"], way


def test_where_no_scope_would_help_none_is_asked_for(desk: Desk, payments: Team) -> None:
    client = Client(headers={"Authorization": f"Bearer {make_token(payments, scopes=['read'])}"})
    ways = [way for way in WAYS if way.said.who == ("session",) and way.method not in READING]
    assert ways
    for way in ways:
        told = problem(ask(client, way, desk.path(way)), 403)["detail"]
        assert "person who is signed in" in told, way


def test_a_person_without_the_right_is_refused(desk: Desk, charlie: User) -> None:
    client = signed_in(charlie)
    client.handler.enforce_csrf_checks = True
    for way in WAYS:
        if way.method not in READING and {"token", "session"} & set(way.said.who):
            problem(ask(client, way, desk.path(way)), 403)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"])
def test_a_method_that_is_not_served_names_those_that_are(desk: Desk, ci: Client, method: str) -> None:
    asked = 0
    for path, view in views():
        served = {name for name in METHODS if hasattr(view, name)}
        if method.lower() not in served:
            response = ci.generic(method, path.format(**desk.ids), b"{}", content_type=JSON)
            problem(response, 405, "method-not-allowed")
            named = {name.lower() for name in response["Allow"].split(", ")}
            assert named - {"head", "options"} == served, path
            asked += 1
    assert asked


def test_head_is_get_without_a_body_and_options_names_the_methods(desk: Desk, ci: Client) -> None:
    for way in WAYS:
        if way.method == "get":
            path = desk.path(way)
            asked = ci.get(path)
            head = ci.head(path)
            assert (head.status_code, head.content) == (asked.status_code, b""), way
            assert head["Content-Type"] == asked["Content-Type"], way
    for path, view in views():
        response = ci.options(path.format(**desk.ids))
        assert (response.status_code, response.content) == (204, b""), path
        assert {name for name in METHODS if hasattr(view, name)} <= {
            name.lower() for name in response["Allow"].split(", ")
        }


def test_another_format_is_refused(desk: Desk, ci: Client) -> None:
    for way in WAYS:
        if way.method == "get":
            problem(ask(ci, way, desk.path(way), headers={"Accept": "image/png"}), 406, "not-acceptable")


def test_a_parameter_that_is_not_known_is_refused_by_name(desk: Desk, ci: Client) -> None:
    for way in WAYS:
        if "token" in way.said.who:
            path = desk.path(way)
            response = ask(ci, way, f"{path}{'&' if '?' in path else '?'}enviroment=production")
            error = sole_error(response)
            assert (error["pointer"], error["code"]) == ("?enviroment", "unknown_field"), way


DEEP = b'{"a":' * 60 + b"1" + b"}" * 60
BAD_BODIES: dict[str, tuple[bytes, dict[str, Any], int]] = {
    "empty, and so of no type": (b"", {}, 0),
    "not JSON": (b"{", {}, 400),
    "not UTF-8": (b'{"a": "\xff"}', {}, 400),
    "too deep": (DEEP, {}, 400),
    "far too deep": (b"[" * 200_000, {}, 400),
    "digits without end": (b'{"a": ' + b"1" * 5000 + b"}", {}, 400),
    "not JSON's NaN": (b'{"a": NaN}', {}, 0),  # one reader refuses it as JSON, another as a field
    "a form": (b"a=1", {"content_type": "application/x-www-form-urlencoded"}, 415),
    "XML": (b"<a/>", {"content_type": "application/xml"}, 415),
    "not packed as it says": (b"{}", {"headers": {"Content-Encoding": "gzip"}}, 400),
    "packed otherwise": (b"{}", {"headers": {"Content-Encoding": "zstd"}}, 415),
    "in chunks": (b"{}", {"headers": {"Transfer-Encoding": "chunked"}}, 411),
    "a word": (b'"a"', {}, 422),
    "an unknown field": (b'{"nothing_like_it": 1}', {}, 422),
    "a NUL": (b'{"nothing\\u0000like_it": 1}', {}, 422),
}


@pytest.mark.parametrize("name", BAD_BODIES)
def test_a_body_that_cannot_be_read_is_said_so(desk: Desk, ci: Client, as_alice: Client, name: str) -> None:
    raw, more, status = BAD_BODIES[name]
    for way in WAYS:
        if way.said.body is not None and {"token", "session"} & set(way.said.who):
            client = ci if way.asks_who else as_alice
            response = ask(client, way, desk.path(way), raw, **more)
            if status == 0:
                assert response.status_code in {400, 415, 422}, way
            problem(response, status or response.status_code)


def test_a_body_that_is_too_large_is_said_so(desk: Desk, ci: Client, settings: Any) -> None:
    for limit in ("EVENT", "BATCH", "SNAPSHOT", "BODY"):
        setattr(settings, f"LIMIT_{limit}_BYTES", 50)
    for way in WAYS:
        if way.reads_a_body:
            problem(ask(ci, way, desk.path(way), json.dumps({"a": "b" * 100}).encode()), 413, "too-large")


@pytest.mark.parametrize("odd", ["%00", "%ff", "%ed%a0%80", "%2e%2e%2f", "a" * 3000, "%0a", "%F0%9F%9A%80"])
def test_a_path_may_hold_anything(desk: Desk, ci: Client, odd: str) -> None:
    for way in WAYS:
        for part in ("slug", "version", "key", "name", "setting", "source_id"):
            if f"{{{part}}}" in way.path:
                response = ask(ci, way, desk.path(way, **{part: odd}), b'{"tier": "staging", "order": 1}')
                assert response.status_code in {401, 403, 404, 415, 422}, (way, response.content)
                problem(response, response.status_code)


def test_what_is_not_there_is_a_404(desk: Desk, ci: Client) -> None:
    for part, value in (("slug", "nothing"), ("version", "0.0"), ("lock_id", 999), ("run_id", 999)):
        for way in WAYS:
            if f"{{{part}}}" in way.path and way.method == "get":
                problem(ask(ci, way, desk.path(way, **{part: value})), 404, "not-found")


def test_who_asks_too_often_is_told_when_to_come_back(
    desk: Desk, ci: Client, settings: Any, again: None
) -> None:
    settings.THROTTLE_TOKEN_PER_MINUTE = 0
    for way in WAYS:
        if way.asks_who:
            response = ask(ci, way, desk.path(way))
            problem(response, 429, "throttled")
            assert 0 < int(response["Retry-After"]) <= 60


@pytest.fixture
def again() -> Iterator[None]:
    """Let the counts of this test be nobody else's."""
    throttle.forget()
    yield
    throttle.forget()


def test_a_database_that_is_down_is_said_so(desk: Desk, ci: Client) -> None:
    def down(*_: object) -> None:
        raise OperationalError("the connection is closed")

    with connection.execute_wrapper(down):
        for way in WAYS:
            if way.said.who:
                response = ask(ci, way, desk.path(way))
                problem(response, 503, "unavailable")
                assert int(response["Retry-After"]) > 0


def test_what_nobody_foresaw_tells_nothing(desk: Desk, ci: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a secret")

    for way in WAYS:
        with monkeypatch.context() as patched:
            handler: Callable[..., Any] = fails
            handler.operation = way.said  # type: ignore[attr-defined]
            patched.setattr(way.view, way.method, handler)
            response = ask(ci, way, desk.path(way))
        assert "a secret" not in str(problem(response, 500, "internal")), way


def test_a_release_whose_version_needs_encoding_is_found(desk: Desk, ci: Client, checkout: Service) -> None:
    make_release(checkout, "1.0+build@7:a~1")
    assert ci.get(f"{RELEASE}%2Bbuild%407%3Aa~1").json()["version"] == "1.0+build@7:a~1"
