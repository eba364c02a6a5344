"""What a release needs next, at every point of its way."""

import pytest

from releasedesk.accounts.roles import DESK
from releasedesk.releases.models import Release
from releasedesk.reports.release_page import release_page
from tests.builders import (
    NOON,
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

pytestmark = pytest.mark.django_db
REHEARSE = "Rehearse the way back on staging"


def needs(release: Release) -> list[str]:
    release.refresh_from_db()
    return [step.words for step in release_page(release, actor=DESK, now=NOON + minutes(60)).next_steps]


def test_from_the_first_line_to_the_note_the_first_need_is_the_next_thing_to_do() -> None:
    service = make_service()
    make_deployment(service, "1.0", at=NOON - minutes(60))
    release = make_release(service, "1.1")
    assert needs(release) == [
        "Write what changes and what is expected",
        "Write the rollback plan",
        "Measure before",
    ]
    make_release(service, "1.1", change="one query", expected_result="DB calls fall")
    make_plan(service, release)
    assert needs(release) == [REHEARSE, "Measure before"]
    make_rehearsal(release, finished_at=NOON - minutes(20))
    assert needs(release) == ["Measure before"]
    make_snapshot(release, "before", at=NOON - minutes(10), requests=requests_of(1000))
    assert needs(release) == []
    make_deployment(service, "1.1", at=NOON)
    assert needs(release) == ["Measure after", "Finish the note"]
    make_snapshot(release, "after", at=NOON + minutes(10), requests=requests_of(1000))
    assert needs(release) == ["Finish the note"]
    make_note(release)
    assert needs(release) == []


def test_a_suspect_release_needs_the_way_back_before_anything_else() -> None:
    service = make_service()
    make_plan(service)
    make_deployment(service, "1.0", at=NOON - minutes(60))
    release = make_release(service, "1.1")
    make_snapshot(release, "before", at=NOON - minutes(10), requests=requests_of(1000, ms=100))
    make_deployment(service, "1.1", at=NOON)
    make_snapshot(release, "after", at=NOON + minutes(10), requests=requests_of(1000, ms=160))
    assert needs(release) == ["Go back, or say why not", "Finish the note"]


def test_what_was_rolled_back_needs_only_its_note() -> None:
    service = make_service()
    for number, version in enumerate(("1.0", "1.1", "1.0")):
        make_deployment(service, version, at=NOON + minutes(number))
    assert needs(service.releases.get(version="1.1")) == ["Finish the note"]


def test_an_undecided_comparison_asks_for_another_measurement() -> None:
    service = make_service()
    make_plan(service)
    release = make_release(service, "1.1")
    make_snapshot(release, "before", at=NOON - minutes(10), cache_state="cold")
    make_deployment(service, "1.1", at=NOON)
    make_snapshot(release, "after", at=NOON + minutes(10), cache_state="warm")
    assert needs(release) == ["Measure again", "Finish the note"]
