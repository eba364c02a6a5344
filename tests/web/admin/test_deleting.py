"""A deletion asks one action; what it refuses is said, and what is left is true."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.messages import get_messages

from releasedesk.accounts.models import Membership, Team, User
from releasedesk.accounts.roles import DESK
from releasedesk.actions.locks import LockRequest, lock
from releasedesk.catalog.models import Environment, Service
from releasedesk.measurements.models import Comparison, Snapshot
from releasedesk.notes.models import Note
from releasedesk.releases.models import DeploymentFact, Lock, Release
from tests.builders import (
    NOON,
    make_deployment,
    make_note,
    make_plan,
    make_release,
    make_service,
    make_snapshot,
    make_team,
    minutes,
)

if TYPE_CHECKING:
    from django.test import Client


def delete(browser: Client, address: str) -> Any:
    asked = browser.get(f"{address}delete/")
    assert asked.status_code == 200
    assert b"Yes, I" in asked.content
    return browser.post(f"{address}delete/", {"post": "yes"})


def said(answer: Any) -> list[str]:
    return [message.message for message in get_messages(answer.wsgi_request)]


def revision(service: Service) -> int:
    return Service.objects.get(pk=service.pk).revision


def test_a_planned_release_goes_and_its_service_is_changed(admin: Client, checkout: Service) -> None:
    release, other = make_release(checkout, "1.0"), make_release(checkout, "2.0")
    make_plan(checkout, release)
    make_snapshot(release)
    before = revision(checkout)
    delete(admin, f"/admin/releases/release/{release.pk}/")
    assert list(Release.objects.all()) == [other]
    assert revision(checkout) > before


def test_a_release_that_was_deployed_stays(admin: Client, checkout: Service) -> None:
    release = make_deployment(checkout).release
    before = revision(checkout)
    answer = delete(admin, f"/admin/releases/release/{release.pk}/")
    assert answer.headers["Location"] == f"/admin/releases/release/{release.pk}/change/"
    assert said(answer) == ["checkout-api 1.0 is in 1 reports of deployments. What happened stays."]
    assert DeploymentFact.objects.count() == 1
    assert revision(checkout) == before


@pytest.mark.usefixtures("full_desk")
def test_a_service_goes_with_all_that_is_known_of_it(admin: Client) -> None:
    service = Service.objects.get(slug="service-1")
    asked = admin.get(f"/admin/catalog/service/{service.pk}/delete/").content.decode()
    assert f"Deployment facts: {service.deployments.count()}" in asked
    delete(admin, f"/admin/catalog/service/{service.pk}/")
    assert not Service.objects.filter(slug="service-1").exists()
    assert not DeploymentFact.objects.filter(service=service.pk).exists()
    assert Service.objects.get().slug == "service-0"


def test_an_environment_in_use_stays(admin: Client, checkout: Service) -> None:
    make_deployment(checkout, environment="staging")
    staging = Environment.objects.get(name="staging")
    answer = delete(admin, f"/admin/catalog/environment/{staging.pk}/")
    (sentence,) = said(answer)
    assert sentence.startswith("staging is still needed by: ")
    assert "1 deployment facts" in sentence
    assert Environment.objects.filter(name="staging").exists()


def test_an_unused_environment_goes_and_every_service_is_changed(admin: Client, checkout: Service) -> None:
    staging, before = Environment.objects.get(name="staging"), revision(checkout)
    delete(admin, f"/admin/catalog/environment/{staging.pk}/")
    assert not Environment.objects.filter(name="staging").exists()
    assert revision(checkout) > before


def test_a_team_that_owns_a_service_stays(admin: Client) -> None:
    team = make_team("search")
    make_service("find-api", team)
    (sentence,) = said(delete(admin, f"/admin/accounts/team/{team.pk}/"))
    assert sentence == "Search is still needed by: 1 services. Move its services to another team first."
    assert Team.objects.filter(slug="search").exists()


def test_an_empty_team_goes_with_its_members(admin: Client, charlie: User) -> None:
    delete(admin, f"/admin/accounts/team/{charlie.memberships.get().team_id}/")
    assert not Membership.objects.exists()
    assert User.objects.filter(username="charlie").exists()


def test_leaving_a_team_changes_its_services(admin: Client, alice: User) -> None:
    service = make_service()
    before = revision(service)
    delete(admin, f"/admin/accounts/membership/{alice.memberships.get().pk}/")
    assert not alice.memberships.exists()
    assert revision(service) > before


def test_what_somebody_owned_has_no_owner_when_they_go(admin: Client, alice: User) -> None:
    service = make_service(owner="alice")
    release, before = make_release(service, owner="alice"), revision(service)
    delete(admin, f"/admin/accounts/user/{alice.pk}/")
    release.refresh_from_db()
    assert release.owner is None
    assert revision(service) > before


def test_the_last_administrator_cannot_go(admin: Client, ada: User) -> None:
    (sentence,) = said(delete(admin, f"/admin/accounts/user/{ada.pk}/"))
    assert sentence == "ada is the only one who administers the desk. Name another one first."
    assert User.objects.filter(username="ada").exists()


def test_a_wrong_snapshot_goes_and_the_one_before_it_is_judged_again(
    admin: Client, checkout: Service
) -> None:
    release = make_release(checkout)
    make_snapshot(release, "before")
    right = make_snapshot(release, "after", at=NOON + minutes(5))
    wrong = make_snapshot(release, "after", at=NOON + minutes(9))
    before = revision(checkout)
    delete(admin, f"/admin/measurements/snapshot/{wrong.pk}/")
    assert Comparison.objects.current().get().after == right
    assert Snapshot.objects.count() == 2
    assert revision(checkout) > before


def test_a_note_goes_but_not_its_history(admin: Client, checkout: Service) -> None:
    note, before = make_note(make_release(checkout)), revision(checkout)
    delete(admin, f"/admin/notes/note/{note.pk}/")
    assert not Note.objects.exists()
    assert revision(checkout) > before
    events = admin.get("/admin/notes/noteevent/").content.decode()
    assert "checkout-api 1.0" in events
    assert "ada" in events


def test_a_plan_and_a_lock_are_never_deleted(admin: Client, checkout: Service) -> None:
    plan = make_plan(checkout)
    held = lock(DESK, LockRequest(checkout, None, Lock.Kind.BLOCK, "The fair", None), now=NOON)
    for address in (f"/admin/rollbacks/plan/{plan.pk}/", f"/admin/releases/lock/{held.pk}/"):
        assert f"{address}delete/" not in admin.get(f"{address}change/").content.decode()
        assert admin.post(f"{address}delete/", {"post": "yes"}).status_code == 403
