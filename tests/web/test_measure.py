"""Recording a measurement on its page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.test import Client

from releasedesk.measurements.models import Comparison, Snapshot
from tests.builders import make_release, make_service, make_snapshot
from tests.web.forms import controls

if TYPE_CHECKING:
    from releasedesk.accounts.models import User
    from releasedesk.releases.models import Release
    from tests.conftest import Clock

pytestmark = pytest.mark.django_db
PATH = "/services/checkout-api/releases/1.0/measure/"
SCRIPT = "<script>alert('x')</script>"


@pytest.fixture(autouse=True)
def release(bob: User, clock: Clock) -> Release:
    return make_release(make_service(), route="GET /basket/{id}")


@pytest.fixture
def bobs(bob: User) -> Client:
    client = Client()
    client.force_login(bob)
    return client


def side(phase: str, p95: str = "190.5", **fields: str) -> dict[str, str]:
    given = {
        "taken_from": "2026-11-23T11:00",
        "taken_until": "2026-11-23T11:30",
        "cache_state": "cold",
        "summary/requests": "2000",
        "summary/errors": "3",
        "summary/response_ms/p95": p95,
        **fields,
    }
    return {f"{phase}/{name}": value for name, value in given.items()}


def test_both_sides_at_once_are_compared_at_once(bobs: Client) -> None:
    form = controls(bobs.get(PATH).content)
    assert (form["route"], form["environment"]) == ("GET /basket/{id}", "production")

    response = bobs.post(PATH, {**form, **side("before"), **side("after", "100")})

    assert (response.status_code, response["Location"]) == (
        302,
        "/services/checkout-api/releases/1.0/#measured",
    )
    before = Snapshot.objects.get(phase="before")
    assert (before.summary["requests"], before.summary["response_ms"]["p95"]) == (2000, 190.5)
    assert before.taken_until.isoformat() == "2026-11-23T11:30:00+00:00"
    assert before.recorded_by == "bob"
    metrics = {row["metric"]: row["verdict"] for row in Comparison.objects.get().result["metrics"]}
    assert metrics["response_ms_p95"] == "improved"


def test_one_side_is_enough_and_what_is_left_empty_is_not_measured(bobs: Client) -> None:
    form = controls(bobs.get(PATH).content)

    assert bobs.post(PATH, {**form, **side("before")}).status_code == 302

    summary = Snapshot.objects.get().summary
    assert "cache_hits" not in summary or summary["cache_hits"] is None
    assert not Comparison.objects.exists()


def test_the_other_side_follows_later(bobs: Client, release: Release) -> None:
    make_snapshot(release, "before")
    form = controls(bobs.get(PATH).content)
    assert "Recorded" in bobs.get(PATH).content.decode()

    bobs.post(PATH, {**form, **side("after", cache_cleared="basket:*")})

    assert Comparison.objects.count() == 1


def test_sending_it_twice_records_it_once(bobs: Client) -> None:
    form = {**controls(bobs.get(PATH).content), **side("before"), **side("after")}

    assert [bobs.post(PATH, form).status_code for _ in range(2)] == [302, 302]
    assert Snapshot.objects.count() == 2


def test_who_goes_back_and_corrects_a_number_records_the_corrected_one(bobs: Client) -> None:
    form = {**controls(bobs.get(PATH).content), **side("before")}
    bobs.post(PATH, form)

    assert bobs.post(PATH, {**form, "before/summary/requests": "2100"}).status_code == 302
    assert Snapshot.objects.count() == 2


def test_what_is_missing_is_said_without_saving(bobs: Client) -> None:
    form = {**controls(bobs.get(PATH).content), **side("before", p95=""), "check": "1"}

    page = bobs.post(PATH, form).content.decode()

    assert "Still missing: p95, Cache hits, DB calls." in page
    assert not Snapshot.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"before/summary/requests": "many"}, "This is not a whole number."),
        ({"before/summary/errors": "3000"}, "errors is 3000, of 2000 requests."),
        ({"before/summary/response_ms/p95": "-1"}, "This is too small. Expected: at least 0"),
        ({"before/taken_from": "yesterday"}, "Not a time."),
        ({"before/taken_until": "2026-11-23T10:00"}, "The window ends before it begins."),
        ({"before/taken_until": "2027-11-23T10:00"}, "This lies in the future."),
        ({"before/taken_from": ""}, "This field is required."),
        ({"before/cache_state": "hot"}, "Expected: one of: cold, warm"),
        ({"environment": "mars"}, "No environment is called &#x27;mars&#x27;."),
        ({"route": ""}, "This field is required."),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_nothing_is_saved(
    bobs: Client, wrong: dict[str, str], words: str
) -> None:
    form = {**controls(bobs.get(PATH).content), **side("before"), **side("after")}

    response = bobs.post(PATH, {**form, **wrong})

    assert response.status_code == 422
    page = response.content.decode()
    assert words in page
    assert 'aria-invalid="true"' in page
    shown = controls(response.content)
    assert {name: shown[name] for name in wrong} == wrong
    assert shown["after/summary/requests"] == "2000"
    assert not Snapshot.objects.exists()


def test_a_form_without_a_number_is_refused(bobs: Client) -> None:
    response = bobs.post(PATH, controls(bobs.get(PATH).content))

    assert response.status_code == 422
    assert "No number was given." in response.content.decode()


@pytest.mark.parametrize("who", ["charlie", "vera"])
def test_who_may_not_measure_is_told_so(who: str, request: pytest.FixtureRequest) -> None:
    client = Client()
    client.force_login(request.getfixturevalue(who))

    for response in (client.get(PATH), client.post(PATH, side("before"))):
        assert response.status_code == 403
        assert f"{who} may not measure checkout-api." in response.content.decode()
    assert not Snapshot.objects.exists()


def test_a_stranger_gets_the_login_and_what_was_typed_is_kept(bob: User) -> None:
    typed = {"environment": "production", "route": "GET /", "key": "a" * 20, **side("before")}
    assert Client().get(PATH)["Location"] == f"/accounts/login/?next={PATH}"

    login = controls(Client().post(PATH, typed).content)
    signed_in = {**login, "sign_in/name": "bob", "sign_in/password": "correct horse"}

    assert Client().post(PATH, signed_in).status_code == 302
    assert Snapshot.objects.get().route == "GET /"


def test_a_script_is_shown_as_text_and_quoted_in_the_command(bobs: Client) -> None:
    form = {**controls(bobs.get(PATH).content), "route": SCRIPT, "assumptions": SCRIPT, "check": "1"}

    page = bobs.post(PATH, {**form, **side("before", cache_cleared=SCRIPT)}).content.decode()

    assert SCRIPT not in page
    assert "--route &#x27;&lt;script&gt;" in page


def test_a_megabyte_is_refused_and_kept(bobs: Client) -> None:
    text = "x" * 1_000_000
    form = {**controls(bobs.get(PATH).content), **side("before"), "assumptions": text}

    response = bobs.post(PATH, form)

    assert response.status_code == 422
    assert controls(response.content)["assumptions"] == text
