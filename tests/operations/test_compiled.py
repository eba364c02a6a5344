"""A query written once answers as the one it was written from."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.db.models import F
from django.db.models.functions import JSONObject

from releasedesk.operations.compiled import compiled, compiled_rows, stand_in_time
from releasedesk.releases.models import Release
from tests.builders import NOON, make_release, make_service, make_team, make_user

if TYPE_CHECKING:
    from pytest_django import DjangoAssertNumQueries

pytestmark = pytest.mark.django_db
AT = stand_in_time(1)


def test_it_answers_with_the_values_it_is_given() -> None:
    service = make_service()
    for number in range(3):
        make_release(service, f"1.{number}", now=NOON + timedelta(hours=number))
    query = Release.objects.filter(version="a version", created_at__gte=AT - timedelta(hours=1)).values(
        "version", told=JSONObject(version="version", at=F("created_at"))
    )
    found = compiled(query, {"version": "a version", "at": AT})
    (row,) = found.rows(version="1.1", at=NOON + timedelta(hours=2))
    assert list(row) == ["version", "told"]
    assert row["told"]["version"] == row["version"] == "1.1"
    assert found.rows(version="1.1", at=NOON + timedelta(hours=2, seconds=1)) == []
    assert found.rows(version="1.2' OR '1'='1", at=NOON) == []


def test_rows_come_with_what_belongs_to_them_as_django_would_make_them(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    make_user("ines", make_team())
    make_release(make_service(owner="ines"), "1.0", change="One join.")
    query = Release.objects.select_related("service__team", "service__owner", "owner")
    found = compiled_rows(query.filter(version="a version"), {"version": "a version"})
    usual = query.get(version="1.0")
    with django_assert_num_queries(1):
        row = found.first(version="1.0")
        assert row is not None
        assert (row.service.team.slug, str(row.service.owner), row.owner) == ("payments", "ines", None)
    assert {field.attname: getattr(row, field.attname) for field in Release._meta.concrete_fields} == {
        field.attname: getattr(usual, field.attname) for field in Release._meta.concrete_fields
    }
    assert not row._state.adding
    assert found.first(version="1.1") is None


def test_a_value_that_has_no_place_is_named() -> None:
    with pytest.raises(KeyError, match="not in the query: nobody"):
        compiled(Release.objects.filter(pk=-1).values("version"), {"release": -1, "nobody": -2})
