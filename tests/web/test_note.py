from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from releasedesk.accounts.models import User
from releasedesk.catalog.models import Service
from releasedesk.notes.models import Note
from releasedesk.releases.models import Release
from tests.builders import (
    NOON,
    make_deployment,
    make_note,
    make_release,
    make_service,
    make_snapshot,
    minutes,
    requests_of,
)
from tests.conftest import Clock

ADDRESS = "/services/checkout-api/releases/1.0/note/"
SCRIPT = "<script>alert(1)</script>"
TEXTS = {
    "reason": "The basket was slow.",
    "metric_improved": "p95 down by half.",
    "surprise": "The cache was cold.",
    "assumptions": "Traffic stays.",
    "follow_ups": "- warm the cache",
    "command_used": "make deploy",
}
TYPED = {**TEXTS, "files_touched": "basket/views.py\r\nbasket/urls.py\r\n"}


@pytest.fixture
def service(alice: User, clock: Clock) -> Service:
    return make_service()


@pytest.fixture
def release(service: Service) -> Release:
    return make_release(service, title="Cache the total", reason="It was slow.", assumptions="Traffic stays.")


def page(user: User, query: str = "") -> str:
    return as_(user).get(ADDRESS + query).content.decode()


def as_(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def post(user: User, action: str, revision: int = 0, *, by_script: bool = False, **fields: Any) -> Any:
    headers = {"HX-Request": "true"} if by_script else {}
    document = {**TYPED, "revision": str(revision), "action": action, **fields}
    return as_(user).post(ADDRESS, document, headers=headers)


def only(text: str, *names: str) -> dict[str, Any]:
    """This text in each of these fields."""
    return dict.fromkeys(names, text)


def test_a_stranger_sees_the_login_and_nothing_else(release: Release, stranger: Client) -> None:
    response = stranger.get(ADDRESS)
    assert response.status_code == 302
    assert response["Location"] == f"/accounts/login/?next={ADDRESS}"
    absent = stranger.get(ADDRESS.replace("1.0", "9.9"))
    assert absent.status_code == 302


def test_a_note_begins_with_what_plan_ci_and_judge_have_said(bob: User, release: Release) -> None:
    make_snapshot(release, "before", at=NOON - minutes(9), requests=requests_of(ms=200))
    make_snapshot(release, "after", at=NOON + minutes(3), requests=requests_of(ms=100))
    make_deployment(
        release.service, at=NOON, command="make deploy VERSION=1.0", files_touched=["basket/views.py"]
    )
    found = page(bob)
    assert "It was slow." in found
    assert "Traffic stays." in found
    assert "make deploy VERSION=1.0" in found
    assert "basket/views.py" in found
    assert "p95 \N{MINUS SIGN}50 % on `GET /basket/{id}`" in found
    assert Note.objects.count() == 0


def test_the_command_comes_from_the_last_success_in_production(bob: User, release: Release) -> None:
    make_deployment(release.service, at=NOON - minutes(3), command="the first")
    make_deployment(release.service, at=NOON - minutes(2), command="the second")
    make_deployment(release.service, kind="failed", at=NOON - minutes(1), command="the failed one")
    make_deployment(release.service, environment="staging", at=NOON, command="the rehearsal")
    found = page(bob)
    assert "the second" in found
    assert not any(other in found for other in ("the first", "the failed one", "the rehearsal"))


def test_a_release_that_was_rolled_back_asks_what_and_why(bob: User, service: Service, clock: Clock) -> None:
    make_deployment(service, "0.9", at=NOON - minutes(9))
    make_deployment(service, "1.0", at=NOON - minutes(5))
    assert "What surprised us?" in page(bob)
    make_deployment(service, "0.9", at=NOON)
    found = page(bob)
    assert "What was rolled back, and why?" in found
    assert "1.0 was rolled back to 0.9 in production" in found


def test_a_finished_note_is_read_by_everybody(bob: User, charlie: User, release: Release) -> None:
    assert post(bob, "finish").headers["Location"] == ADDRESS
    note = Note.objects.get()
    assert {name: getattr(note, name) for name in TEXTS} == TEXTS
    assert note.files_touched == ["basket/views.py", "basket/urls.py"]
    assert (note.draft, note.written_by) == (False, "bob")
    found = page(charlie)
    assert "<li>warm the cache</li>" in found
    assert "basket/urls.py" in found
    assert "Edit" not in found
    assert 'name="reason"' not in found


def test_a_draft_is_its_teams_own(bob: User, vera: User, charlie: User, release: Release) -> None:
    assert post(bob, "draft").status_code == 302
    assert "The cache was cold." in page(bob)
    assert "The cache was cold." in page(vera)
    assert 'name="reason"' not in page(vera)
    found = page(charlie)
    assert "The cache was cold." not in found
    assert "Nobody has finished the note" in found


@pytest.mark.parametrize("action", ["draft", "finish", "preview"])
def test_who_is_not_an_engineer_of_the_team_cannot_write(
    action: str, vera: User, charlie: User, release: Release
) -> None:
    for user in (vera, charlie):
        response = post(user, action)
        assert response.status_code == 403
        assert "Ask an engineer of the team that owns it." in response.content.decode()
    assert Note.objects.count() == 0


def test_a_preview_writes_nothing_and_keeps_what_was_typed(bob: User, release: Release) -> None:
    found = post(bob, "preview", reason="**slow**").content.decode()
    assert "<strong>slow</strong>" in found
    assert "**slow**</textarea>" in found
    assert Note.objects.count() == 0


def test_a_script_gets_the_preview_alone(bob: User, release: Release) -> None:
    found = post(bob, "preview", by_script=True, reason="**slow**").content.decode()
    assert "<strong>slow</strong>" in found
    assert "<html" not in found
    assert "textarea" not in found


def test_a_draft_is_saved_again_and_again_while_it_is_typed(bob: User, release: Release) -> None:
    first = post(bob, "draft", by_script=True, reason="One")
    second = post(bob, "draft", first.json()["revision"], by_script=True, reason="One two")
    assert (first.json()["revision"], second.json()["revision"]) == (1, 2)
    assert Note.objects.get().reason == "One two"


def test_the_same_form_sent_twice_is_one_note(bob: User, release: Release) -> None:
    assert [post(bob, "finish").status_code for _ in range(2)] == [302, 302]
    assert Note.objects.get().revision == 1


def test_a_draft_never_takes_the_place_of_a_finished_note(alice: User, bob: User, release: Release) -> None:
    note = make_note(release, actor=alice.as_actor())
    late = post(bob, "draft", note.revision, by_script=True)
    assert late.status_code == 409
    assert "finished already" in late.json()["detail"]
    stale = post(bob, "draft", by_script=True)
    assert stale.status_code == 412
    note.refresh_from_db()
    assert (note.draft, note.reason) == (False, "It was slow.")
    assert "data-autosave" not in page(bob, "?edit")


def test_the_second_of_two_writers_is_told_and_loses_nothing(
    alice: User, bob: User, release: Release
) -> None:
    post(bob, "draft")
    post(alice, "draft", 1, reason="Alice was here.")
    response = post(bob, "finish", 1, reason="Bob was here.")
    found = response.content.decode()
    assert response.status_code == 412
    assert "Bob was here." in found
    assert "Alice was here." in found
    assert Note.objects.get().reason == "Alice was here."
    assert 'name="revision" value="2"' in found
    assert post(bob, "finish", 2, reason="Both were here.").status_code == 302
    assert Note.objects.get().reason == "Both were here."


def test_two_who_begin_at_once_do_not_overwrite_each_other(alice: User, bob: User, release: Release) -> None:
    post(alice, "draft", reason="Alice was here.")
    response = post(bob, "draft", reason="Bob was here.")
    assert response.status_code == 412
    assert "Alice was here." in response.content.decode()
    assert Note.objects.get().reason == "Alice was here."


@pytest.mark.parametrize("field", [*TEXTS, "files_touched"])
def test_a_note_of_a_megabyte_is_refused_in_words_at_its_field(
    field: str, bob: User, release: Release
) -> None:
    response = post(bob, "finish", **only("x" * 1_000_000, field))
    found = response.content.decode()
    assert response.status_code == 422
    assert "This is too long." in found
    assert "x" * 1_000_000 in found
    assert Note.objects.count() == 0


def test_the_longest_note_there_can_be_is_stored(bob: User, release: Release) -> None:
    words = " ".join(chr(0x20000 + number) for number in range(25_000))
    assert post(bob, "finish", **only(words, *TEXTS)).status_code == 302
    assert Note.objects.get().follow_ups == words


def test_a_file_that_cannot_be_one_is_named_by_its_line(bob: User, release: Release) -> None:
    response = post(bob, "finish", files_touched="good.py\nbad\x07.py")
    assert response.status_code == 422
    assert "File 2: Control characters are not allowed here." in response.content.decode()


@pytest.mark.parametrize("field", [*TEXTS, "files_touched"])
def test_script_is_shown_as_text_in_every_field(field: str, bob: User, release: Release) -> None:
    assert SCRIPT not in post(bob, "preview", **only(SCRIPT, field)).content.decode()
    post(bob, "finish", **only(SCRIPT, field))
    for query in ("", "?edit"):
        found = page(bob, query)
        assert SCRIPT not in found
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in found


def test_a_version_that_does_not_exist_names_near_ones(bob: User, release: Release) -> None:
    response = as_(bob).get(ADDRESS.replace("1.0", "1.00"))
    assert response.status_code == 404
    assert "one of: 1.0" in response.content.decode()


def test_a_session_that_ended_keeps_what_was_typed(release: Release, stranger: Client) -> None:
    response = stranger.post(ADDRESS, {**TYPED, "revision": "0", "action": "finish"})
    assert response.status_code == 403
    assert "The basket was slow." in response.content.decode()
    assert Note.objects.count() == 0


def test_the_form_costs_a_fixed_number_of_queries(
    bob: User, release: Release, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = as_(bob)
    for number in range(3):
        make_deployment(release.service, at=NOON + minutes(number))
    with django_assert_num_queries(9):
        client.get(ADDRESS)


def test_a_note_is_not_finished_without_its_reason(bob: User, release: Release) -> None:
    response = post(bob, "finish", reason=" ")
    assert response.status_code == 422
    shown = response.content.decode()
    assert 'id="reason-error"' in shown
    assert "says why it was done" in shown
    assert not Note.objects.exists()
    assert post(bob, "draft", reason=" ").status_code == 302
