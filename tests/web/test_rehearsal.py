"""Recording a rehearsal by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.test import Client

from releasedesk.rollbacks.models import Rehearsal
from tests.builders import make_plan, make_release, make_service
from tests.web.forms import controls

if TYPE_CHECKING:
    from releasedesk.accounts.models import User
    from releasedesk.releases.models import Release
    from tests.conftest import Clock

pytestmark = pytest.mark.django_db
PATH = "/services/checkout-api/releases/1.1/rehearsal/"


@pytest.fixture(autouse=True)
def release(bob: User, clock: Clock) -> Release:
    release = make_release(make_service(), "1.1")
    make_plan(release.service, release)
    return release


@pytest.fixture
def bobs(bob: User) -> Client:
    client = Client()
    client.force_login(bob)
    return client


def filled(client: Client, **fields: str) -> dict[str, str]:
    form = controls(client.get(PATH).content)
    times = {"started_at": "2026-11-23T11:40", "finished_at": "2026-11-23T11:42"}
    return {**form, **times, "steps/0/exit_code": "0", "steps/0/seconds": "70", **fields}


def test_what_was_carried_out_is_kept_once(bobs: Client) -> None:
    form = filled(bobs)
    assert form["plan_version"] == "1"

    for _ in range(2):
        assert bobs.post(PATH, form)["Location"] == "/services/checkout-api/releases/1.1/#rollback-plan"

    rehearsal = Rehearsal.objects.get()
    assert (rehearsal.outcome, rehearsal.seconds, rehearsal.rehearsed_by) == ("succeeded", 120.0, "bob")
    assert [step["exit_code"] for step in rehearsal.steps] == [0, *[None] * (len(rehearsal.steps) - 1)]


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({"finished_at": "2026-11-23T11:30"}, "It ends before it begins."),
        ({"finished_at": "2027-11-23T11:30"}, "finished_at-error"),
        ({"steps/0/exit_code": "1"}, "the rehearsal did not succeed"),
        ({"environment": "production"}, "A rehearsal is carried out before production, not in it."),
        ({"environment": "nowhere"}, "No environment is called"),
        ({"steps/0/seconds": "long"}, "steps/0/seconds-error"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(bobs: Client, fields: dict[str, str], at: str) -> None:
    form = filled(bobs, **fields)

    answer = bobs.post(PATH, form)

    assert answer.status_code == 422
    assert at in answer.content.decode()
    again = controls(answer.content)
    assert {name: again[name] for name in fields} == fields
    assert not Rehearsal.objects.exists()


def test_a_plan_that_was_changed_meanwhile_is_not_the_one_that_was_rehearsed(
    bobs: Client, release: Release
) -> None:
    form = filled(bobs)
    make_plan(release.service, release, data_note="Another text.")

    bobs.post(PATH, form)

    assert Rehearsal.objects.get().plan.version == 1


def test_only_the_team_records_one(bobs: Client, charlie: User, vera: User) -> None:
    form = filled(bobs)
    for who in (charlie, vera):
        bobs.force_login(who)
        assert bobs.get(PATH).status_code == 403
        assert bobs.post(PATH, form).status_code == 403
    assert Client().get(PATH)["Location"] == f"/accounts/login/?next={PATH}"
    assert Client().post(PATH, form).status_code == 403
    assert not Rehearsal.objects.exists()


def test_without_a_plan_there_is_nothing_to_rehearse(bobs: Client, release: Release) -> None:
    make_release(release.service, "1.2")
    answer = bobs.get("/services/checkout-api/releases/1.2/rehearsal/")
    assert answer.status_code == 404
    assert "has no rollback plan yet" in answer.content.decode()
