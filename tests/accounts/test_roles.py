"""What a role allows, and to whom."""

from __future__ import annotations

import pytest

from releasedesk.accounts.models import Team, User
from releasedesk.accounts.roles import DESK, Actor, Role
from releasedesk.problems.problem import Problem
from tests.builders import make_team, make_user

PAYMENTS, SEARCH = 1, 2


@pytest.mark.parametrize("own", Role)
@pytest.mark.parametrize("needed", Role)
def test_each_role_includes_the_ones_before_it(own: Role, needed: Role) -> None:
    order = list(Role)
    actor = Actor("bob", user_id=1, roles={PAYMENTS: own})
    assert actor.is_at_least(needed, PAYMENTS) is (order.index(own) >= order.index(needed))
    assert not actor.is_at_least(Role.VIEWER, SEARCH)


def test_a_services_token_acts_for_that_service_alone() -> None:
    actor = Actor("ci", token_id="1", roles={PAYMENTS: Role.ENGINEER}, service_id=7)
    assert actor.is_at_least(Role.ENGINEER, PAYMENTS, 7)
    assert not actor.is_at_least(Role.ENGINEER, PAYMENTS, 8)
    assert not actor.is_at_least(Role.ENGINEER, PAYMENTS)
    assert not actor.is_at_least(Role.ENGINEER, SEARCH, 7), "the service has moved away"


def test_who_may_not_is_told_whom_to_ask() -> None:
    for role, asked in ((Role.ENGINEER, "Ask an engineer"), (Role.LEAD, "Ask a lead")):
        with pytest.raises(Problem) as refused:
            Actor("vera").require(
                role, team_id=PAYMENTS, service_id=None, what="plan releases of checkout-api"
            )
        assert refused.value.detail.startswith("vera may not plan releases of checkout-api. " + asked)


def test_the_desk_itself_and_superusers_may_do_anything() -> None:
    DESK.require(Role.LEAD, team_id=PAYMENTS, service_id=3, what="anything")


def test_a_person_acts_with_the_roles_of_now(payments: Team, bob: User) -> None:
    assert bob.as_actor().roles == {payments.pk: Role.ENGINEER}
    bob.memberships.update(role=Role.VIEWER)
    assert bob.as_actor().roles == {payments.pk: Role.VIEWER}
    assert bob.as_actor().label == "bob"


def test_a_superuser_who_left_is_none_any_more(payments: Team) -> None:
    root = make_user("root", make_team("search"))
    root.is_superuser = True
    assert root.as_actor().superuser
    root.is_active = False
    assert not root.as_actor().superuser
