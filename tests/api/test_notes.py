"""The post-ship note at the API."""

from __future__ import annotations

import pytest
from django.test import Client

from releasedesk.accounts.models import Team, User
from releasedesk.catalog.models import Service
from releasedesk.notes.models import Note
from tests.api.asking import RELEASE, problem, put, rows, sole_error
from tests.api.conftest import signed_in
from tests.builders import make_note, make_release, make_service, make_team, make_token
from tests.conftest import Clock

NOTE = f"{RELEASE}/note"
WRITTEN = {
    "reason": "The basket was slow.",
    "files_touched": ["basket/views.py"],
    "command_used": "make deploy",
    "metric_improved": "p95 190 → 60 ms",
    "assumptions": "Prices change once a day.",
    "surprise": "Half of the baskets are empty.",
    "follow_ups": "- delete the old cache",
    "draft": False,
}


@pytest.fixture(autouse=True)
def _a_release(checkout: Service) -> None:
    make_release(checkout)


def test_a_note_is_answered_as_it_was_written(ci: Client) -> None:
    problem(ci.get(NOTE), 404, "not-found")
    response = put(ci, NOTE, WRITTEN)
    assert (response.status_code, response["ETag"]) == (201, '"1"')
    at = "2026-11-23T12:05:00Z"
    assert response.json() == {**WRITTEN, "written_by": "ci (token)", "written_at": at, "finished_at": at}
    assert ci.get(NOTE).json() == response.json()


def test_a_draft_is_private_to_the_team_until_it_is_finished(
    as_bob: Client, as_charlie: Client, vera: User
) -> None:
    assert put(as_bob, NOTE, {**WRITTEN, "draft": True}).json()["finished_at"] is None
    problem(as_charlie.get(NOTE), 404, "not-found")
    assert signed_in(vera).get(NOTE).status_code == 200
    assert as_bob.get(NOTE).json()["draft"] is True
    put(as_bob, NOTE, WRITTEN)
    assert as_charlie.get(NOTE).json()["reason"] == "The basket was slow."


@pytest.mark.parametrize("path", ["notes", "board"])
def test_a_wrong_team_is_told_only_of_the_teams_the_asker_may_hear_of(
    ci: Client, as_charlie: Client, path: str
) -> None:
    make_team("payment-fraud")
    assert sole_error(ci.get(f"/api/v1/{path}?team=paymens"))["expected"] == "one of: payments"
    told = sole_error(as_charlie.get(f"/api/v1/{path}?team=paymens"))["expected"]
    assert "payments" in told, "a person reads of all teams"
    sole_error(ci.get(f"/api/v1/{path}?team=payment-fraud"))


def test_another_teams_token_sees_neither_note_nor_draft(ci: Client) -> None:
    put(ci, NOTE, WRITTEN)
    stranger = Client(headers={"Authorization": f"Bearer {make_token(make_team('search'))}"})
    problem(stranger.get(NOTE), 403, "forbidden")


def test_put_replaces_the_whole_note(ci: Client, clock: Clock) -> None:
    first = put(ci, NOTE, WRITTEN).json()
    clock.tick(5)
    again = put(ci, NOTE, {"reason": "It was very slow."})
    assert (again.status_code, again["ETag"]) == (200, '"2"')
    told = again.json()
    assert (told["reason"], told["surprise"], told["files_touched"]) == ("It was very slow.", None, [])
    assert (told["finished_at"], told["written_at"]) == (first["finished_at"], "2026-11-23T12:10:00Z")
    assert Note.objects.count() == 1


@pytest.mark.parametrize("tag", ['"1"', "*"])
def test_a_writer_who_has_read_the_note_writes(ci: Client, tag: str) -> None:
    problem(put(ci, NOTE, WRITTEN, **{"If-Match": tag}), 412, "changed-meanwhile")
    put(ci, NOTE, WRITTEN)
    assert put(ci, NOTE, WRITTEN, **{"If-Match": tag}).status_code == 200
    problem(put(ci, NOTE, {"reason": "Late."}, **{"If-Match": '"1"'}), 412, "changed-meanwhile")
    assert Note.objects.get().reason == "The basket was slow."


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({}, "#/reason", "required"),
        ({"reason": " ", "draft": False}, "#/reason", "required"),
        ({"reason": "\0"}, "#/reason", "control_character"),
        ({"reason": "x" * 50_001}, "#/reason", "too_long"),
        ({"files_touched": ["a\nb"]}, "#/files_touched/0", "control_character"),
        ({"files_touched": "a"}, "#/files_touched", "type"),
        ({"draft": None}, "#/draft", "type"),
        ({"written_by": "me"}, "#/written_by", "read_only"),
        ({"suprise": "x"}, "#/suprise", "unknown_field"),
    ],
    ids=str,
)
def test_a_note_that_cannot_be_is_refused(ci: Client, body: object, pointer: str, code: str) -> None:
    before = rows()
    error = sole_error(put(ci, NOTE, body))
    assert (error["pointer"], error["code"]) == (pointer, code)
    assert rows() == before


def test_a_draft_never_takes_the_place_of_a_finished_note(ci: Client) -> None:
    put(ci, NOTE, WRITTEN)
    told = problem(put(ci, NOTE, {**WRITTEN, "draft": True}), 409, "conflict")
    assert "finished already" in told["detail"]
    assert not Note.objects.get().draft


def test_a_token_finds_notes_of_its_own_services_alone(payments: Team, checkout: Service) -> None:
    ledger, search = make_service("ledger", payments), make_team("search")
    make_note(make_release(checkout, "1.0"), reason="A basket in the making.", draft=True)
    make_note(make_release(ledger, "1.0"), reason="The basket is booked.")
    tokens = {
        "team": make_token(payments),
        "service": make_token(payments, ledger),
        "other": make_token(search),
    }
    found = {}
    for whose, token in tokens.items():
        asked = Client(headers={"Authorization": f"Bearer {token}"}).get("/api/v1/notes?q=basket")
        found[whose] = sorted(line["service"] for line in asked.json()["results"])
    assert found == {"team": ["checkout-api", "ledger"], "service": ["ledger"], "other": []}


def test_a_draft_may_still_lack_its_reason(ci: Client) -> None:
    assert put(ci, NOTE, {"draft": True}).status_code == 201


def test_a_note_whose_files_are_null_has_none(ci: Client) -> None:
    assert put(ci, NOTE, {**WRITTEN, "files_touched": None}).json()["files_touched"] == []


def test_notes_are_found_by_their_words_and_drafts_stay_with_their_team(
    ci: Client, as_charlie: Client, checkout: Service
) -> None:
    make_note(make_release(checkout, "1.0"), reason="The basket asked & asked")
    make_note(make_release(checkout, "2.0"), reason="A basket in the making.", draft=True)
    found = ci.get("/api/v1/notes?q=basket").json()
    assert found["count"] == 2
    (line,) = as_charlie.get("/api/v1/notes?q=basket").json()["results"]
    assert (line["version"], line["excerpt"]) == ("1.0", "The basket asked & asked")
    assert as_charlie.get("/api/v1/notes?q=xylophone").json()["count"] == 0
    assert sole_error(ci.get("/api/v1/notes?team=paymnts"))["expected"].startswith("one of: payments")
    assert sole_error(ci.get("/api/v1/notes?query=basket"))["code"] == "unknown_field"
