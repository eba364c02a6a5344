"""What the API can read as a body, at any of its doors."""

from __future__ import annotations

import gzip
import json
from io import BytesIO
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


def in_chunks(raw: bytes, coding: str = "chunked") -> dict[str, Any]:
    """A request as gunicorn hands it over: chunks are taken apart, and the input ends with the body."""
    ends = {"wsgi.input": BytesIO(raw), "wsgi.input_terminated": True, "CONTENT_LENGTH": ""}
    return {"HTTP_TRANSFER_ENCODING": coding, **ends}


@pytest.mark.parametrize("how", [{"HTTP_TRANSFER_ENCODING": "chunked"}, in_chunks(b"{}", "gzip, chunked")])
def test_a_body_whose_end_is_not_known_is_asked_for_whole(
    ci: Client, checkout: Service, how: dict[str, Any]
) -> None:
    """A server that does not end it; or it is packed: and an unread body must not pass for an empty one."""
    make_release(checkout, title="Cache the total")
    problem(ci.put(RELEASE, **how), 411, "length-required")
    assert Release.objects.get().title == "Cache the total"


def test_a_body_in_chunks_is_read(ci: Client, checkout: Service) -> None:
    make_release(checkout)
    for path, body in (("/api/v1/events", event()), (RELEASE, {"title": "Cache the total"})):
        method, raw = ("POST" if "events" in path else "PATCH"), json.dumps(body).encode()
        answer = ci.generic(method, path, raw, content_type=JSON, **in_chunks(raw))
        assert answer.status_code in {200, 201}, answer.content
    assert Release.objects.get(version="1.0").title == "Cache the total"


def test_a_body_in_chunks_has_the_same_limit(ci: Client, checkout: Service) -> None:
    make_release(checkout)
    for path, size in (("/api/v1/events", 8_000_001), (f"{RELEASE}/snapshots", 8_000_001)):
        response = ci.generic("POST", path, CONTENT_TYPE=JSON, **in_chunks(b" " * size))
        problem(response, 413, "too-large")


@pytest.mark.parametrize("path", ["/api/v1/events", f"{RELEASE}/snapshots"])
def test_a_small_body_cannot_become_a_large_one(ci: Client, checkout: Service, path: str) -> None:
    make_release(checkout)
    bomb = gzip.compress(b" " * 50_000_000)
    assert len(bomb) < 100_000
    headers = {"Content-Encoding": "gzip"}
    problem(ci.generic("POST", path, bomb, content_type=JSON, headers=headers), 413, "too-large")


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


@pytest.mark.parametrize("encoding", ["gzip", "X-GZip", "identity"])
@pytest.mark.parametrize("chunks", [True, False])
def test_a_body_may_come_packed(ci: Client, encoding: str, chunks: bool) -> None:
    raw = json.dumps(event()).encode()
    sent = raw if encoding == "identity" else gzip.compress(raw)
    headers, how = {"Content-Encoding": encoding}, in_chunks(sent) if chunks else {}
    response = ci.generic("POST", "/api/v1/events", sent, content_type=JSON, headers=headers, **how)
    assert response.status_code == 201, response.content
    assert send_raw(ci, raw).status_code == 200, "it is the same body"


@pytest.mark.parametrize("encoding", ["br", "deflate", "br, gzip"])
def test_another_encoding_is_refused_by_its_name_and_the_one_that_is_read_is_named(
    ci: Client, encoding: str
) -> None:
    headers = {"Content-Encoding": encoding}
    response = ci.generic("POST", "/api/v1/events", b"{}", content_type=JSON, headers=headers)
    assert encoding in problem(response, 415, "unsupported-media-type")["detail"]
    assert response["Accept-Encoding"] == "gzip"


@pytest.mark.parametrize("cut", [10, -4])
def test_a_packed_body_that_was_cut_off_is_said_so(ci: Client, cut: int) -> None:
    packed = gzip.compress(json.dumps(event()).encode())[:cut]
    headers = {"Content-Encoding": "gzip"}
    response = ci.generic("POST", "/api/v1/events", packed, content_type=JSON, headers=headers)
    assert "gzip" in problem(response, 400, "bad-request")["detail"]


def test_a_question_named_format_chooses_no_format(ci: Client, checkout: Service) -> None:
    assert sole_error(ci.get(f"{CHECKOUT}?format=xml"))["code"] == "unknown_field"
