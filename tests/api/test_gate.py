"""`…/releases/{version}/gate`: may it ship?"""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from releasedesk.accounts.models import Team, User
from releasedesk.accounts.roles import DESK, Role
from releasedesk.actions.environments import put_environment
from releasedesk.actions.gate import ask_to_ship
from releasedesk.actions.locks import LockRequest, lock, release_lock
from releasedesk.actions.overrides import override
from releasedesk.catalog.models import Environment, Service
from releasedesk.problems.problem import Problem
from releasedesk.releases.models import GateAnswer, GateLevel, Lock, Override, Release
from tests.actions.at_once import at_once
from tests.api.asking import CHECKOUT, JSON, post, problem, put, send, sole_error
from tests.api.conftest import signed_in
from tests.builders import (
    NOON,
    event,
    make_deployment,
    make_environment,
    make_plan,
    make_rehearsal,
    make_release,
    make_service,
    make_shippable,
    make_snapshot,
    make_team,
    make_token,
    make_user,
    minutes,
    requests_of,
)
from tests.conftest import Clock

GATE = f"{CHECKOUT}/releases/1.1/gate?environment=production"
OVERRIDES = f"{CHECKOUT}/releases/1.1/gate/overrides?environment=production"
WHY = "The outage cannot wait; the rehearsal follows tomorrow at ten."


@pytest.fixture
def release(checkout: Service, alice: User) -> Release:
    """1.1 may ship to production, where 1.0 is live."""
    return make_shippable(checkout, "1.1", owner="alice")


def states(answer: dict[str, Any]) -> dict[str, str]:
    return {one["key"]: one["state"] for one in answer["conditions"]}


def unmet(answer: dict[str, Any]) -> dict[str, str]:
    """What stops it, by gate, with its sentence."""
    return {
        one["key"]: one["detail"]
        for one in answer["conditions"]
        if (one["level"], one["state"]) == ("required", "unmet")
    }


# -- asking


def test_a_release_with_everything_in_order_may_ship(ci: Client, release: Release) -> None:
    answer = ci.get(GATE).json()
    assert answer["open"], unmet(answer)
    assert list(answer) == [
        "open",
        "service",
        "version",
        "environment",
        "mode",
        "sentence",
        "conditions",
        "overrides",
    ]
    assert (answer["service"], answer["version"], answer["environment"], answer["mode"]) == (
        "checkout-api",
        "1.1",
        "production",
        "forward",
    )
    assert answer["sentence"] == "checkout-api 1.1 may ship to production."
    assert list(answer["conditions"][0]) == ["key", "label", "level", "state", "detail", "fix"]
    assert states(answer) == {
        **dict.fromkeys(states(answer), "met"),
        "staging_config": "unmet",  # advisory: nobody has reported a configuration
    }
    assert answer["overrides"] == []


def test_what_nobody_prepared_is_told_in_full_with_where_it_is_mended(ci: Client, checkout: Service) -> None:
    make_deployment(checkout, "1.0")
    make_release(checkout, "1.1")
    answer = ci.get(GATE).json()
    assert not answer["open"]
    assert answer["sentence"] == (
        "checkout-api 1.1 may not ship to production yet: "
        "Owner, Expected result, Checklist, Measured before, Way back and Staging first."
    )
    page = "http://testserver/services/checkout-api/releases/1.1/"
    assert {one["key"]: one["fix"] for one in answer["conditions"]} == {
        "owner": f"{page}edit/",
        "expected_result": f"{page}edit/",
        "one_change": f"{page}edit/",
        "checklist": f"{page}#checklist-release",
        "measured_before": f"{page}measure/",
        "rollback_ready": f"{page}rollback-plan/",
        "staging_first": f"{page}#deployments",
        "staging_config": "http://testserver/services/checkout-api/config/",
        "no_lock": None,
    }


def test_asking_keeps_nothing(ci: Client, release: Release) -> None:
    ci.get(GATE)
    assert not GateAnswer.objects.exists()


def test_a_first_release_needs_nothing_to_compare_with_and_nothing_to_go_back_to(
    ci: Client, checkout: Service, alice: User
) -> None:
    make_shippable(checkout, "1.1", owner="alice", first=True)
    answer = ci.get(GATE).json()
    assert answer["open"], unmet(answer)
    assert states(answer)["staging_config"] == "met"


@pytest.mark.parametrize(
    ("path", "known"),
    [
        (f"{CHECKOUT}/releases/1.11/gate?environment=production", "one of: 1.1, 1.0"),
        (f"{CHECKOUT}/releases/1.1/gate?environment=produktion", "one of: production, staging"),
        ("/api/v1/services/checkout-apy/releases/1.1/gate?environment=production", "one of: checkout-api"),
    ],
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_what_does_not_exist_is_answered_with_near_names(
    ci: Client, release: Release, method: str, path: str, known: str
) -> None:
    assert sole_error(getattr(ci, method)(path), 404, "not-found")["expected"] == known


def test_asking_costs_at_most_eight_queries(
    ci: Client, release: Release, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    ci.get(GATE)  # the token's last use is written down once a minute
    with django_assert_num_queries(5):  # token, release, environments, and two of the gate's own
        ci.get(GATE)
    for number in range(5):
        make_deployment(release.service, f"0.{number}", at=NOON - minutes(900 - number))
        lock(DESK, LockRequest(None, None, Lock.Kind.WARN, "The auditors are in.", None), now=NOON)
        make_snapshot(release, route=f"GET /{number}")
    with django_assert_num_queries(6):  # and the locks, where there may be one
        ci.get(GATE)


# -- each gate, stopped and mended, as the database has it


def test_each_required_gate_closes_when_its_evidence_is_taken_away(ci: Client, release: Release) -> None:
    def closed_by() -> set[str]:
        return set(unmet(ci.get(GATE).json()))

    service = release.service
    assert closed_by() == set()
    release.items.filter(key="lint").update(outcome="failed")
    assert closed_by() == {"checklist"}
    release.snapshots.filter(phase="before").delete()
    assert closed_by() == {"checklist", "measured_before"}
    make_plan(service, release, data_note="Another text, which nobody has rehearsed.")
    assert closed_by() == {"checklist", "measured_before", "rollback_ready"}
    make_release(service, "1.1", commit="77ab000")
    assert closed_by() == {"checklist", "measured_before", "rollback_ready", "staging_first"}
    make_release(service, "1.1", expected_result=None, owner=None)
    assert len(closed_by()) == 6
    lock(DESK, LockRequest(service, None, Lock.Kind.BLOCK, "An incident.", None), now=NOON)
    assert closed_by() == {
        "owner",
        "expected_result",
        "checklist",
        "measured_before",
        "rollback_ready",
        "staging_first",
        "no_lock",
    }


def test_a_release_that_is_suspect_on_staging_has_not_passed_it(ci: Client, release: Release) -> None:
    for phase, ms in (("before", 100), ("after", 200)):
        make_snapshot(release, phase, environment="staging", requests=requests_of(ms=ms))
    told = unmet(ci.get(GATE).json())
    assert told["staging_first"].startswith("It is suspect on staging: p95 rose from ")


def test_a_release_that_was_taken_back_on_staging_for_its_rehearsal_has_been_there(
    ci: Client, release: Release
) -> None:
    make_deployment(release.service, "1.0", "staging", at=NOON - minutes(300))
    make_deployment(release.service, "1.1", "staging", at=NOON - minutes(3), commit="9f3c123")
    make_deployment(release.service, "1.0", "staging", at=NOON - minutes(2))
    assert ci.get(GATE).json()["open"]


def test_a_migration_that_cannot_be_undone_is_no_way_back(ci: Client, release: Release) -> None:
    make_release(release.service, "1.1", irreversible=True)
    assert "cannot be undone" in unmet(ci.get(GATE).json())["rollback_ready"]


def test_another_deployment_on_its_way_is_in_the_way_and_its_own_is_not(ci: Client, release: Release) -> None:
    make_deployment(release.service, "1.1", kind="started", at=NOON)
    assert ci.get(GATE).json()["open"]
    make_deployment(release.service, "1.2", kind="started", at=NOON)
    assert "1.2 to production began" in unmet(ci.get(GATE).json())["rollback_ready"]


@pytest.mark.parametrize("where", ["everywhere", "service", "environment", "both"])
def test_a_lock_closes_what_it_is_about_and_a_rollback_passes(
    ci: Client, release: Release, where: str
) -> None:
    service = release.service if where in {"service", "both"} else None
    environment = make_environment("production") if where in {"environment", "both"} else None
    held = lock(DESK, LockRequest(service, environment, Lock.Kind.BLOCK, "An audit.", None), now=NOON)
    assert set(unmet(ci.get(GATE).json())) == {"no_lock"}
    assert ci.post(f"{CHECKOUT}/releases/1.0/gate?environment=production").status_code == 200
    other = make_service("ledger", release.service.team)
    make_shippable(other, "2.0", first=True)
    elsewhere = ci.get("/api/v1/services/ledger/releases/2.0/gate?environment=production").json()
    assert states(elsewhere)["no_lock"] == ("met" if service else "unmet")
    release_lock(DESK, held.pk, now=NOON)
    assert ci.get(GATE).json()["open"]


def test_a_warning_is_told_and_closes_nothing(ci: Client, release: Release) -> None:
    lock(DESK, LockRequest(None, None, Lock.Kind.WARN, "The auditors are in.", None), now=NOON)
    answer = ci.get(GATE).json()
    assert answer["open"]
    (told,) = (one["detail"] for one in answer["conditions"] if one["key"] == "no_lock")
    assert "The auditors are in." in told


def test_a_lock_that_ends_closes_until_the_very_instant_and_no_longer(
    ci: Client, release: Release, clock: Clock
) -> None:
    until = clock.now + minutes(1)
    lock(DESK, LockRequest(None, None, Lock.Kind.BLOCK, "One minute.", until), now=clock.now)
    clock.tick(0.999)
    assert ci.post(GATE).status_code == 409
    clock.now = until
    assert ci.post(GATE).status_code == 200


def test_going_back_and_the_same_again_are_open_whatever_is_missing(ci: Client, checkout: Service) -> None:
    make_deployment(checkout, "1.0", at=NOON - minutes(9))
    make_deployment(checkout, "1.1", at=NOON - minutes(8))
    for version, mode in (("1.0", "rollback"), ("1.1", "redeploy")):
        answer = ci.get(f"{CHECKOUT}/releases/{version}/gate?environment=production").json()
        assert (answer["open"], answer["mode"]) == (True, mode)
        assert {one["level"] for one in answer["conditions"]} == {"advisory"}
        assert "unmet" in states(answer).values(), "it is told all the same"
    make_deployment(checkout, "1.0", at=NOON - minutes(7))
    again = ci.get(GATE).json()
    assert (again["open"], again["mode"]) == (False, "forward"), "what was rolled back asks anew"


# -- levels


def test_levels_are_by_tier_then_by_environment_then_by_service(ci: Client, checkout: Service) -> None:
    make_release(checkout, "1.1")
    staging = ci.get(f"{CHECKOUT}/releases/1.1/gate?environment=staging").json()
    assert staging["open"]
    production = make_environment("production")
    for service, level in ((None, "advisory"), (checkout, "off")):
        GateLevel.objects.create(
            environment=production, service=service, gate="owner", level=level, set_by="ada", set_at=NOON
        )
        levels = {one["key"]: one["level"] for one in ci.get(GATE).json()["conditions"]}
        assert levels.get("owner", "off") == level


def test_another_tier_can_be_the_one_to_run_in_first(ci: Client, release: Release) -> None:
    put_environment(DESK, "qa", tier="testing", order=5)
    Environment.objects.filter(name="production").update(staged_in="testing")
    assert unmet(ci.get(GATE).json()) == {"staging_first": "It has not succeeded on qa yet."}
    make_deployment(release.service, "1.1", "qa", commit="9f3c123")
    assert ci.get(GATE).json()["open"]


# -- asking to ship


def test_an_open_answer_is_kept(ci: Client, release: Release, clock: Clock) -> None:
    response = ci.post(GATE)
    assert response.status_code == 200
    kept = GateAnswer.objects.get()
    assert response.json()["answer"] == kept.pk
    assert (kept.is_open, kept.mode, kept.asked_at, kept.asked_by) == (
        True,
        "forward",
        clock.now,
        "ci (token)",
    )
    listed = ci.get(f"{CHECKOUT}/releases/1.1/gate/answers?environment=production").json()["results"]
    assert [one["id"] for one in listed] == [kept.pk]
    assert listed[0]["conditions"] == response.json()["conditions"]


def test_a_closed_answer_is_a_problem_with_its_conditions_and_is_kept_too(
    ci: Client, release: Release
) -> None:
    release.items.filter(key="lint").update(outcome="failed")
    document = problem(ci.post(GATE), 409, "gate-closed")
    assert document["retryable"] is False
    assert document["detail"] == "checkout-api 1.1 may not ship to production yet: Checklist."
    assert (document["open"], unmet(document)) == (
        False,
        {"checklist": "Linting failed: 1 of 5 required items."},
    )
    assert not GateAnswer.objects.get().is_open


def test_the_same_key_gets_the_same_answer_and_a_new_one_asks_anew(ci: Client, release: Release) -> None:
    release.items.filter(key="lint").update(outcome="failed")
    ask = partial(post, ci, GATE, None)
    assert ask(**{"Idempotency-Key": "run-1"}).status_code == 409
    release.items.filter(key="lint").update(outcome="passed")
    again = ask(**{"Idempotency-Key": "run-1"})
    problem(again, 409, "gate-closed")
    assert again["Idempotent-Replayed"] == "true"
    assert ask(**{"Idempotency-Key": "run-2"}).status_code == 200
    assert GateAnswer.objects.count() == 2


def test_the_answer_is_of_when_it_ships_and_not_of_when_the_pipeline_began(
    ci: Client, release: Release
) -> None:
    assert ci.get(GATE).json()["open"]
    lock(DESK, LockRequest(None, None, Lock.Kind.BLOCK, "Meanwhile an incident.", None), now=NOON)
    problem(ci.post(GATE), 409, "gate-closed")


@pytest.mark.parametrize("scopes", [["read"], ["read", "releases:write"]])
def test_asking_to_ship_needs_its_scope(release: Release, payments: Team, scopes: list[str]) -> None:
    client = Client(headers={"Authorization": f"Bearer {make_token(payments, scopes=scopes)}"})
    assert client.get(GATE).status_code == 200
    assert "'gate:write'" in problem(client.post(GATE), 403, "forbidden")["detail"]
    assert not GateAnswer.objects.exists()


def test_charlie_and_vera_may_look_and_not_ship(release: Release, as_charlie: Client, vera: User) -> None:
    for client in (as_charlie, signed_in(vera)):
        assert client.get(GATE).status_code == 200
        problem(client.post(GATE), 403, "forbidden")
    assert not GateAnswer.objects.exists()


# -- overrides


@pytest.fixture
def closed(release: Release) -> Release:
    """1.1 is in order but for one failed check."""
    release.items.filter(key="lint").update(outcome="failed")
    return release


def say(client: Client, gate: str = "checklist", reason: str = WHY, **headers: str) -> Any:
    return client.post(OVERRIDES, {"gate": gate, "reason": reason}, content_type=JSON, headers=headers)


def test_a_lead_lets_a_release_pass_one_gate(ci: Client, closed: Release, alice: User, clock: Clock) -> None:
    answer = say(signed_in(alice))
    assert answer.status_code == 201
    assert (answer.json()["open"], states(answer.json())["checklist"]) == (True, "overridden")
    assert answer.json()["overrides"] == [
        {
            "gate": "checklist",
            "by": "alice",
            "at": "2026-11-23T12:05:00Z",
            "reason": WHY,
            "awaits_second": False,
        }
    ]
    assert ci.post(GATE).json()["overrides"][0]["by"] == "alice"
    made = Override.objects.get()
    assert (made.gate, made.made_by, made.made_at, made.since) == ("checklist", "alice", clock.now, None)


def test_charlie_bob_vera_and_every_token_override_nothing(
    closed: Release, payments: Team, as_bob: Client, as_charlie: Client, vera: User
) -> None:
    scopes = ["read", "events:write", "releases:write", "gate:write", "admin"]
    token = Client(headers={"Authorization": f"Bearer {make_token(payments, scopes=scopes)}"})
    for client in (as_bob, as_charlie, signed_in(vera), token):
        problem(say(client), 403, "forbidden")
    problem(say(Client()), 401, "not-authenticated")
    assert not Override.objects.exists()


@pytest.mark.parametrize("reason", ["", " ", "hotfix", "asdf asdf asdf asdf asdf"])
def test_an_override_needs_a_reason_of_substance(closed: Release, alice: User, reason: str) -> None:
    error = sole_error(say(signed_in(alice), reason=reason))
    assert error["pointer"] == "#/reason"
    assert error["expected"].startswith("a sentence of at least 20 characters")
    assert not Override.objects.exists()


def test_only_what_stops_a_release_can_be_overridden(closed: Release, alice: User) -> None:
    client = signed_in(alice)
    assert "is met" in problem(say(client, "owner"), 409, "conflict")["detail"]
    assert "is advisory here" in problem(say(client, "staging_config"), 409, "conflict")["detail"]
    assert sole_error(say(client, "cheklist"))["expected"].startswith("one of: checklist")
    assert say(client).status_code == 201
    assert "alice overrode Checklist already" in problem(say(client), 409, "conflict")["detail"]
    assert Override.objects.count() == 1


def test_an_override_is_for_one_release_and_one_environment(ci: Client, closed: Release, alice: User) -> None:
    say(signed_in(alice))
    make_shippable(closed.service, "1.2", owner="alice").items.filter(key="lint").update(outcome="failed")
    other = ci.get(f"{CHECKOUT}/releases/1.2/gate?environment=production").json()
    assert (other["open"], other["overrides"]) == (False, [])


def test_an_override_is_used_up_by_shipping_and_stays_on_record(
    ci: Client, closed: Release, alice: User, clock: Clock
) -> None:
    say(signed_in(alice))
    for minute, version in ((6, "1.1"), (7, "1.0")):
        make_deployment(closed.service, version, at=NOON + minutes(minute))
    clock.tick(5)
    assert set(unmet(ci.get(GATE).json())) == {"checklist", "no_lock"}  # the way back locks by itself
    assert say(signed_in(alice)).status_code == 201
    assert Override.objects.filter(gate="checklist").count() == 2


def with_four_eyes() -> None:
    Environment.objects.filter(name="production").update(four_eyes=True)


def test_with_four_eyes_nobody_overrides_their_own_release_alone(
    ci: Client, closed: Release, alice: User, payments: Team
) -> None:
    with_four_eyes()
    first = say(signed_in(alice))  # she owns it
    assert first.status_code == 201
    assert (first.json()["open"], first.json()["overrides"][0]["awaits_second"]) == (False, True)
    problem(ci.post(GATE), 409, "gate-closed")
    problem(say(signed_in(alice)), 409, "conflict")
    second = say(signed_in(make_user("adam", payments, Role.LEAD)), reason=f"I agree. {WHY}")
    assert second.json()["open"]
    assert [one["by"] for one in second.json()["overrides"]] == ["alice", "adam"]


def test_with_four_eyes_a_lead_who_is_neither_owner_nor_planner_is_enough(
    closed: Release, payments: Team
) -> None:
    with_four_eyes()
    adam = make_user("adam", payments, Role.LEAD)
    assert say(signed_in(adam)).json()["open"]


def test_with_four_eyes_who_planned_it_counts_as_its_own(checkout: Service, alice: User, bob: User) -> None:
    with_four_eyes()
    release = make_shippable(checkout, "1.1", owner="bob", actor=alice.as_actor())
    release.items.filter(key="lint").update(outcome="failed")
    assert not say(signed_in(alice)).json()["open"]


def test_the_same_override_sent_twice_is_made_once(closed: Release, alice: User) -> None:
    client, key = signed_in(alice), {"Idempotency-Key": "a"}
    assert [say(client, **key).status_code for _ in range(2)] == [201, 200]
    assert Override.objects.count() == 1


# -- at once


def test_of_two_overrides_at_once_one_is_made_and_the_other_is_told(committed: None) -> None:
    team = make_team()
    leads = [make_user(name, team, Role.LEAD).as_actor() for name in ("alice", "adam")]
    service = make_service(team=team)
    release, production = make_release(service, "1.1"), make_environment("production")

    def say_so(number: int) -> str:
        try:
            override(leads[number % 2], release, production, "owner", WHY, now=NOON)
        except Problem as problem:
            return problem.kind
        return "made"

    answers = at_once([partial(say_so, number) for number in range(4)])
    assert sorted(answers) == ["conflict", "conflict", "conflict", "made"]
    assert Override.objects.count() == 1


def test_who_asks_while_somebody_locks_is_answered_before_or_after_and_never_in_between(
    committed: None,
) -> None:
    service = make_service()
    release, production = (
        make_shippable(service, "1.1", owner=None, first=True),
        make_environment("production"),
    )
    GateLevel.objects.create(environment=production, gate="owner", level="off", set_by="ada", set_at=NOON)

    def ask() -> object:
        return ask_to_ship(DESK, release, production, now=NOON)[0].is_open

    def stop() -> object:
        lock(DESK, LockRequest(None, None, Lock.Kind.BLOCK, "An incident.", None), now=NOON)
        return ask()

    first, second, after = at_once([ask, ask, stop])
    assert after is False
    assert {first, second} <= {True, False}
    assert ask() is False


def test_a_release_that_events_prepared_may_ship(ci: Client, checkout: Service, alice: User) -> None:
    """Nothing but what a pipeline can say, and a plan."""
    make_release(checkout, "1.1", owner="alice", expected_result="Fewer calls.", change="One join.")
    make_plan(checkout)
    make_rehearsal(make_release(checkout, "1.1"))
    for key in ("lint", "unit_tests", "integration", "staging_config", "tag"):
        assert send(ci, event("check.finished", version="1.1", key=key, outcome="passed")).status_code == 201
    assert send(ci, version="1.1", environment="staging").status_code == 201
    assert ci.post(GATE).status_code == 200


# -- flavours and levels


@pytest.mark.parametrize(
    ("flavour", "key", "yes", "no"),
    [("github", "state", "approved", "rejected"), ("gitlab", "status", "passed", "failed")],
)
def test_the_same_answer_comes_in_the_vendors_words(
    ci: Client, release: Release, as_charlie: Client, flavour: str, key: str, yes: str, no: str
) -> None:
    path = f"{CHECKOUT}/releases/1.1/gate/{flavour}?environment=production"
    assert ci.get(path).json()[key] == yes
    release.items.filter(key="lint").update(outcome="failed")
    assert as_charlie.get(path).json()[key] == no
    problem(Client().get(path), 401)
    problem(ci.post(path), 405)


LEVELS = f"{CHECKOUT}/gate-levels?environment=production"


def test_a_lead_sets_what_is_asked_of_a_service(ci: Client, closed: Release, alice: User) -> None:
    client = signed_in(alice)
    assert ci.get(LEVELS).json()["levels"]["checklist"] == "required"
    assert sole_error(put(client, LEVELS, {"levels": {"checklist": "off"}}))["pointer"] == "#/reason"
    answer = put(client, LEVELS, {"levels": {"checklist": "off", "one_change": "required"}, "reason": WHY})
    assert answer.json()["levels"]["checklist"] == "off"
    assert ci.get(GATE).json()["open"]
    back = put(client, LEVELS, {"levels": {"checklist": None}})
    assert (back.json()["levels"]["checklist"], back.json()["levels"]["one_change"]) == (
        "required",
        "required",
    )


def test_with_four_eyes_no_lead_asks_less_of_a_service_alone(checkout: Service, alice: User) -> None:
    with_four_eyes()
    said = {"levels": {"checklist": "advisory"}, "reason": WHY}
    assert "four eyes" in problem(put(signed_in(alice), LEVELS, said), 403, "forbidden")["detail"]
    assert put(signed_in(alice), LEVELS, {"levels": {"one_change": "required"}}).status_code == 200
    ada = User.objects.create_superuser("ada", "ada@example.com", "correct horse")
    assert put(signed_in(ada), LEVELS, said).status_code == 200


def test_only_an_administrator_sets_what_is_asked_of_everybody(
    ci: Client, checkout: Service, alice: User, as_charlie: Client
) -> None:
    everybody, said = "/api/v1/gate-levels?environment=production", {"levels": {"one_change": "required"}}
    for client in (signed_in(alice), as_charlie, ci):
        problem(put(client, everybody, said), 403, "forbidden")
    ada = User.objects.create_superuser("ada", "ada@example.com", "correct horse")
    assert put(signed_in(ada), everybody, said).json()["service"] is None
    assert ci.get(LEVELS).json()["levels"]["one_change"] == "required"


def test_charlie_bob_and_tokens_set_nothing(
    checkout: Service, ci: Client, as_bob: Client, as_charlie: Client
) -> None:
    for client in (ci, as_bob, as_charlie):
        problem(put(client, LEVELS, {"levels": {"one_change": "required"}}), 403, "forbidden")
    assert not GateLevel.objects.exists()


def test_a_gate_or_a_level_that_does_not_exist_is_named(checkout: Service, alice: User) -> None:
    wrong = put(signed_in(alice), LEVELS, {"levels": {"cheklist": "off", "owner": "optional"}})
    assert [one["pointer"] for one in problem(wrong, 422)["errors"]] == [
        "#/levels/cheklist",
        "#/levels/owner",
    ]
