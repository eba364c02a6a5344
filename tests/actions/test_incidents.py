"""An incident's place and release are its opening's, in whatever order the two messages come."""

from __future__ import annotations

from itertools import permutations

import pytest

from releasedesk.accounts.models import User
from releasedesk.accounts.roles import DESK
from releasedesk.actions.incidents import IncidentReport, report_incident
from releasedesk.problems.problem import Problem
from releasedesk.releases.models import Incident
from tests.builders import NOON, make_environment, make_release, make_service, minutes

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_what_the_earliest_opening_says_counts_in_every_order(order: tuple[int, ...]) -> None:
    service, (production, staging) = make_service(), map(make_environment, ("production", "staging"))
    release = make_release(service, "1.1")
    reports = [
        (IncidentReport("17", opened_at=NOON, title="Slow"), production, release),
        (IncidentReport("17", opened_at=NOON + minutes(3), title="Still slow"), staging, None),
        (IncidentReport("17", resolved_at=NOON + minutes(9)), staging, None),
    ]
    for number in order:
        report, environment, named = reports[number]
        report_incident(DESK, service, report, environment=environment, release=named)

    incident = Incident.objects.get()
    assert (incident.title, incident.opened_at) == ("Slow", NOON)
    assert (incident.environment, incident.release) == (production, release)
    assert incident.resolved_at == NOON + minutes(9)


def test_an_end_alone_fills_what_nobody_has_said() -> None:
    service, staging = make_service(), make_environment("staging")
    report_incident(DESK, service, IncidentReport("17", opened_at=NOON), environment=None, release=None)
    report_incident(DESK, service, IncidentReport("17", resolved_at=NOON), environment=staging, release=None)
    assert Incident.objects.get().environment == staging


def test_charlie_reports_none(charlie: User) -> None:
    service = make_service()
    with pytest.raises(Problem):
        report_incident(
            charlie.as_actor(), service, IncidentReport("17", opened_at=NOON), environment=None, release=None
        )
    assert not Incident.objects.exists()
