"""What of a plan was written after the release had shipped."""

import pytest

from releasedesk.releases.models import Release
from releasedesk.reports.plan_changes import PlanChange, plan_changes
from tests.builders import NOON, make_deployment, make_release, make_service, minutes

pytestmark = pytest.mark.django_db
LATER = NOON + minutes(60)


def changes_of(release: Release) -> tuple[PlanChange, ...]:
    release.refresh_from_db()
    return plan_changes(release, release.deployments.select_related("environment"))


def test_what_was_rewritten_after_shipping_is_told_from_what_was_planned() -> None:
    service = make_service()
    earlier = NOON - minutes(60)
    release = make_release(service, "1.0", now=earlier, title="cache it", expected_result="p95 below 100 ms.")
    make_deployment(service, "1.0", at=NOON)
    assert changes_of(release) == ()
    make_release(service, "1.0", now=LATER, expected_result="p95 below 200 ms.", irreversible=True)
    assert changes_of(release) == (
        PlanChange("Expected result", "p95 below 100 ms.", "p95 below 200 ms."),
        PlanChange("Cannot be undone", "", "yes"),
    )


def test_a_plan_written_only_afterwards_was_nothing_then() -> None:
    service = make_service()
    make_deployment(service, "1.0", at=NOON)
    release = make_release(service, "1.0", now=LATER, title="hindsight")
    assert changes_of(release) == (PlanChange("Title", "", "hindsight"),)


def test_what_ci_adds_later_is_not_the_plan() -> None:
    service = make_service()
    release = make_release(service, "1.0", now=NOON - minutes(5), title="cache it")
    make_deployment(service, "1.0", at=NOON)
    make_deployment(service, "1.0", at=LATER, files_touched=["a.py"], commit="0123abcd")
    assert changes_of(release) == ()


def test_before_production_there_is_nothing_to_compare() -> None:
    service = make_service()
    release = make_release(service, "1.0", title="first")
    make_deployment(service, "1.0", "staging", at=NOON)
    make_release(service, "1.0", now=LATER, title="second")
    assert changes_of(release) == ()
