"""What is shown beside the rows: their history, completions, and never a digest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from releasedesk.releases.models import ReportedConfig
from tests.builders import NOON, make_deployment, make_release, make_service, make_snapshot, minutes
from tests.web.admin.browser import submit

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django import DjangoAssertNumQueries

    from releasedesk.catalog.models import Service


def test_the_history_says_who_changed_what_from_what(admin: Client, checkout: Service) -> None:
    release = make_release(checkout, title="Old words")
    address = f"/admin/releases/release/{release.pk}/"
    submit(admin, f"{address}change/", {"title": "New words"})
    newest, *_ = admin.get(f"{address}history/").context["lines"]
    assert newest["by"] == "ada"
    assert ("title", "Old words", "New words") in newest["changes"]


def test_the_history_of_a_change_that_was_refused_is_empty(admin: Client, checkout: Service) -> None:
    release = make_release(checkout, title="Old")
    address = f"/admin/releases/release/{release.pk}/"
    before = len(admin.get(f"{address}history/").context["lines"])
    submit(admin, f"{address}change/", {"title": "New", "commit": "no"})
    assert len(admin.get(f"{address}history/").context["lines"]) == before


@pytest.mark.usefixtures("full_desk")
def test_digests_of_a_configuration_are_never_shown(admin: Client) -> None:
    row = ReportedConfig.objects.all()[0]
    for address in ("", f"{row.pk}/change/"):
        page = admin.get(f"/admin/releases/reportedconfig/{address}").content.decode()
        assert "secretdigest" not in page
    assert "DATABASE_POOL" in page


def test_completing_a_name_asks_the_same_for_one_and_for_twenty(
    admin: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    address = "/admin/autocomplete/"
    query = {"app_label": "notes", "model_name": "note", "field_name": "release", "term": "-api"}
    for count in (1, 20):
        for number in range(count):
            make_release(make_service(f"s{number}-api"))
        with django_assert_num_queries(4):
            found = admin.get(address, query).json()["results"]
        assert len(found) == count
    assert found[0]["text"].endswith("-api 1.0")


def test_a_stranger_completes_nothing(stranger: Client, db: None) -> None:
    assert stranger.get("/admin/autocomplete/").status_code == 302


def test_a_release_with_a_long_story_asks_no_more_than_one_with_a_short(
    admin: Client, checkout: Service
) -> None:
    release = make_release(checkout)
    address = f"/admin/releases/release/{release.pk}/change/"
    admin.get(address)  # a process that has answered nothing yet has to learn Django's names of the models
    asked = []
    for count in (1, 12):
        for number in range(count):
            moment = NOON + minutes(count * 100 + number)
            make_deployment(checkout, "1.0", at=moment)
            make_snapshot(release, "after", at=moment)
        with CaptureQueriesContext(connection) as queries:
            assert admin.get(address).status_code == 200
        asked.append(len(queries))
    assert asked[0] == asked[1]
    assert asked[0] <= 20
