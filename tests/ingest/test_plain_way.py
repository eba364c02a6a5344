"""What is plain is taken in by one statement, and comes to the same as the way that knows every answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from django.db import connection
from django.forms.models import model_to_dict
from pytest_django import DjangoAssertNumQueries

from releasedesk.accounts.models import Team
from releasedesk.accounts.roles import Actor, Role
from releasedesk.actions.take_in import take_in
from releasedesk.catalog.models import Scope, Service, Token
from releasedesk.checklists.models import Item
from releasedesk.deliveries.models import Delivery
from releasedesk.ingest import native
from releasedesk.ingest.answer import Answer
from releasedesk.ingest.lists import receive_all
from releasedesk.ingest.message import Message
from releasedesk.ingest.names import NO_NAMES
from releasedesk.ingest.plain import deployments_in, receive_plain
from releasedesk.ingest.receive import receive, skew
from releasedesk.releases.models import Change, Commit, Deployment, DeploymentFact, Live, Release
from releasedesk.rollbacks.models import Plan
from tests.actions.at_once import at_once
from tests.builders import (
    NOON,
    event,
    make_deployment,
    make_plan,
    make_release,
    make_service,
    make_team,
    minutes,
)
from tests.releases.folded import ci_of, stored
from tests.releases.test_any_order import derived

NOW = NOON + minutes(5)
CHANGES = [{"sha": "9f3c123", "subject": "Read the basket in one query", "author": "bob"}]


def told(**fields: Any) -> Message:
    return native.message(event(**fields), now=NOW, skew=skew())


def plainly(team: Team, *messages: Message, actor: Actor | None = None) -> list[int]:
    """Which of the messages the plain way takes in."""
    return sorted(answers_of(team, *messages, actor=actor))


def answers_of(team: Team, *messages: Message, actor: Actor | None = None) -> Mapping[int, Answer]:
    return receive_plain(actor or ci_of(team), messages, deployments_in(messages, NO_NAMES), now=NOW)


CASES: dict[str, list[dict[str, Any]]] = {
    "a start": [{"kind": "deployment.started"}],
    "an hour-old start": [{"kind": "deployment.started", "occurred_at": "2026-11-23T10:00:00.25Z"}],
    "a success": [{}],
    "a failure": [{"kind": "deployment.failed"}],
    "a whole run": [
        {"kind": "deployment.started", "run": "7", "occurred_at": "2026-11-23T11:58:00Z"},
        {"run": "7", "commit": "9f3c123", "files_touched": ["b.py", "a.py"], "url": "https://ci.example/7"},
    ],
    "another version of the same run": [
        {"kind": "deployment.started", "run": "7", "version": "1", "occurred_at": "2026-11-23T11:58:00Z"},
        {"run": "7", "version": "2"},
    ],
    "the same again": [{"occurred_at": "2026-11-23T11:58:00Z"}, {"command": "make deploy"}],
    "the next version": [{"version": "1", "occurred_at": "2026-11-23T11:58:00Z"}, {"version": "2"}],
    "more and more files": [
        {"kind": "deployment.started", "files_touched": ["b.py"], "occurred_at": "2026-11-23T11:58:00Z"},
        {"files_touched": ["c.py", "a.py"], "changes": CHANGES},
    ],
    "two starts": [
        {"kind": "deployment.started", "run": "1", "occurred_at": "2026-11-23T11:50:00Z"},
        {"kind": "deployment.started", "occurred_at": "2026-11-23T11:55:00Z"},
        {"run": "1"},
        {"kind": "deployment.failed", "occurred_at": "2026-11-23T12:01:00Z"},
    ],
    "a start of the day before yesterday": [
        {"kind": "deployment.started", "occurred_at": "2026-11-21T12:00:00Z"},
        {},
    ],
}


@pytest.mark.django_db
@pytest.mark.parametrize("case", CASES)
def test_both_ways_come_to_the_same(payments: Team, case: str) -> None:
    """A service hears it in the plain way, its twin as somebody without a token would tell it."""
    twins = make_team("twins")
    plain, general = make_service("plain", payments), make_service("general", twins)
    for service in (plain, general):
        make_plan(service)
    somebody = Actor(ci_of(payments).label, roles={twins.pk: Role.ENGINEER})
    for number, fields in enumerate(CASES[case]):
        key = f"{case} {number}"
        one = told(**fields, id=key, service="plain")
        assert plainly(payments, one) == [0], "this is plain"
        receive(somebody, twins.pk, told(**fields, id=key, service="general"), now=NOW)
    assert known_of(plain) == known_of(general)
    assert stored("plain") == stored("general")


def known_of(service: Service) -> list[Any]:
    """All rows that came of what was told, without what tells the two services apart."""
    rows = [
        *Release.objects.filter(service=service).order_by("version"),
        *DeploymentFact.objects.filter(service=service).order_by("key"),
        *Change.objects.filter(release__service=service).order_by("sha"),
        *Item.objects.filter(release__service=service).order_by("release__version", "key"),
        *Plan.objects.filter(service=service).order_by("release__version"),
        *Delivery.objects.filter(service=service).order_by("received_at", "key"),
    ]
    return [_bare(row) for row in rows]


def _bare(row: Any) -> Any:
    fields = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    ids = {name for name in fields if name == "id" or name.endswith("_id")}
    fields = {name: value for name, value in fields.items() if name not in {*ids, "digest"}}
    if isinstance(row, Delivery):
        fields["body"] = {**row.body, "service": ""}
        fields["answer"] = {**row.answer, "service": "", "release_url": ""}
        fields["answer"]["deployment"] = {**row.answer["deployment"], "id": 0}
    if isinstance(row, Plan):
        fields["steps"] = [model_to_dict(step, exclude=["id", "plan"]) for step in row.steps.all()]
    return fields


def late(service: Service) -> dict[str, Any]:
    make_deployment(service, "1.0", at=NOON, key="first")
    return {"occurred_at": "2026-11-23T11:59:59Z"}


def back(service: Service) -> dict[str, Any]:
    make_deployment(service, "1.0", at=NOON - minutes(9), key="first")
    make_deployment(service, "1.1", at=NOON - minutes(8), key="second")
    return {"version": "1.0"}


def after_a_rollback(service: Service) -> dict[str, Any]:
    back(service)
    make_deployment(service, "1.0", at=NOON - minutes(7), key="third")
    return {"version": "1.2"}


def of_known_commits(service: Service) -> dict[str, Any]:
    Commit.objects.create(service=service, sha="9f3c123", pushed_at=NOON, source="native", key="push")
    return {"commit": "9f3c123"}


def somebody_elses(service: Service) -> dict[str, Any]:
    make_service("search-api", make_team("search"))
    return {"service": "search-api"}


def with_a_used_key(service: Service) -> dict[str, Any]:
    assert plainly(service.team, told(id="build-0")) == [0]
    return {"id": "build-0"}


def by_a_revoked_token(service: Service) -> dict[str, Any]:
    ci_of(service.team)
    Token.objects.update(revoked_at=NOON)
    return {}


def by_an_expired_token(service: Service) -> dict[str, Any]:
    ci_of(service.team)
    Token.objects.update(expires_at=NOW)
    return {}


def without_the_scope(service: Service) -> dict[str, Any]:
    ci_of(service.team)
    Token.objects.update(scopes=[Scope.READ])
    return {}


def by_the_token_of_another_service(service: Service) -> dict[str, Any]:
    ci_of(service.team)
    Token.objects.update(service=make_service("basket", service.team))
    return {}


@pytest.mark.django_db
@pytest.mark.parametrize("there_is", [late, back, after_a_rollback, of_known_commits])
def test_both_ways_come_to_the_same_where_the_place_is_folded_anew(
    payments: Team, there_is: Callable[[Service], dict[str, Any]]
) -> None:
    twins = make_team("twins")
    plain, general = make_service("plain", payments), make_service("general", twins)
    fields = there_is(plain)
    there_is(general)
    assert plainly(payments, told(**fields, id="it", service="plain")) == [0]
    somebody = Actor(ci_of(payments).label, roles={twins.pk: Role.ENGINEER})
    receive(somebody, twins.pk, told(**fields, id="it", service="general"), now=NOW)
    assert known_of(plain) == known_of(general)
    assert derived("plain") == derived("general")


@pytest.mark.django_db
def test_a_list_comes_to_the_same_as_its_events_alone_and_is_answered_with_what_became_of_them(
    payments: Team, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    """A history that is told in one go and after the present: rollbacks, redeploys, runs, any order."""
    twins = make_team("twins")
    whole, alone = make_service("whole", payments), make_service("alone", twins)
    for service in (whole, alone):
        make_deployment(service, "9.9", at=NOON, key="present")
        Commit.objects.create(service=service, sha="9f3c123", pushed_at=NOON, source="native", key="push")
    history = [
        {
            "kind": f"deployment.{kind}",
            "version": version,
            "id": f"{number} {kind}",
            "run": str(number),
            "occurred_at": (NOON - timedelta(days=40 - number, minutes=kind == "started")).isoformat(),
            "commit": "9f3c123" if version == "3" else None,
        }
        for number, version in enumerate("123123445246782")
        for kind in ("started", "failed" if number == 7 else "succeeded")
    ]
    Random(26).shuffle(history)  # any order will do, but the same each time
    with django_assert_max_num_queries(60):
        answers = answers_of(payments, *(told(**each, service="whole") for each in history))
    somebody = Actor(ci_of(payments).label, roles={twins.pk: Role.ENGINEER})
    for each in history:
        receive(somebody, twins.pk, told(**each, service="alone"), now=NOW)
    assert derived("whole") == derived("alone")
    assert [change.sha for change in Change.objects.filter(release__service=whole)] == ["9f3c123"]
    for number, each in enumerate(history):
        row = Deployment.objects.get(pk=answers[number].body["deployment"]["id"])
        facts = {fact.key for fact in (row.start, row.finish) if fact}
        assert each["id"] in facts
        said = answers[number].body["deployment"]
        assert (said["status"], said["mode"]) == (row.status_at(NOW), row.mode or None)
        assert dict(answers[number].body) == Delivery.objects.get(key=each["id"], team=payments).answer


NOT_PLAIN: list[Callable[[Service], dict[str, Any]]] = [
    somebody_elses,
    with_a_used_key,
    by_a_revoked_token,
    by_an_expired_token,
    without_the_scope,
    by_the_token_of_another_service,
    lambda _: {"environment": "moon"},
    lambda _: {"service": "nobody-knows"},
    lambda _: {"config": {"DEBUG": "hmac-sha256:" + "0" * 64}},
    lambda _: {"kind": "check.finished", "key": "lint", "outcome": "passed"},
    lambda _: {"version": "no version"},
]


@pytest.mark.django_db
@pytest.mark.parametrize("there_is", NOT_PLAIN)
def test_what_is_not_plain_is_left_as_it_was(
    payments: Team, there_is: Callable[[Service], dict[str, Any]]
) -> None:
    fields = there_is(make_service("checkout-api", payments))
    facts, revisions = DeploymentFact.objects.count(), list(Service.objects.values_list("slug", "revision"))
    ci = ci_of(payments) if not Token.objects.exists() else Token.objects.get().as_actor()
    assert plainly(payments, told(**fields), actor=ci) == []
    assert DeploymentFact.objects.count() == facts
    assert list(Service.objects.values_list("slug", "revision")) == revisions


@pytest.mark.django_db
def test_a_late_commit_of_a_release_does_not_replace_a_later_one(payments: Team) -> None:
    """Staging heard of the newer commit first: what a release has is what was said last, wherever."""
    make_service("checkout-api", payments)
    assert plainly(payments, told(environment="staging", commit="bbbbbbb")) == [0]
    assert plainly(payments, told(commit="aaaaaaa", occurred_at="2026-11-23T11:00:00Z")) == [0]
    assert Release.objects.get().reported_commit == "bbbbbbb"
    assert plainly(payments, told(commit="ccccccc", occurred_at="2026-11-23T12:01:00Z")) == [0]
    assert Release.objects.get().reported_commit == "ccccccc"


@pytest.mark.django_db
def test_a_planned_release_keeps_what_was_planned(payments: Team) -> None:
    release = make_release(make_service("checkout-api", payments), title="One query", commit="1234567")
    assert plainly(payments, told(version=release.version, commit="9f3c123")) == [0]
    release.refresh_from_db()
    assert (release.title, release.commit, release.reported_commit) == ("One query", "1234567", "9f3c123")


@pytest.mark.django_db
def test_of_a_list_the_plain_ones_are_taken_in_whatever_their_order(payments: Team) -> None:
    make_service("checkout-api", payments)
    newest = told(version="2", occurred_at="2026-11-23T12:02:00Z")
    oldest = told(version="1", occurred_at="2026-11-23T12:01:00Z")
    nowhere = told(environment="moon")
    again = told(id=newest.key, version="2", occurred_at="2026-11-23T12:02:00Z")
    before = Service.objects.get().revision
    assert plainly(payments, newest, nowhere, oldest, again) == [0, 2]
    assert Service.objects.get().revision == before + 1, "once a list"


@pytest.mark.django_db
def test_a_list_that_ends_with_what_is_not_plain_still_raises_the_revision(payments: Team) -> None:
    make_service("checkout-api", payments)
    before = Service.objects.get().revision
    used = told(id="used", occurred_at="2026-11-23T12:01:00Z")
    assert plainly(payments, used) == [0]
    taken, again = (
        told(occurred_at="2026-11-23T12:02:00Z"),
        told(id="used", occurred_at="2026-11-23T12:03:00Z"),
    )
    assert plainly(payments, taken, again) == [0]
    assert Service.objects.get().revision == before + 2


@pytest.mark.django_db
def test_what_follows_the_first_word_of_a_service_is_plain_again(
    payments: Team, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    """The first batch of a new service costs one message more than any other."""
    batch = [told(service="new", id=str(number), version=f"1.{number}") for number in range(50)]
    batch[7:7] = [
        told(service="new", environment="nowhere", id="wrong"),
        batch[0],
        told(service="new", id="0"),
    ]
    actor = ci_of(payments)
    with django_assert_max_num_queries(80):
        answers = receive_all(actor, payments.pk, batch, now=NOW)
    outcomes = [said.status for said in answers]
    assert outcomes == [201] * 7 + [422, 200, 409] + [201] * 43
    assert DeploymentFact.objects.filter(service__slug="new").count() == 50
    assert Live.objects.get().release.version == "1.9", "of all at one moment the largest id, bytewise"


def test_a_new_services_history_is_plain_in_whatever_order_it_comes(
    payments: Team, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    batch = [
        told(service="new", id=str(number), version=f"1.{number}", occurred_at=f"2026-11-23T11:{number}:00Z")
        for number in (30, 10, 50, 20, 40)
    ]
    wrong = told(service="new", id="wrong", environment="nowhere", occurred_at="2026-11-23T09:00:00Z")
    with django_assert_max_num_queries(60):
        answers = receive_all(ci_of(payments), payments.pk, [*batch, wrong], now=NOW)
    assert [said.status for said in answers] == [201] * 5 + [422]
    modes = Deployment.objects.order_by("finished_at").values_list("release__version", "mode")
    assert list(modes) == [(f"1.{number}", "forward") for number in (10, 20, 30, 40, 50)]


def test_where_one_collides_none_is_taken_in(payments: Team) -> None:
    """A service that came from another team brings facts whose keys this team may use once more."""
    service = make_service("checkout-api", payments)
    make_deployment(service, "1.0", at=NOON - minutes(9), key="build-0")
    assert plainly(payments, told(id="build-1"), told(id="build-0")) == []
    assert not Delivery.objects.exists()
    assert plainly(payments, told(id="build-1")) == [0], "the connection is as good as before"


def test_a_key_that_is_being_claimed_is_not_waited_for(committed: None, payments: Team) -> None:
    """Who claims a key may wait for the service, so who holds the service must not wait for the key."""
    make_service("checkout-api", payments)
    message = told(id="build-0")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(deliveries_key(%s, 'native', 'build-0'))", [payments.pk])
        assert at_once([lambda: plainly(payments, message)]) == [[]]
        cursor.execute("SELECT pg_advisory_unlock_all()")
    assert plainly(payments, message) == [0]


@pytest.mark.django_db
def test_nobody_without_a_token_is_plain(payments: Team) -> None:
    make_service("checkout-api", payments)
    assert take_in(Actor("desk", superuser=True), [], now=NOW) == {}
    assert plainly(payments, told(), actor=Actor("desk", superuser=True)) == []


@pytest.mark.django_db
def test_a_start_that_nobody_ended_is_answered_as_lost_after_an_hour(payments: Team) -> None:
    make_service("checkout-api", payments)
    for key, at in (("old", NOW - timedelta(hours=1, seconds=1)), ("new", NOW - timedelta(hours=1))):
        message = told(id=key, kind="deployment.started", occurred_at=at.isoformat())
        answer = answers_of(payments, message)[0]
        assert isinstance(answer, Answer)
        assert answer.body["deployment"]["status"] == ("lost" if key == "old" else "started")
