"""Who may name, set up, decide, revoke and take away."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from releasedesk.accounts.models import Membership, Team, User
from releasedesk.accounts.roles import DESK
from releasedesk.actions.administration import (
    delete_note,
    delete_release,
    delete_service,
    delete_snapshot,
    delete_team,
    put_team,
)
from releasedesk.actions.decide_item import Decision, decide_item
from releasedesk.actions.environments import delete_environment, put_environment
from releasedesk.actions.memberships import end_membership, set_role
from releasedesk.actions.people import (
    Person,
    change_person,
    delete_person,
    register_person,
    set_password,
)
from releasedesk.actions.revoke_token import revoke_token
from releasedesk.catalog.models import Environment, Service, Token
from releasedesk.problems.problem import Problem
from tests.builders import NOON, make_note, make_release, make_service, make_snapshot, make_token

if TYPE_CHECKING:
    from releasedesk.accounts.roles import Actor
    from releasedesk.releases.models import Release

WHAT_ADMINISTRATORS_DO: dict[str, Callable[[Actor, Release], object]] = {
    "name teams": lambda actor, _: put_team(actor, "payments", name="Other"),
    "delete teams": lambda actor, release: delete_team(actor, release.service.team),
    "delete services": lambda actor, release: delete_service(actor, release.service),
    "delete releases": delete_release,
    "delete snapshots": lambda actor, release: delete_snapshot(actor, make_snapshot(release), now=NOON),
    "delete notes": lambda actor, release: delete_note(actor, make_note(release)),
    "set up environments": lambda actor, _: put_environment(actor, "canary", tier="testing", order=5),
    "delete environments": lambda actor, _: delete_environment(
        actor, Environment.objects.get(name="staging")
    ),
    "register people": lambda actor, _: register_person(actor, "dora", Person(), password=None),
    "change people": lambda actor, _: change_person(actor, "bob", Person()),
    "delete people": lambda actor, _: delete_person(actor, User.objects.get(username="bob")),
    "set the passwords of others": lambda actor, _: set_password(
        actor, User.objects.get(username="bob"), "a longer story 7"
    ),
}


@pytest.fixture
def release(payments: Team, bob: User) -> Release:
    return make_release(make_service(team=payments))


@pytest.mark.parametrize("what", WHAT_ADMINISTRATORS_DO)
def test_a_lead_of_the_team_may_not(what: str, alice: User, release: Release) -> None:
    with pytest.raises(Problem) as refused:
        WHAT_ADMINISTRATORS_DO[what](alice.as_actor(), release)
    assert refused.value.status == 403
    assert refused.value.detail == f"alice may not {what}. Ask an administrator of the desk."


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"name": "Prod", "tier": "production", "order": 1}, "#"),
        ({"name": "prod", "tier": "live", "order": 1}, "#/tier"),
        ({"name": "prod", "tier": "production", "order": -1}, "#/order"),
        ({"name": "prod", "tier": "production", "order": 40_000}, "#/order"),
    ],
)
def test_an_environment_that_cannot_be_is_refused(fields: dict[str, Any], pointer: str, db: None) -> None:
    with pytest.raises(Problem) as refused:
        put_environment(DESK, **fields)
    assert [error.pointer for error in refused.value.errors] == [pointer]


def test_everybody_sets_their_own_password(bob: User) -> None:
    set_password(bob.as_actor(), bob, "a longer story 7")
    bob.refresh_from_db()
    assert bob.check_password("a longer story 7")


# -- what leads do -------------------------------------------------------------------------------------------


def test_a_lead_gives_and_ends_roles_in_their_own_team(alice: User, charlie: User, payments: Team) -> None:
    service = make_service(team=payments)
    member, is_new = set_role(alice.as_actor(), payments, charlie, "engineer")
    assert (member.role, is_new) == ("engineer", True)
    assert set_role(alice.as_actor(), payments, charlie, "viewer")[1] is False
    end_membership(alice.as_actor(), member)
    assert not Membership.objects.filter(team=payments, user=charlie).exists()
    assert Service.objects.get().revision == service.revision + 4, "registering and three changes of members"


@pytest.mark.parametrize("who", ["bob", "charlie"])
def test_who_does_not_lead_the_team_gives_no_roles(
    who: str, bob: User, charlie: User, payments: Team
) -> None:
    actor = User.objects.get(username=who).as_actor()
    with pytest.raises(Problem, match="may not say who is in payments"):
        set_role(actor, payments, charlie, "lead")
    with pytest.raises(Problem, match="may not say who is in payments"):
        end_membership(actor, bob.memberships.get())


def test_an_unknown_role_is_refused_with_the_known_ones(alice: User, bob: User, payments: Team) -> None:
    with pytest.raises(Problem) as refused:
        set_role(alice.as_actor(), payments, bob, "boss")
    assert "engineer" in refused.value.errors[0].expected


def test_a_lead_revokes_a_token_of_the_team_once(alice: User, bob: User, payments: Team) -> None:
    make_token(payments)
    token = Token.objects.get()
    with pytest.raises(Problem, match="may not revoke tokens"):
        revoke_token(bob.as_actor(), token, now=NOON)
    assert revoke_token(alice.as_actor(), token, now=NOON).revoked_at == NOON
    later = NOON.replace(hour=13)
    assert revoke_token(alice.as_actor(), token, now=later).revoked_at == NOON


def test_an_engineer_ticks_and_only_a_lead_waives(alice: User, bob: User, release: Release) -> None:
    item = release.items.get(key="lint")
    ticked = Decision(outcome="passed", evidence="https://ci.example/1")
    assert decide_item(bob.as_actor(), item, ticked, now=NOON).decided_by == "bob"
    waived = Decision(outcome="waived", reason="Only words were changed.")
    with pytest.raises(Problem, match="Ask a lead"):
        decide_item(bob.as_actor(), item, waived, now=NOON)
    assert decide_item(alice.as_actor(), item, waived, now=NOON).is_met


def test_a_reason_of_blanks_is_none(alice: User, release: Release) -> None:
    item = release.items.get(key="lint")
    with pytest.raises(Problem) as refused:
        decide_item(alice.as_actor(), item, Decision.read({"outcome": "waived", "reason": "  "}), now=NOON)
    assert refused.value.errors[0].pointer == "#/reason"


def test_evidence_is_an_address(release: Release) -> None:
    with pytest.raises(Problem) as refused:
        Decision.read({"outcome": "passed", "evidence": "javascript:alert(1)"})
    assert refused.value.errors[0].expected == "an http:// or https:// address"
