"""What the API can read as a body, at any of its doors."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from releasedesk.catalog.models import Service
from releasedesk.releases.models import Release
from tests.api.asking import CHECKOUT, JSON, RELEASE, problem, put, rows, send_raw, sole_error
from tests.builders import event, make_release


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b'{"a": }',
        b"\x00",
        b"not json",
        b"{}{}",
        b'"\xff"',
        '{"a": "ä"}'.encode("latin-1"),
        json.dumps(event()).encode("utf-16"),
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"[" * 40 + b"]" * 40,
        b"1" * 5000,
    ],
    ids=lambda raw: repr(raw[:12]),
)
def test_what_is_not_json_is_refused(ci: Client, raw: bytes) -> None:
    before = rows()
    problem(send_raw(ci, raw), 400, "not-json")
    assert rows() == before


def test_json_may_be_as_deep_as_any_body_of_ours(ci: Client) -> None:
    deep: list[Any] = []
    for _ in range(29):
        deep = [deep]
    body = event(command=deep)
    assert problem(send_raw(ci, json.dumps(body).encode()), 422)["errors"][0]["code"] == "type"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_an_empty_body_is_no_json_and_wipes_nothing(ci: Client, checkout: Service, method: str) -> None:
    make_release(checkout, title="Cache the total")
    if method == "POST":  # Django's client sends no media type with nothing, and events are told apart by it
        problem(send_raw(ci, b"", "/api/v1/events", method), 415, "unsupported-media-type")
        problem(ci.generic(method, "/api/v1/events", b"", CONTENT_TYPE=JSON), 400, "not-json")
        return
    problem(send_raw(ci, b"", RELEASE, method), 400, "not-json")
    assert Release.objects.get().title == "Cache the total"


def test_a_body_in_chunks_is_asked_for_whole(ci: Client, checkout: Service) -> None:
    """Django does not read one, and an unread body must not pass for an empty one."""
    make_release(checkout, title="Cache the total")
    problem(ci.put(RELEASE, headers={"Transfer-Encoding": "chunked"}), 411, "length-required")
    assert Release.objects.get().title == "Cache the total"


@pytest.mark.parametrize(
    "content_type",
    ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", "a"],
)
def test_another_media_type_is_refused(ci: Client, content_type: str) -> None:
    response = ci.generic("POST", "/api/v1/events", b"{}", content_type=content_type)
    problem(response, 415, "unsupported-media-type")


def test_a_media_type_may_name_its_charset(ci: Client) -> None:
    raw = json.dumps(event()).encode()
    response = ci.generic("POST", "/api/v1/events", raw, content_type=f"{JSON}; charset=utf-8")
    assert response.status_code == 201


@pytest.mark.parametrize(
    ("path", "size"),
    [("/api/v1/events", 1_000_001), (CHECKOUT, 2_000_001), (f"{RELEASE}/snapshots", 8_000_001)],
)
def test_each_kind_of_body_has_its_limit(ci: Client, checkout: Service, path: str, size: int) -> None:
    make_release(checkout)
    method = "PUT" if path == CHECKOUT else "POST"
    before = rows()
    problem(send_raw(ci, b" " * size, path, method), 413, "too-large")
    problem(send_raw(ci, b" " * (size - 1), path, method), 400, "not-json")
    assert rows() == before


def test_a_session_that_sends_broken_forms_is_told_so(as_bob: Client) -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies = as_bob.cookies
    response = client.generic("POST", "/api/v1/events", b"x", content_type="multipart/form-data; boundary=é")
    assert problem(response, response.status_code)["status"] in {400, 403}


def test_a_path_or_question_may_hold_anything(ci: Client, checkout: Service) -> None:
    make_release(checkout)
    for odd in ("%00", "%ff", "%ed%a0%80", "🚀", "%2e%2e", "a" * 3000, "%0a", "' OR 1=1"):
        for path in (
            f"/api/v1/services/{odd}",
            f"{CHECKOUT}/releases/{odd}",
            f"{CHECKOUT}/rollback?environment={odd}",
        ):
            problem(ci.get(path), 404, "not-found")
        assert ci.get(f"{CHECKOUT}/rollback?environment=staging&to={odd}").status_code == 404
        answer = ci.get(f"{RELEASE}/comparison?environment=staging&route={odd}")
        assert answer.status_code in {200, 422}
        assert ci.get(f"{CHECKOUT}/releases?page={odd}").status_code == 422
        assert put(ci, f"{CHECKOUT}/releases/{odd}", {}).status_code in {404, 422}


def test_a_number_of_too_many_digits_is_said_so_in_our_own_words(ci: Client) -> None:
    told = problem(send_raw(ci, b'{"a": ' + b"1" * 5000 + b"}"), 400, "not-json")
    assert told["detail"] == "The body is not JSON: a number in it has too many digits."


@pytest.mark.parametrize(("encoding", "status"), [("gzip", 415), ("br, gzip", 415), ("identity", 201)])
def test_an_encoded_body_is_refused_by_the_name_of_its_encoding(
    ci: Client, encoding: str, status: int
) -> None:
    raw = json.dumps(event()).encode()
    response = ci.generic(
        "POST", "/api/v1/events", raw, content_type=JSON, headers={"Content-Encoding": encoding}
    )
    assert response.status_code == status
    if status == 415:
        assert encoding in problem(response, 415, "unsupported-media-type")["detail"]


def test_a_question_named_format_chooses_no_format(ci: Client, checkout: Service) -> None:
    assert sole_error(ci.get(f"{CHECKOUT}?format=xml"))["code"] == "unknown_field"
