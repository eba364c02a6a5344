"""The release page as a browser gets it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

from tests.builders import (
    make_deployment,
    make_note,
    make_plan,
    make_rehearsal,
    make_release,
    make_service,
    make_snapshot,
    minutes,
    requests_of,
)
from tests.web.reading import text_of

if TYPE_CHECKING:
    from django.test import Client

    from releasedesk.accounts.models import User
    from releasedesk.releases.models import Release

pytestmark = pytest.mark.django_db
PATH = "/services/checkout-api/releases/1.1/"


def a_measured_release(ms: float = 249) -> Release:
    now = timezone.now()
    service = make_service()
    make_release(service, "1.0")
    make_deployment(service, "1.0", at=now - minutes(600))
    release = make_release(service, "1.1", title="cache the total", now=now - minutes(200))
    make_plan(service, release, now=now - minutes(190))
    make_rehearsal(release, finished_at=now - minutes(100))
    make_snapshot(release, "before", at=now - minutes(90), requests=requests_of(ms=190))
    make_deployment(service, "1.1", at=now - minutes(80))
    make_snapshot(release, "after", at=now - minutes(70), requests=requests_of(ms=ms))
    return release


def test_a_stranger_gets_the_login_and_learns_nothing(client: Client) -> None:
    make_release(make_service(), "1.1")

    for path in (PATH, "/services/checkout-api/releases/9.9/", "/services/nothing/releases/1.0/"):
        response = client.get(path)
        assert (response.status_code, response["Location"]) == (302, f"/accounts/login/?next={path}")


SHA, HOME = "5d1f0c7a9b3e4f6281d0" * 2, "https://git.example/acme/checkout"


@pytest.mark.parametrize("known", ["as a change", "as the release's commit"])
@pytest.mark.parametrize(
    ("repository", "link"),
    [
        (
            f"{HOME}.git",
            f'<a href="{HOME}/commit/{SHA}" rel="noreferrer"><code title="{SHA}">5d1f0c7a</code></a>',
        ),
        (None, f'<code title="{SHA}">5d1f0c7a</code>'),
    ],
)
def test_a_commit_leads_to_the_repository_where_there_is_one(
    client: Client, charlie: User, known: str, repository: str | None, link: str
) -> None:
    service = make_service(repository=repository)
    said = {"changes": [{"sha": SHA, "subject": "one query"}]} if known == "as a change" else {"commit": SHA}
    make_release(service, "1.1", **said)
    client.force_login(charlie)
    assert link in client.get(PATH).content.decode()


def test_everybody_who_is_signed_in_may_read_it(client: Client, charlie: User) -> None:
    a_measured_release()

    assert "cache the total" in text_of(client, charlie, PATH)


def test_it_may_only_be_read(client: Client, bob: User) -> None:
    make_release(make_service(), "1.1")
    client.force_login(bob)

    assert client.post(PATH).status_code == 405
    assert client.head(PATH).status_code == 200


def test_an_unknown_version_names_the_near_ones(client: Client, bob: User) -> None:
    make_release(make_service(), "1.1")
    client.force_login(bob)

    response = client.get("/services/checkout-api/releases/1.11/")

    assert response.status_code == 404
    assert "1.1" in response.content.decode()


def test_a_regression_shows_its_numbers_its_trigger_and_the_way_back(client: Client, bob: User) -> None:
    a_measured_release()

    text = text_of(client, bob, PATH)

    assert "Your own trigger is met." in text
    assert "the plan says to go back above 230 ms" in text
    assert "regressed" in text
    assert "+31 %" in text
    assert "make deploy SERVICE=checkout-api ENVIRONMENT=production VERSION=1.0" in text
    assert "Roll back to 1.0" in text
    assert "300 requests each" in text


def test_the_charts_have_words_and_no_style(client: Client, bob: User) -> None:
    a_measured_release()
    client.force_login(bob)

    html = client.get(PATH).content.decode()

    charts = re.findall(r"<svg[^>]*role=\"img\"[^>]*>", html)
    assert len(charts) >= 4
    assert all(re.search(r'aria-label="[^"]{20,}"', chart) for chart in charts)
    assert " style=" not in html
    assert "<style" not in html
    assert not re.search(r"<script(?![^>]*\bsrc=)", html)


def test_what_nobody_wrote_or_measured_is_said_to_be_missing(client: Client, vera: User) -> None:
    make_release(make_service(), "1.1")

    text = text_of(client, vera, PATH)

    assert "Nobody wrote down how to go back." in text
    assert "Nothing was measured before or after the change." in text
    assert "--phase before --service checkout-api --version 1.1 --environment production" in text
    assert text.count("nobody wrote it down") == 9
    assert "Not deployed anywhere yet." in text
    assert "no change" not in text


def test_a_draft_is_not_shown_to_another_team(client: Client, bob: User, charlie: User) -> None:
    release = a_measured_release()
    make_note(release, reason="between ourselves", draft=True)

    assert "between ourselves" in text_of(client, bob, PATH)
    assert "between ourselves" not in text_of(client, charlie, PATH)
    assert "No note yet." in text_of(client, charlie, PATH)


def test_a_rollback_is_told_beside_its_rehearsal(client: Client, bob: User) -> None:
    release = a_measured_release()
    now = timezone.now()
    make_deployment(release.service, "1.0", kind="started", at=now - minutes(12), run="back")
    make_deployment(release.service, "1.0", at=now - minutes(10), run="back")

    text = text_of(client, bob, PATH)

    assert "went back in 2 min; rehearsed 1 min 48 s" in text
    assert "Your own trigger is met." not in text


def test_script_in_every_field_is_shown_as_text(client: Client, bob: User) -> None:
    evil = "<script>alert(1)</script>"
    service = make_service()
    names = ("title", "reason", "change", "expected_result", "rollback_note", "route", "expected_input")
    fields: dict[str, Any] = dict.fromkeys((*names, "slow_part", "users_notice", "assumptions"), evil)
    release = make_release(service, "1.1", **fields)
    step = {"instruction": evil, "command": f"echo {evil}", "check": evil}
    make_plan(service, release, data_note=evil, steps=[step])
    make_snapshot(release, "before", at=timezone.now(), route=evil, command=evil, assumptions=evil)
    make_note(release, draft=True, reason=evil, surprise=evil, files_touched=[evil])
    client.force_login(bob)

    html = client.get(PATH).content.decode()

    assert evil not in html
    assert html.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 15
