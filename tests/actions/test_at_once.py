"""Nobody waits in a circle, nobody takes what is another's, and the second finds what the first made."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial

import pytest
from django.db import connection, transaction

from releasedesk.accounts.models import Team
from releasedesk.accounts.roles import DESK, Actor, Role
from releasedesk.actions import services
from releasedesk.actions.releases import put_release
from releasedesk.actions.services import put_service
from releasedesk.catalog.bodies import ServiceBody
from releasedesk.catalog.models import Service
from releasedesk.deliveries.models import Delivery
from releasedesk.ingest.once import once
from releasedesk.ingest.receive import receive_native
from releasedesk.problems.problem import Problem
from releasedesk.releases.bodies import ReleaseBody
from releasedesk.releases.models import Release
from releasedesk.rollbacks.models import Plan
from tests.actions.at_once import at_once, with_its_own_connection
from tests.builders import NOON, event, make_plan, make_service, make_team


def engineer_of(team: Team) -> Actor:
    return Actor(f"{team.slug} (token)", token_id="1", roles={team.pk: Role.ENGINEER})


def test_two_teams_that_register_one_service_at_once_share_nothing(committed: None) -> None:
    teams = [make_team("payments"), make_team("search")]

    def register(team: Team, slug: str) -> str:
        try:
            put_service(engineer_of(team), slug, ServiceBody.read({}), now=NOON, replace=False)
        except Problem as problem:
            return problem.kind
        return team.slug

    for number in range(8):
        slug = f"service-{number}"
        answers = at_once([partial(register, team, slug) for team in teams])
        owner = Service.objects.select_related("team").get(slug=slug).team.slug
        assert sorted(answers) == sorted(["forbidden", owner])


def test_a_service_that_another_team_was_faster_to_register_stays_theirs(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = make_team("search")

    register = services.register_service

    def slower(team: Team, slug: str, *, now: datetime) -> Service:
        register(search, slug, now=now)
        return register(team, slug, now=now)

    monkeypatch.setattr(services, "register_service", slower)
    with pytest.raises(Problem) as refused:
        put_service(engineer_of(make_team()), "basket", ServiceBody.read({}), now=NOON, replace=False)
    assert refused.value.kind == "forbidden"


def test_a_check_of_a_new_release_waits_for_the_service_before_it_inserts_anything(committed: None) -> None:
    """Else it would hold the new release, which the holder of the service may want next: a deadlock."""
    team = make_team()
    service = make_service("checkout-api", team)
    body = event("check.finished", key="lint", outcome="passed", version="1.0")
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        Service.objects.filter(pk=service.pk).changed()
        told = pool.submit(
            with_its_own_connection, partial(receive_native, engineer_of(team), team.pk, body, now=NOON)
        )
        until_somebody_waits_for_a_lock()
        put_release(DESK, service, "1.0", ReleaseBody.read({"title": "Cache it"}), now=NOON, replace=True)
    assert told.result(120).status == 201
    release = Release.objects.get()
    assert (release.title, release.items.get(key="lint").outcome) == ("Cache it", "passed")


def until_somebody_waits_for_a_lock() -> None:
    deadline = time.monotonic() + 120
    waiting = 0
    while not waiting:
        assert time.monotonic() < deadline
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            (waiting,) = cursor.fetchone()


def test_plans_written_at_once_get_a_version_each(committed: None) -> None:
    service = make_service()
    at_once([partial(make_plan, service, data_note=str(number)) for number in range(4)])
    assert sorted(Plan.objects.values_list("version", flat=True)) == [1, 2, 3, 4]


def test_a_request_repeated_at_once_is_performed_once(committed: None) -> None:
    service = make_service()
    actor, performed = engineer_of(service.team), []

    def perform() -> dict[str, int]:
        performed.append(1)
        return {"number": len(performed)}

    ask = partial(once, actor, service, "numbers", "key-1", {"a": 1}, perform, now=NOON)
    answers = at_once([ask] * 4)
    assert [answer.body for answer in answers] == [{"number": 1}] * 4
    assert (sorted(answer.status for answer in answers), len(performed)) == ([200, 200, 200, 201], 1)
    assert Delivery.objects.get().body == {}, "only the digest of a request is kept"
