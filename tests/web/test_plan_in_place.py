"""Changing a part of a plan on the release's own page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.test import Client

from releasedesk.releases.models import Release
from tests.builders import make_release, make_service
from tests.web.forms import controls

if TYPE_CHECKING:
    from releasedesk.accounts.models import User

pytestmark = pytest.mark.django_db
PAGE = "/services/checkout-api/releases/1.0/"
TOGETHER, BEFORE = f"{PAGE}edit/together/", f"{PAGE}edit/before-the-change/"


@pytest.fixture(autouse=True)
def release(bob: User) -> Release:
    return make_release(make_service(), "1.0", title="Cache it", change="one query", route="GET /basket/{id}")


@pytest.fixture
def bobs(bob: User) -> Client:
    client = Client()
    client.force_login(bob)
    return client


def form_of(client: Client, path: str) -> dict[str, str]:
    return controls(client.get(path).content)


def test_the_page_offers_to_edit_each_part_to_those_who_may(bobs: Client, charlie: User) -> None:
    assert f'href="{TOGETHER}#rollback_note"' in bobs.get(PAGE).content.decode()
    bobs.force_login(charlie)
    assert TOGETHER not in bobs.get(PAGE).content.decode()


def test_a_part_is_changed_in_place_and_the_rest_stays(bobs: Client, release: Release) -> None:
    form = form_of(bobs, TOGETHER)
    assert form["title"] == "Cache it"
    form |= {"metric": "db_calls", "direction": "at_most", "number": "2", "rollback_note": "Deploy 0.9."}

    response = bobs.post(TOGETHER, form)

    assert (response.status_code, response["Location"]) == (302, f"{PAGE}#together")
    assert response.cookies["saved"].value == form["key"]
    release.refresh_from_db()
    assert release.expected_result == "Number of DB calls is at most 2 a request."
    assert (release.rollback_note, release.change) == ("Deploy 0.9.", "one query")
    assert release.route == "GET /basket/{id}"


def test_the_baseline_is_changed_in_place(bobs: Client, release: Release) -> None:
    bobs.post(BEFORE, form_of(bobs, BEFORE) | {"users_notice": "a slow basket", "irreversible": "true"})

    release.refresh_from_db()
    assert (release.users_notice, release.irreversible, release.title) == ("a slow basket", True, "Cache it")


def test_what_is_wrong_stands_at_its_field_and_nothing_is_lost(bobs: Client, release: Release) -> None:
    response = bobs.post(TOGETHER, form_of(bobs, TOGETHER) | {"metric": "db_calls", "number": "few"})

    assert response.status_code == 422
    assert controls(response.content)["number"] == "few"
    assert 'id="number-error"' in response.content.decode()
    release.refresh_from_db()
    assert release.expected_result == ""


def test_the_second_of_two_writers_is_told_and_loses_nothing(bobs: Client, release: Release) -> None:
    mine, theirs = form_of(bobs, BEFORE), form_of(bobs, BEFORE)
    bobs.post(BEFORE, theirs | {"reason": "theirs"})

    refused = bobs.post(BEFORE, mine | {"reason": "mine"})

    assert refused.status_code == 412
    assert "Saved meanwhile:" in refused.content.decode()
    again = controls(refused.content)
    assert again["reason"] == "mine"
    assert bobs.post(BEFORE, again).status_code == 302
    release.refresh_from_db()
    assert release.reason == "mine"


@pytest.mark.parametrize("revision", ["", "x", "9" * 40])
def test_a_revision_that_was_never_read_saves_nothing(bobs: Client, release: Release, revision: str) -> None:
    form = form_of(bobs, BEFORE) | {"reason": "mine", "revision": revision}

    assert bobs.post(BEFORE, form).status_code == 412
    release.refresh_from_db()
    assert release.reason == ""


def test_strangers_charlie_and_unknown_parts_are_refused(bobs: Client, charlie: User, vera: User) -> None:
    assert Client().get(TOGETHER)["Location"] == f"/accounts/login/?next={TOGETHER}"
    assert bobs.get(f"{PAGE}edit/togethe/").status_code == 404
    form = form_of(bobs, BEFORE)
    for who in (charlie, vera):
        bobs.force_login(who)
        assert bobs.get(TOGETHER).status_code == 403
        assert bobs.post(BEFORE, form | {"reason": "mine"}).status_code == 403
    assert Release.objects.get().reason == ""


def test_a_session_that_ended_keeps_what_was_typed(bobs: Client) -> None:
    form = form_of(bobs, BEFORE) | {"reason": "typed for an hour"}

    response = Client().post(BEFORE, form)

    assert response.status_code == 403
    assert controls(response.content)["reason"] == "typed for an hour"
