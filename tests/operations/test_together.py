"""Several questions in one query: the same rows as one by one."""

from __future__ import annotations

import pytest
from django.db.models import Model, QuerySet
from pytest_django import DjangoAssertNumQueries

from releasedesk.catalog.models import Environment
from releasedesk.measurements.models import Comparison, Snapshot
from releasedesk.notes.models import Note
from releasedesk.operations.together import together
from releasedesk.releases.models import DeploymentFact, Release
from releasedesk.rollbacks.models import Plan
from tests.builders import (
    NOON,
    make_deployment,
    make_note,
    make_plan,
    make_release,
    make_service,
    make_snapshot,
)

pytestmark = pytest.mark.django_db


def questions() -> tuple[QuerySet[Model], ...]:
    """Times, JSON, lists, numbers, nothing at all, and texts that would break out of a careless quote."""
    release = make_release(make_service(), "1.0", title='it\'s "100 %" \\ done')
    Release.objects.update(files_touched=["a, b", 'c"d'])
    make_plan(release.service, release)
    make_deployment(release.service, "1.0", at=NOON)
    for phase in ("before", "after"):
        make_snapshot(release, phase, at=NOON)
    make_note(release)
    return (
        Release.objects.filter(title__contains="100 %"),
        Plan.objects.order_by("-version"),
        DeploymentFact.objects.all(),
        Comparison.objects.current(),
        Note.objects.all(),
        Environment.objects.order_by("-order"),
        Release.objects.filter(version="2.0"),
        Snapshot.objects.defer("samples"),
    )


def values(row: Model) -> dict[str, object]:
    return {name: value for name, value in vars(row).items() if not name.startswith("_")}


def test_the_rows_are_those_of_each_question_in_its_order(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    asked = questions()
    with django_assert_num_queries(1):
        found = together(*asked)
    assert [[values(row) for row in rows] for rows in found] == [
        [values(row) for row in rows] for rows in asked
    ]
    assert [bool(rows) for rows in found] == [True] * 6 + [False, True]


def test_binary_is_refused_by_name() -> None:
    make_snapshot(make_release(make_service(), "1.0"), "before", at=NOON)
    with pytest.raises(TypeError, match="samples is binary"):
        together(Snapshot.objects.all())
