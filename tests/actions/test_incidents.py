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
    ticket = "https://tickets.example/17"
    reports = [
        (IncidentReport("17", "ci", "a", opened_at=NOON, title="Slow"), production, release),
        (
            IncidentReport("17", "ci", "b", opened_at=NOON + minutes(3), title="Still slow", url=ticket),
            staging,
            None,
        ),
        (IncidentReport("17", "ci", "c", resolved_at=NOON + minutes(9)), staging, None),
    ]
    for number in order:
        report, environment, named = reports[number]
        report_incident(DESK, service, report, environment=environment, release=named)

    incident = Incident.objects.get()
    assert (incident.title, incident.opened_at) == ("Slow", NOON)
    assert incident.url == ticket, "which only the second knew"
    assert (incident.environment, incident.release) == (production, release)
    assert incident.resolved_at == NOON + minutes(9)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_of_openings_at_one_moment_and_of_several_ends_their_names_and_times_decide(
    order: tuple[int, ...],
) -> None:
    service, (production, staging) = make_service(), map(make_environment, ("production", "staging"))
    reports = [
        (IncidentReport("17", "ci", "b", opened_at=NOON, title="Slow"), None),
        (IncidentReport("17", "ci", "a", opened_at=NOON, title="Very slow"), None),
        (IncidentReport("17", "ci", "c", resolved_at=NOON + minutes(9)), staging),
        (IncidentReport("17", "ci", "d", resolved_at=NOON + minutes(8)), production),
    ]
    for number in (*order, 3) if order[0] else (3, *order):
        report, environment = reports[number]
        report_incident(DESK, service, report, environment=environment, release=None)
    incident = Incident.objects.get()
    assert (incident.title, incident.environment) == ("Very slow", production)


def test_an_end_alone_fills_what_nobody_has_said() -> None:
    service, staging = make_service(), make_environment("staging")
    opened = IncidentReport("17", "ci", "a", opened_at=NOON)
    resolved = IncidentReport("17", "ci", "b", resolved_at=NOON)
    report_incident(DESK, service, opened, environment=None, release=None)
    report_incident(DESK, service, resolved, environment=staging, release=None)
    assert Incident.objects.get().environment == staging


def test_charlie_reports_none(charlie: User) -> None:
    service = make_service()
    with pytest.raises(Problem):
        report_incident(
            charlie.as_actor(),
            service,
            IncidentReport("17", "ci", "a", opened_at=NOON),
            environment=None,
            release=None,
        )
    assert not Incident.objects.exists()
