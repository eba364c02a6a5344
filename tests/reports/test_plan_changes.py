"""What of a plan was written after the release had shipped."""

from datetime import timedelta

import pytest
from django.utils import timezone

from releasedesk.releases.models import Release
from releasedesk.reports.plan_changes import PlanChange, plan_changes
from tests.builders import make_deployment, make_release, make_service

pytestmark = pytest.mark.usefixtures("committed")  # the history's times are those of real transactions
SOON = timedelta(seconds=5)


def changes_of(release: Release) -> tuple[PlanChange, ...]:
    release.refresh_from_db()
    return plan_changes(release, release.deployments.select_related("environment"))


def test_what_was_rewritten_after_shipping_is_told_from_what_was_planned() -> None:
    service = make_service()
    release = make_release(service, "1.0", title="cache it", expected_result="p95 falls below 100 ms.")
    make_deployment(service, "1.0", at=timezone.now())
    assert changes_of(release) == ()
    make_release(service, "1.0", expected_result="p95 falls below 200 ms.", irreversible=True)
    assert changes_of(release) == (
        PlanChange("Expected result", "p95 falls below 100 ms.", "p95 falls below 200 ms."),
        PlanChange("Cannot be undone", "", "yes"),
    )


def test_a_plan_written_only_afterwards_was_nothing_then() -> None:
    service = make_service()
    make_deployment(service, "1.0", at=timezone.now() - SOON)
    release = make_release(service, "1.0", title="hindsight")
    assert changes_of(release) == (PlanChange("Title", "", "hindsight"),)


def test_before_production_there_is_nothing_to_compare() -> None:
    service = make_service()
    release = make_release(service, "1.0", title="first")
    make_deployment(service, "1.0", "staging", at=timezone.now())
    make_release(service, "1.0", title="second")
    assert changes_of(release) == ()
