"""One shape for everything that goes wrong, whoever finds it: Django, DRF, the database or we."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError, connection
from django.test import Client
from pytest_django import Settings

from releasedesk.catalog.models import Service
from releasedesk.deliveries.models import Delivery
from releasedesk.releases.models import Live
from tests.api import asking
from tests.api.asking import CHECKOUT, RELEASE, problem, rows, send
from tests.builders import event, make_release


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["", "nothing", "services/", "insights", f"{RELEASE[8:]}/dora", "events/"])
def test_what_is_not_served_is_a_404_of_the_same_shape(stranger: Client, method: str, path: str) -> None:
    problem(stranger.generic(method, f"/api/v1/{path}", b"{}"), 404, "not-found")


@pytest.mark.parametrize("path", ["/api/v1/events", "/"])
def test_a_name_that_is_not_the_desks_is_told_so(client: Client, settings: Settings, path: str) -> None:
    settings.ALLOWED_HOSTS = ["desk.example"]
    answer = client.get(path, headers={"Host": "desk.internal"})
    assert (answer.status_code, "ALLOWED_HOSTS" in answer.content.decode()) == (400, True)


def test_a_name_that_is_not_the_desks_is_no_part_of_a_link(ci: Client) -> None:
    response = ci.get("/api/v1/board", headers={"Host": "e vil/"})
    assert problem(response, 400)["type"] == "/problems/bad-request"


@pytest.mark.parametrize("method", ["POST", "PUT", "TRACE"])
def test_the_page_of_the_contract_is_only_read(client: Client, method: str) -> None:
    response = client.generic(method, "/api/v1/docs")
    assert problem(response, 405)["retryable"] is False
    assert response["Allow"] == client.options("/api/v1/docs")["Allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize("path", ["/api/v1/events", f"{RELEASE}/gate"])
def test_who_wrote_one_slash_too_many_is_told_the_address(ci: Client, path: str) -> None:
    assert problem(ci.post(f"{path}/"), 404)["detail"].endswith(f"there is: {path}")
    assert problem(ci.post("/api/v1/"), 404)["detail"] == "There is nothing at this address."


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/api/v1/events", {"POST"}),
        ("DELETE", CHECKOUT, {"GET", "PUT", "PATCH"}),
        ("POST", RELEASE, {"GET", "PUT", "PATCH"}),
        ("PUT", f"{RELEASE}/snapshots", {"GET", "POST"}),
        ("PUT", f"{CHECKOUT}/rollback?environment=staging", {"GET", "POST"}),
        ("TRACE", CHECKOUT, {"GET", "PUT", "PATCH"}),
    ],
)
def test_another_method_is_refused_and_the_served_ones_are_named(
    ci: Client, checkout: Service, method: str, path: str, allowed: set[str]
) -> None:
    response = ci.generic(method, path, b"{}", content_type="application/json")
    problem(response, 405, "method-not-allowed")
    assert set(response["Allow"].split(", ")) - {"HEAD", "OPTIONS"} == allowed


def test_another_format_is_refused(ci: Client, checkout: Service) -> None:
    problem(ci.get(CHECKOUT, headers={"Accept": "text/html"}), 406, "not-acceptable")


def test_an_unknown_thing_is_answered_with_its_near_names(ci: Client, checkout: Service) -> None:
    make_release(checkout, "1.0.1")
    assert "checkout-api" in str(problem(ci.get("/api/v1/services/chekout-api"), 404))
    assert "1.0.1" in str(problem(ci.get(f"{CHECKOUT}/releases/1.0.2"), 404))
    assert "production" in str(problem(ci.get(f"{CHECKOUT}/rollback?environment=prod"), 404))
    assert "staging" in str(problem(ci.get(f"{CHECKOUT}/rollback"), 422))


class FailsAt:
    """Lets the nth statement of a request fail as a lost connection does."""

    def __init__(self, statement: int) -> None:
        self.left = statement

    def __call__(self, execute: Callable[..., Any], *statement: Any) -> Any:
        self.left -= 1
        if self.left == 0:
            raise OperationalError("server closed the connection unexpectedly")
        return execute(*statement)


@pytest.mark.parametrize("failure", [OperationalError, InterfaceError])
def test_a_database_that_is_down_is_said_so_and_the_request_may_be_sent_again(
    ci: Client, failure: type[Exception]
) -> None:
    def down(*_: object) -> None:
        raise failure("the connection is closed")

    with connection.execute_wrapper(down):
        response = send(ci)
    problem(response, 503, "unavailable")
    assert response["Retry-After"] == "5"
    assert send(ci).status_code == 201


def test_a_database_that_fails_in_the_middle_leaves_nothing_half_written(committed: None, ci: Client) -> None:
    taken_in = 0
    for statement in count(1):
        body = event(service=f"service-{statement}", commit="9f3c123", files_touched=["a.py"])
        before, failing = rows(), FailsAt(statement)
        with connection.execute_wrapper(failing):
            response = send(ci, body)
        taken_in += response.status_code == 201
        if response.status_code != 201:
            problem(response, 503, "unavailable")
            assert rows() == before
        assert Delivery.objects.count() == Live.objects.count() == taken_in
        if failing.left > 0:
            break
    assert statement > 15, "the event needs many, and each of them has failed once"
    assert taken_in <= 2, "without a failure, and where the plain way failed before anything else was tried"


def test_what_nobody_foresaw_is_a_500_that_tells_only_its_request_id(
    ci: Client, checkout: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise ZeroDivisionError("a secret")

    monkeypatch.setattr("releasedesk.api.services.service_json", fails)
    response = ci.get(CHECKOUT)
    assert "a secret" not in str(problem(response, 500, "internal"))


def test_a_request_id_that_came_is_kept(ci: Client, checkout: Service) -> None:
    response = ci.get(f"{CHECKOUT}/nothing", headers={"X-Request-ID": "trace-12345678"})
    assert asking.problem(response, 404)["request_id"] == "trace-12345678"
