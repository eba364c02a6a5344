"""How the tests ask the API, and what they look at in its answers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.test import Client
from django.utils.encoding import escape_uri_path

from releasedesk.deliveries.models import Delivery
from releasedesk.problems.problem import KINDS, RETRYABLE
from tests.builders import event

if TYPE_CHECKING:
    from collections.abc import Mapping

JSON = "application/json"
CHECKOUT = "/api/v1/services/checkout-api"
RELEASE = f"{CHECKOUT}/releases/1.0"
MEMBERS = ["type", "title", "status", "detail", "instance", "request_id", "retryable", "errors"]
ERROR_MEMBERS = ["pointer", "code", "detail", "expected", "received"]
OWN = {"accounts", "catalog", "deliveries", "releases", "checklists", "measurements", "rollbacks", "notes"}


def send(client: Client, body: object = None, *, id: str | None = None, **fields: Any) -> Any:  # noqa: A002
    """Post an event: the usual one with these fields, or any other body."""
    if body is None:
        body = event(**fields) if id is None else event(id=id, **fields)
    return client.post("/api/v1/events", body, content_type=JSON)


def send_raw(client: Client, raw: bytes, path: str = "/api/v1/events", method: str = "POST") -> Any:
    """Send bytes as they are."""
    return client.generic(method, path, raw, content_type=JSON)


def put(client: Client, path: str, body: object, **headers: str) -> Any:
    return client.put(path, body, content_type=JSON, headers=headers)


def patch(client: Client, path: str, body: object, **headers: str) -> Any:
    return client.patch(path, body, content_type=JSON, headers=headers)


def post(client: Client, path: str, body: object, **headers: str) -> Any:
    return client.post(path, body, content_type=JSON, headers=headers)


def problem(response: Any, status: int, kind: str | None = None) -> dict[str, Any]:
    """Check that an answer is a problem document in the one shape (RFC 9457), and return it."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    document: dict[str, Any] = json.loads(response.content)
    assert list(document)[: len(MEMBERS)] == MEMBERS
    found = document["type"].rpartition("/problems/")[2]
    assert KINDS[found] == (status, document["title"])
    assert found == (kind or found)
    assert document["status"] == status
    assert document["detail"]
    assert document["instance"] == escape_uri_path(response.wsgi_request.path)
    assert document["request_id"] == response["X-Request-ID"]
    assert document["retryable"] is (status in RETRYABLE)
    assert document["retryable"] is ("Retry-After" in response)
    assert all(list(error) == ERROR_MEMBERS for error in document["errors"])
    return document


def sole_error(response: Any, status: int = 422, kind: str | None = None) -> dict[str, Any]:
    """The one field that was wrong."""
    errors = problem(response, status, kind)["errors"]
    assert len(errors) == 1, errors
    error: dict[str, Any] = errors[0]
    return error


def rows() -> Mapping[str, int]:
    """How many rows each table of ours holds; deliveries are kept whatever becomes of them."""
    models = (model for model in apps.get_models() if model._meta.app_label in OWN)
    return {model._meta.label: model._default_manager.count() for model in models if model is not Delivery}
