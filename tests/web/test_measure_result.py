"""A result of another tool, pasted or uploaded: read, shown, then saved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from releasedesk.measurements.models import Comparison, Snapshot
from tests.builders import make_release, make_service
from tests.web.forms import controls

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

    from releasedesk.accounts.models import User
    from releasedesk.releases.models import Release
    from tests.conftest import Clock

pytestmark = pytest.mark.django_db
PATH = "/services/checkout-api/releases/1.0/measure/"
WRITTEN = Path(__file__).parents[1] / "results" / "written"
ROWS = "latency_s,status\n" + "0.1812,200\n" * 150 + "0.25,503\n" * 3


def written(name: str) -> str:
    return (WRITTEN / name).read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def release(bob: User, clock: Clock) -> Release:
    return make_release(make_service(), route="GET /basket/{id}")


@pytest.fixture
def bobs(bob: User) -> Client:
    client = Client()
    client.force_login(bob)
    return client


def window(phase: str) -> dict[str, str]:
    return {f"{phase}/taken_from": "2026-11-23T11:00", f"{phase}/taken_until": "2026-11-23T11:30"}


def test_totals_are_read_into_the_numbers_and_saved_from_there(bobs: Client) -> None:
    form = {**controls(bobs.get(PATH).content), **window("before"), "before/result": written("hey.txt")}

    page = bobs.post(PATH, {**form, "read": "before"})

    assert page.status_code == 200
    assert (
        "Read from hey&#x27;s report: <b>2,000 requests, p95 190 ms, 5 errors</b>." in page.content.decode()
    )
    assert not Snapshot.objects.exists()
    filled = controls(page.content)
    assert (filled["before/summary/requests"], filled["before/summary/response_ms/p95"]) == ("2000", "190")
    assert filled["before/result"] == ""
    assert "Before: The times leave out 2 requests without an answer." in filled["assumptions"]

    assert bobs.post(PATH, filled).status_code == 302
    kept = Snapshot.objects.get()
    assert (kept.kind, kept.summary["errors"], kept.summary["response_ms"]["p99"]) == ("summary", 5, 285)
    assert "Before: Read from hey's report." in kept.assumptions


def test_rows_stay_rows_so_that_the_judge_gives_an_interval(bobs: Client) -> None:
    form = {**controls(bobs.get(PATH).content), **window("before"), **window("after")}
    form |= {"before/result": ROWS, "after/result": ROWS.replace("0.1812", "0.0906")}

    page = bobs.post(PATH, {**form, "read": "before"})

    assert page.content.decode().count("153 requests, p95") == 2
    assert "before/summary/requests" not in controls(page.content)
    assert bobs.post(PATH, controls(page.content)).status_code == 302
    assert {kept.kind for kept in Snapshot.objects.all()} == {"requests"}
    metrics = {row["metric"]: row for row in Comparison.objects.get().result["metrics"]}
    assert metrics["response_ms_p50"]["verdict"] == "improved"
    assert metrics["response_ms_p50"]["interval"] is not None


def test_what_nobody_has_seen_is_shown_before_it_is_saved(bobs: Client) -> None:
    form = {**controls(bobs.get(PATH).content), **window("before"), "before/result": ROWS}

    shown = bobs.post(PATH, form)

    assert shown.status_code == 200
    assert "Not saved yet." in shown.content.decode()
    assert not Snapshot.objects.exists()
    seen = controls(shown.content)
    changed = bobs.post(PATH, {**seen, "before/result": seen["before/result"].replace("503", "200")})
    assert "Not saved yet." in changed.content.decode()
    assert bobs.post(PATH, controls(changed.content)).status_code == 302
    assert Snapshot.objects.get().summary["errors"] == 0


def test_a_file_is_read_like_what_is_pasted_and_tells_its_window(bobs: Client) -> None:
    file = SimpleUploadedFile("vegeta.csv", b"\xef\xbb\xbf" + written("vegeta.csv").encode())

    page = bobs.post(PATH, {**controls(bobs.get(PATH).content), "after/file": file, "read": "after"})

    filled = controls(page.content)
    assert (filled["after/taken_from"], filled["after/taken_until"]) == (
        "2026-11-23T11:38:00",
        "2026-11-23T11:38:31",
    )
    assert filled["after/result"].startswith("response_ms,status,cache,db_calls\n181.25,200,,\n")


def test_of_a_log_with_several_routes_the_forms_own_is_read(bobs: Client) -> None:
    log = written("probe.log") + written("probe.log").replace("basket", "item")
    form = {**controls(bobs.get(PATH).content), "before/result": log, "read": "before"}

    assert "2 requests, p95" in bobs.post(PATH, form).content.decode()
    other = bobs.post(PATH, {**form, "route": "GET /order"})
    assert other.status_code == 422
    assert "GET /basket/{id}, GET /item/{id}" in other.content.decode()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("hello", "Line 1: This is not the output of a tool we know. Expected: a CSV"),
        ("response_ms,status\n1,200\nfast,200", "Line 3, column 1: &#x27;fast&#x27; is not a number of"),
        ("latency,status\n1,200", "does not say its unit"),
    ],
)
@pytest.mark.parametrize("button", ["read", "check", "save"])
def test_what_cannot_be_read_stands_at_its_field_and_stays(
    bobs: Client, text: str, words: str, button: str
) -> None:
    form = {**controls(bobs.get(PATH).content), **window("before"), "before/result": text, button: "1"}

    response = bobs.post(PATH, form)

    assert response.status_code == 422
    assert words in response.content.decode()
    assert controls(response.content)["before/result"] == text
    assert not Snapshot.objects.exists()


def test_rows_that_no_snapshot_holds_are_refused_at_the_result(bobs: Client) -> None:
    rows = "response_ms,status\n99999999999,200\n"
    form = {**controls(bobs.get(PATH).content), **window("before"), "before/result": rows}

    response = bobs.post(PATH, form)

    assert response.status_code == 422
    assert 'href="#before/result"' in response.content.decode()
    assert "This is too large." in response.content.decode()


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"\xff\xfe\x00", "not text in UTF-8"), (b"x" * 3000, "The file holds 3,000 bytes.")],
)
def test_a_file_that_cannot_be_read_is_refused(
    bobs: Client, settings: Settings, content: bytes, words: str
) -> None:
    settings.LIMIT_SNAPSHOT_BYTES = 2000
    file = SimpleUploadedFile("result.txt", content)
    response = bobs.post(PATH, {**controls(bobs.get(PATH).content), "before/file": file, "read": "before"})
    assert response.status_code == 422
    assert words in response.content.decode()


def test_an_upload_larger_than_any_form_of_ours_is_refused_unread(bobs: Client, settings: Settings) -> None:
    form = controls(bobs.get(PATH).content)
    settings.LIMIT_SNAPSHOT_BYTES = settings.LIMIT_BODY_BYTES = 1000
    response = bobs.post(PATH, {**form, "before/file": SimpleUploadedFile("a.txt", b"x" * 4000)})
    assert response.status_code == 413


def test_a_script_in_a_result_is_shown_as_text(bobs: Client) -> None:
    script = "<script>alert('x')</script>"
    form = {**controls(bobs.get(PATH).content), "before/result": script, "read": "before"}
    assert script not in bobs.post(PATH, form).content.decode()


def test_who_may_not_measure_gets_nothing_read(charlie: User) -> None:
    client = Client()
    client.force_login(charlie)
    response = client.post(PATH, {"before/result": ROWS, "read": "before"})
    assert response.status_code == 403
    assert "153 requests" not in response.content.decode()
