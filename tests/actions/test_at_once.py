"""Nobody waits in a circle, nobody takes what is another's, and the second finds what the first made."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from releasedesk.accounts.models import Team
from releasedesk.accounts.roles import Actor, Role
from releasedesk.actions.releases import put_release
from releasedesk.actions.services import put_service
from releasedesk.catalog.bodies import ServiceBody
from releasedesk.catalog.models import Service
from releasedesk.deliveries.models import Delivery
from releasedesk.ingest.once import once
from releasedesk.ingest.receive import receive
from releasedesk.problems.problem import Problem
from releasedesk.releases.bodies import ReleaseBody
from releasedesk.releases.models import Release
from releasedesk.rollbacks.models import Plan
from tests.actions.at_once import at_once
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


def test_a_plan_and_a_check_of_one_new_release_at_once_do_not_wait_for_each_other(committed: None) -> None:
    team = make_team()
    service = make_service("checkout-api", team)
    actor = engineer_of(team)
    for number in range(8):
        body = event("check.finished", key="lint", outcome="passed", version=f"{number}")
        plan = ReleaseBody.read({"title": "Cache the total"})
        deeds: list[Callable[[], object]] = [
            partial(receive, actor, team.pk, body, now=NOON),
            partial(put_release, actor, service, f"{number}", plan, now=NOON, replace=True),
        ]
        at_once(deeds)
    assert [release.title for release in Release.objects.all()] == ["Cache the total"] * 8
    assert all(release.items.get(key="lint").outcome == "passed" for release in Release.objects.all())


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
