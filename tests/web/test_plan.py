"""Planning a release on its page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client

from releasedesk.actions.releases import put_release
from releasedesk.releases.models import Release
from tests.builders import make_release, make_service
from tests.web.forms import controls

if TYPE_CHECKING:
    from releasedesk.accounts.models import User
    from releasedesk.catalog.models import Service

pytestmark = pytest.mark.django_db
NEW = "/services/checkout-api/plan/"
EDIT = "/services/checkout-api/releases/1.0/edit/"
SCRIPT = "<script>alert('x')</script>"
TEXTS = (
    "title",
    "route",
    "expected_input",
    "slow_part",
    "users_notice",
    "change",
    "reason",
    "expected_result",
    "assumptions",
    "rollback_note",
)


@pytest.fixture(autouse=True)
def service(bob: User) -> Service:
    return make_service()


@pytest.fixture
def bobs(bob: User) -> Client:
    client = Client()
    client.force_login(bob)
    return client


@pytest.fixture
def alices(alice: User) -> Client:
    client = Client()
    client.force_login(alice)
    return client


def test_a_release_is_planned_in_one_form(bobs: Client) -> None:
    form = controls(bobs.get(NEW).content)
    form |= {"version": "1.0", "title": "Cache the total", "change": "one\r\ntwo", "owner": "bob"}
    form |= {"metric": "response_ms_p95", "direction": "at_most", "number": "120", "expected_result": "Calm."}

    response = bobs.post(NEW, form)

    assert (response.status_code, response["Location"]) == (302, "/services/checkout-api/releases/1.0/")
    release = Release.objects.get()
    assert (release.title, release.change, release.created_by) == ("Cache the total", "one\ntwo", "bob")
    assert release.expected_result == "p95 is at most 120 ms.\nCalm."
    assert release.owner is not None
    assert release.owner.username == "bob"
    assert release.planned_at is not None
    assert response.cookies["saved"].value == form["key"]


def test_what_was_saved_is_what_the_form_shows_and_saving_it_again_changes_nothing(
    bobs: Client, service: Service
) -> None:
    release = make_release(
        service,
        title="A",
        expected_result="p95 falls by at least 20 %.\nAnd calm.",
        irreversible=True,
        commit="abcdef1",
    )

    form = controls(bobs.get(EDIT).content)

    assert (form["metric"], form["direction"], form["number"]) == ("response_ms_p95", "falls_by", "20")
    assert (form["expected_result"], form["irreversible"]) == ("And calm.", "true")
    assert bobs.post(EDIT, form).status_code == 302
    release.refresh_from_db()
    assert (release.revision, release.commit) == (1, "abcdef1")


def test_what_the_form_does_not_ask_stays(bobs: Client, service: Service) -> None:
    make_release(service, commit="abcdef1")

    bobs.post(EDIT, {**controls(bobs.get(EDIT).content), "title": "New"})

    release = Release.objects.get()
    assert (release.title, release.commit, release.revision) == ("New", "abcdef1", 2)


@pytest.mark.parametrize("path", [NEW, EDIT])
@pytest.mark.parametrize("who", ["charlie", "vera"])
def test_who_may_not_plan_is_told_so(
    path: str, who: str, service: Service, request: pytest.FixtureRequest
) -> None:
    make_release(service)
    client = Client()
    client.force_login(request.getfixturevalue(who))

    for response in (client.get(path), client.post(path, {"version": "2.0", "title": "Mine"})):
        assert response.status_code == 403
        assert f"{who} may not plan releases of checkout-api." in response.content.decode()
    assert Release.objects.get().title == ""


@pytest.mark.parametrize("path", [NEW, EDIT, NEW.replace("checkout-api", "nothing")])
def test_a_stranger_gets_the_login_and_learns_nothing(path: str, service: Service) -> None:
    make_release(service, title="secret title")

    got, posted = Client().get(path), Client().post(path, {"title": "typed by a stranger"})

    assert (got.status_code, got["Location"]) == (302, f"/accounts/login/?next={path}")
    assert posted.status_code == 403
    assert "secret title" not in posted.content.decode()
    assert "checkout-api" not in posted.content.decode()


def test_an_expired_session_keeps_what_was_typed_until_the_login(bob: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(bob)
    form = controls(browser.get(NEW).content)
    form |= {"version": "1.0", "title": 'Say "cheese" & <b>', "reason": "a\r\n\r\nb"}
    browser.cookies.pop("sessionid")

    login = controls(browser.post(NEW, form).content)
    wrong = browser.post(NEW, {**login, "sign_in/name": "bob", "sign_in/password": "wrong"})
    assert "do not belong together" in wrong.content.decode()
    assert "wrong" not in controls(wrong.content).values()
    done = browser.post(
        NEW, {**controls(wrong.content), "sign_in/name": "bob", "sign_in/password": "correct horse"}
    )

    assert (done.status_code, done["Location"]) == (302, "/services/checkout-api/releases/1.0/")
    release = Release.objects.get()
    assert (release.title, release.reason) == ('Say "cheese" & <b>', "a\n\nb")


def test_who_signs_in_again_without_the_right_is_refused(vera: User) -> None:
    posted = {"version": "1.0", "sign_in/name": "vera", "sign_in/password": "correct horse"}

    assert Client().post(NEW, posted).status_code == 403
    assert not Release.objects.exists()


def test_a_script_in_every_text_is_shown_as_text(bobs: Client) -> None:
    bobs.post(NEW, {"version": "1.0", **dict.fromkeys(TEXTS, SCRIPT)})

    for response in (
        bobs.get(EDIT),
        bobs.get(NEW),
        bobs.post(NEW, {"version": SCRIPT, **dict.fromkeys(TEXTS, SCRIPT)}),
    ):
        assert SCRIPT not in response.content.decode()
    assert {name: controls(bobs.get(EDIT).content)[name] for name in TEXTS} == dict.fromkeys(TEXTS, SCRIPT)


@pytest.mark.parametrize("version", ["v1/2", "1.0 🚀", "", "-1", "x" * 129, "1.0\n"])
def test_a_version_that_cannot_be_one_is_refused_with_the_rule(bobs: Client, version: str) -> None:
    response = bobs.post(NEW, {"version": f"{version} ." if version == "1.0\n" else version, "title": "Kept"})

    assert response.status_code == 422
    page = response.content.decode()
    assert "1 to 128 of A-Z, a-z, 0-9 and . _ + : @ ~ -, the first a letter or digit" in page
    assert '<a href="#version">Version</a>' in page
    assert controls(response.content)["title"] == "Kept"
    assert not Release.objects.exists()


def test_a_text_of_a_megabyte_is_refused_at_its_field_and_kept(bobs: Client) -> None:
    text = "x" * 1_000_000

    response = bobs.post(NEW, {"version": "1.0", "reason": text})

    assert response.status_code == 422
    assert controls(response.content)["reason"] == text
    assert "at most 50000 characters" in response.content.decode()
    assert not Release.objects.exists()


def test_everything_that_is_wrong_is_said_at_once(bobs: Client) -> None:
    wrong = {"version": "a/b", "title": "x" * 501, "metric": "db_calls", "direction": "up", "number": "many"}

    page = bobs.post(NEW, {**wrong, "owner": "nobody"}).content.decode()

    assert page.count('aria-invalid="true"') == 4
    assert "This is not a number. Expected: a number such as 120 or 0.5." in page
    assert 'id="wrong"' in page
    assert "autofocus" in page


def test_an_owner_nobody_knows_is_refused_at_the_field(bobs: Client) -> None:
    response = bobs.post(NEW, {"version": "1.0", "owner": "zoe"})

    assert response.status_code == 422
    assert "No person is called" in response.content.decode()
    assert controls(response.content)["owner"] == "zoe"


def test_the_second_of_two_writers_is_told_and_loses_nothing(
    bobs: Client, alices: Client, service: Service
) -> None:
    make_release(service, title="Before", reason="same")
    his, hers = controls(bobs.get(EDIT).content), controls(alices.get(EDIT).content)
    alices.post(EDIT, {**hers, "title": "Hers"})

    told = bobs.post(EDIT, {**his, "title": "His", "reason": "his reason"})

    assert told.status_code == 412
    page, form = told.content.decode(), controls(told.content)
    assert "Somebody changed it meanwhile" in page
    assert (form["title"], form["reason"]) == ("His", "his reason")
    assert '<span class="pre">Hers</span>' in page
    assert Release.objects.get().title == "Hers"
    assert bobs.post(EDIT, form).status_code == 302
    assert Release.objects.get().title == "His"


def test_sending_a_new_plan_twice_creates_one_release(bobs: Client) -> None:
    form = {**controls(bobs.get(NEW).content), "version": "1.0", "title": "Once"}

    assert [bobs.post(NEW, form).status_code for _ in range(2)] == [302, 302]
    assert Release.objects.get().revision == 1


@pytest.mark.parametrize(("other", "status"), [("the same", 302), ("another title", 412)])
def test_two_who_plan_a_version_at_the_same_moment_save_it_once(
    bobs: Client, monkeypatch: pytest.MonkeyPatch, other: str, status: int
) -> None:
    form = controls(bobs.get(NEW).content) | {"version": "2.0", "title": "the same"}

    def just_before(*given: Any, **named: Any) -> object:
        monkeypatch.setattr("releasedesk.web.plan.put_release", put_release)
        assert bobs.post(NEW, form | {"title": other}).status_code == 302
        return put_release(*given, **named)

    monkeypatch.setattr("releasedesk.web.plan.put_release", just_before)
    assert bobs.post(NEW, form).status_code == status
    release = Release.objects.get()
    assert (release.title, release.revision) == (other, 1)


def test_sending_a_changed_plan_twice_changes_it_once(bobs: Client, service: Service) -> None:
    make_release(service)
    form = {**controls(bobs.get(EDIT).content), "title": "Once"}

    assert [bobs.post(EDIT, form).status_code for _ in range(2)] == [302, 302]
    assert Release.objects.get().revision == 2


def test_a_version_that_is_planned_already_is_not_overwritten(bobs: Client, service: Service) -> None:
    make_release(service, title="Theirs")

    told = bobs.post(NEW, {"version": "1.0", "title": "Mine"})

    assert told.status_code == 412
    assert f'<a href="{EDIT}">Change that plan</a>' in told.content.decode()
    assert Release.objects.get().title == "Theirs"
    other = {**controls(told.content), "version": "1.1"}
    assert bobs.post(NEW, other).status_code == 302
    assert Release.objects.get(version="1.1").title == "Mine"


def test_the_last_releases_values_are_offered(bobs: Client, service: Service) -> None:
    make_release(
        service,
        route="GET /basket",
        rollback_note="Deploy it back.",
        title="Old title",
        expected_result="p50 is at most 9 ms.",
    )

    typed = {**controls(bobs.get(NEW).content), "version": "1.1", "rollback_note": "My own"}
    filled = controls(bobs.post(NEW, {**typed, "use_last": "1"}).content)
    begun = controls(bobs.get(f"{NEW}?from=1.0").content)

    assert (filled["route"], filled["rollback_note"], filled["title"]) == ("GET /basket", "My own", "")
    assert (filled["version"], filled["metric"], filled["number"]) == ("1.1", "response_ms_p50", "9")
    assert (begun["route"], begun["title"]) == ("GET /basket", "")
    assert not Release.objects.filter(version="1.1").exists()


def test_names_made_to_confuse_are_left_alone(bobs: Client) -> None:
    odd = {
        "title": "T",
        "title/deep": "x",
        "a/b/c/d/e/f": "x",
        "/": "x",
        "reason/0": "x",
        "revision": "9" * 40,
    }

    assert bobs.post(NEW, {"version": "1.0", **odd}).status_code in {302, 422}


def test_whoever_begins_without_a_service_chooses_one_of_their_own(bob: User, charlie: User) -> None:
    make_service()
    browser = Client()
    assert browser.get("/plan/")["Location"] == "/accounts/login/?next=/plan/"
    browser.force_login(charlie)
    assert "checkout-api" not in browser.get("/plan/").content.decode()
    browser.force_login(bob)
    assert "/services/checkout-api/plan/" in browser.get("/plan/").content.decode()
    assert browser.get("/plan/?service=checkout-api")["Location"] == "/services/checkout-api/plan/"
    assert browser.get("/plan/?service=nope").status_code == 404
