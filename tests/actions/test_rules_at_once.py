"""Keys, templates, items and locks when two want them at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from releasedesk.accounts.roles import DESK
from releasedesk.actions.checklist import report_check
from releasedesk.actions.checklist_template import LineBody, Scope, put_line, remove_line
from releasedesk.actions.configuration import config_key
from releasedesk.actions.decide_item import Decision, decide_item
from releasedesk.actions.locks import lock, lock_request, release_lock
from releasedesk.checklists.models import Item, Template
from releasedesk.releases.lock_bodies import LockBody
from releasedesk.releases.models import ConfigKey, Lock
from tests.actions.at_once import at_once
from tests.builders import NOON, make_release, make_service, minutes

Deed = Callable[[], object]


def test_two_pipelines_that_need_the_first_key_at_once_get_the_same(committed: None) -> None:
    for number in range(5):
        service = make_service(f"service-{number}")
        keys = at_once([partial(config_key, DESK, service, now=NOON)] * 3)
        assert len(set(keys)) == 1
        assert ConfigKey.objects.filter(service=service).count() == 1


def test_two_leads_who_write_one_line_at_once_leave_one(committed: None) -> None:
    service = make_service()
    bodies = [LineBody(key="load", label=label) for label in ("Load test", "Load")]
    for _ in range(5):
        lines = at_once([partial(put_line, DESK, Scope(service=service), body, now=NOON) for body in bodies])
        assert len({line.pk for line in lines}) == 1
        assert Template.objects.get(service=service).label in {"Load test", "Load"}
        Template.objects.filter(service=service).delete()


def test_a_template_that_is_deleted_while_a_release_begins_breaks_nothing(committed: None) -> None:
    service = make_service()
    for number in range(5):
        line = put_line(DESK, Scope(service=service), LineBody(key="load", label="Load test"), now=NOON)
        deeds: list[Deed] = [partial(remove_line, DESK, line), partial(make_release, service, f"{number}.0")]
        at_once(deeds)
        assert Item.objects.filter(release__version=f"{number}.0").count() in {10, 11}
        assert not Template.objects.filter(service=service).exists()


def test_of_a_person_and_a_check_at_once_the_later_one_counts(committed: None) -> None:
    release = make_release(make_service())
    item = release.items.select_related("release__service").get(key="lint")
    failed = partial(
        report_check, DESK, release, "lint", "failed", evidence="", at=NOON, source="native", event="check-1"
    )
    passed = partial(decide_item, DESK, item, Decision(outcome="passed"), now=NOON + minutes(1))
    for _ in range(5):
        deeds: list[Deed] = [failed, passed]
        at_once(deeds)
        assert Item.objects.get(pk=item.pk).outcome == "passed"


def test_a_lock_that_two_end_at_once_ends_once(committed: None) -> None:
    make_service()
    body = LockBody.read({"service": "checkout-api", "reason": "audit"})
    for minute in range(5):
        row = lock(DESK, lock_request(DESK, body), now=NOON)
        ends = [NOON + minutes(minute + 1), NOON + minutes(minute + 2)]
        ended = at_once([partial(release_lock, DESK, row.pk, now=at) for at in ends])
        assert len({one.released_at for one in ended}) == 1
        assert Lock.objects.get(pk=row.pk).released_at in ends
