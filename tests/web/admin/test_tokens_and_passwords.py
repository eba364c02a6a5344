"""Secrets: shown once, never again; passwords changed through an action."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.utils import timezone

from releasedesk.accounts.models import User
from releasedesk.actions.tokens import authenticate
from releasedesk.catalog.models import Service, Token
from tests.api.hooks import make_sender
from tests.builders import make_service, make_team, make_token
from tests.web.admin.browser import errors_of, submit

TOKEN = re.compile(r"rdk_[0-9a-f]{12}_[\w-]{43}")


def test_a_token_is_shown_once_and_works(admin: Client) -> None:
    fields = {"name": "ci", "team": make_team().pk, "scopes": ["read", "events:write"]}
    submit(admin, "/admin/catalog/token/add/", fields)
    token = Token.objects.get()
    (shown,) = set(TOKEN.findall(admin.get("/admin/catalog/token/").content.decode()))
    assert authenticate(f"Bearer {shown}", address="127.0.0.1", now=timezone.now()) == token
    assert (token.scopes, token.created_by) == (["read", "events:write"], "ada")
    for address in ("/admin/catalog/token/", f"/admin/catalog/token/{token.pk}/change/", "/admin/"):
        assert not TOKEN.search(admin.get(address).content.decode()), address


def test_the_secret_is_stored_nowhere(admin: Client) -> None:
    fields = {"name": "ci", "team": make_team().pk, "scopes": ["read"]}
    answer = submit(admin, "/admin/catalog/token/add/", fields)
    stored = [message.message for message in answer.wsgi_request._messages._queued_messages]
    secret = TOKEN.findall(stored[0])[0].rpartition("_")[2]
    assert secret not in str(dict(admin.session))
    assert secret not in str(Token.objects.values())


def test_a_token_of_another_teams_service_is_refused(admin: Client) -> None:
    service = make_service("find-api", make_team("search"))
    fields = {"name": "ci", "team": make_team().pk, "service": service.pk, "scopes": ["read"]}
    answer = submit(admin, "/admin/catalog/token/add/", fields)
    assert errors_of(answer)["__all__"] == ["find-api belongs to search, not to payments."]
    assert not Token.objects.exists()


def test_revoking_is_all_that_can_be_done_to_a_token(admin: Client) -> None:
    service = make_service()
    make_token(service.team)
    token = Token.objects.get()
    address = f"/admin/catalog/token/{token.pk}/change/"
    before = Service.objects.get().revision
    page = admin.get(address).content.decode()
    assert "Revoke it" in page
    assert 'name="name"' not in page
    submit(admin, address, {"name": "Other", "scopes": ["admin"]})
    token.refresh_from_db()
    assert token.revoked_at is not None
    assert (token.name, token.scopes == ["admin"]) == ("ci", False)
    assert Service.objects.get().revision > before
    assert "Revoke it" not in admin.get(address).content.decode()
    assert admin.post(address, {}).status_code == 403
    assert admin.post(f"/admin/catalog/token/{token.pk}/delete/", {"post": "yes"}).status_code == 403


def test_to_be_deleted_is_all_that_can_be_done_to_a_source(admin: Client) -> None:
    source = make_sender(make_team()).source
    address = f"/admin/deliveries/source/{source.pk}/change/"
    assert "Delete it" in admin.get(address).content.decode()
    submit(admin, address, {"name": "Other"})
    source.refresh_from_db()
    assert (source.name, source.secret, source.deleted_by) == ("acme", "", "ada")
    assert admin.post(address, {}).status_code == 403
    assert admin.post("/admin/deliveries/source/add/", {}).status_code == 403


def test_an_administrator_sets_somebodys_password(admin: Client, alice: User) -> None:
    browser = Client()
    browser.force_login(alice)
    new = {"usable_password": "true", "password1": "a longer story 7", "password2": "a longer story 7"}
    answer = admin.post(f"/admin/accounts/user/{alice.pk}/password/", {**new, "set-password": "on"})
    assert answer.status_code == 302
    alice.refresh_from_db()
    assert alice.check_password("a longer story 7")
    assert browser.get("/").status_code == 302, "her sessions have ended"


def test_a_weak_password_is_refused_for_a_new_person_and_for_an_old_one(admin: Client, alice: User) -> None:
    weak = {"username": "dora", "password1": "password", "password2": "password"}
    assert "password2" in errors_of(submit(admin, "/admin/accounts/user/add/", weak))
    assert not User.objects.filter(username="dora").exists()
    weak = {"usable_password": "true", "password1": "1234", "password2": "1234"}
    answer = admin.post(f"/admin/accounts/user/{alice.pk}/password/", weak)
    assert answer.status_code == 200
    alice.refresh_from_db()
    assert alice.check_password("correct horse")


def test_somebody_who_signs_in_elsewhere_needs_no_password(admin: Client, alice: User) -> None:
    answer = admin.post(
        f"/admin/accounts/user/{alice.pk}/password/", {"usable_password": "false", "unset-password": "on"}
    )
    assert answer.status_code == 302
    alice.refresh_from_db()
    assert not alice.has_usable_password()


def test_an_administrator_changes_their_own_password_and_stays_signed_in(admin: Client, ada: User) -> None:
    new = {"new_password1": "a longer story 7", "new_password2": "a longer story 7"}
    wrong = admin.post("/admin/password_change/", {"old_password": "guess", **new})
    assert wrong.status_code == 200
    right = admin.post("/admin/password_change/", {"old_password": "correct horse", **new})
    assert right.headers["Location"] == "/admin/password_change/done/"
    ada.refresh_from_db()
    assert ada.check_password("a longer story 7")
    assert admin.get("/admin/").status_code == 200


@pytest.mark.parametrize("path", ["", "?next=/admin/releases/release/"])
def test_the_admins_own_login_page_is_the_desks(stranger: Client, path: str, db: None) -> None:
    answer = stranger.get(f"/admin/login/{path}")
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/accounts/login/?next=/admin/")
