"""Whatever is sent, how often, in which order and in which company: the same facts give the same desk."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings as django_settings
from django.db import connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from releasedesk.accounts.models import Team
from releasedesk.accounts.roles import Actor
from releasedesk.deliveries.models import Delivery
from releasedesk.ingest import native
from releasedesk.ingest.lists import receive_all
from releasedesk.ingest.receive import skew
from releasedesk.releases.models import DeploymentFact, Lock
from tests.builders import NOON, event, make_service, make_team
from tests.releases.folded import Stored, ci_of, folded, stored

NOW = NOON + timedelta(days=3)
SERVICE, IN_ORDER = "checkout-api", "in-order"
told_once: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["started", "succeeded", "succeeded", "failed"]),
        "version": st.sampled_from(["1", "2", "3"]),
        "environment": st.sampled_from(["production", "production", "staging"]),
        "hours": st.sampled_from([0, 1, 2, 3, 25, 26, 60]),
        "run": st.sampled_from([None, None, "a", "b"]),
    }
)


EXAMPLES = int(os.environ.get("EXAMPLES", "500"))  # fewer for a quick look; CI runs them all


def send(team: Team, bodies: Sequence[dict[str, Any]], ci: Actor | None = None) -> list[int]:
    """Tell it as the team's CI, which is looked up where `ci` is not given."""
    messages = [native.message(body, now=NOW, skew=skew()) for body in bodies]
    return [each.status for each in receive_all(ci or ci_of(team), team.pk, messages, now=NOW)]


def derived(service: str) -> tuple[Stored, list[Any]]:
    """What follows from the facts of a service: deployments, marks, what is live, locks of rollbacks."""
    locks = Lock.objects.filter(service__slug=service, rollback__isnull=False)
    kept = locks.order_by("rollback__key").values_list(
        "rollback__key", "reason", "released_at", "lifted_by__key"
    )
    return stored(service), list(kept)


class Senders(RuleBasedStateMachine):
    """Senders who are late, repeat themselves and put several events into one request."""

    def __init__(self) -> None:
        super().__init__()
        self.undo = transaction.atomic()
        self.undo.__enter__()
        self.team = Team.objects.get(slug="payments")
        self.ci = ci_of(self.team)
        self.events: list[dict[str, Any]] = []
        self.waiting: list[dict[str, Any]] = []
        self.sent: list[dict[str, Any]] = []

    @initialize(several=st.lists(told_once, min_size=2, max_size=6))
    def happen(self, several: list[dict[str, Any]]) -> None:
        for drawn in several:
            number = len(self.events)
            body = event(
                f"deployment.{drawn['kind']}",
                id=f"e{number}",
                service=SERVICE,
                version=drawn["version"],
                environment=drawn["environment"],
                run=drawn["run"],
                occurred_at=(NOON + timedelta(hours=drawn["hours"])).isoformat(),
            )
            self.events.append(body)
            self.waiting.append(body)

    @rule(one=told_once)
    def happens(self, one: dict[str, Any]) -> None:
        self.happen([one])

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def tell_one(self, data: st.DataObject) -> None:
        body = self.waiting.pop(data.draw(st.integers(0, len(self.waiting) - 1)))
        assert send(self.team, [body], self.ci) == [201]
        self.sent.append(body)

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def tell_several_at_once(self, data: st.DataObject) -> None:
        bodies = data.draw(st.permutations(self.waiting))[: data.draw(st.integers(1, 4))]
        known = data.draw(st.lists(st.sampled_from(self.sent), max_size=2)) if self.sent else []
        assert send(self.team, [*bodies, *known, *bodies[:1]], self.ci) == [201] * len(bodies) + [200] * (
            len(known) + 1
        )
        self.waiting = [body for body in self.waiting if body not in bodies]
        self.sent += bodies

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def tell_again(self, data: st.DataObject) -> None:
        body = data.draw(st.sampled_from(self.sent))
        assert send(self.team, [body], self.ci) == [200]
        assert send(self.team, [{**body, "command": "something else"}], self.ci) == [409]

    def teardown(self) -> None:
        try:
            for body in self.waiting:
                assert send(self.team, [body], self.ci) == [201]
            self.compare()
        finally:
            transaction.set_rollback(True)
            self.undo.__exit__(None, None, None)

    def compare(self) -> None:
        """Against the pure fold, and against another service that hears everything once and in order."""
        assert stored(SERVICE) == folded(self.events)
        assert DeploymentFact.objects.count() == len(self.events)
        orderly = Team.objects.get(slug="orderly")
        ci = ci_of(orderly)
        for body in sorted(self.events, key=native_order):
            assert send(orderly, [{**body, "service": IN_ORDER}], ci) == [201]
        assert derived(SERVICE) == derived(IN_ORDER)


def native_order(body: dict[str, Any]) -> tuple[str, bool, str]:
    return body["occurred_at"], body["type"] != "deployment.started", body["id"]


@pytest.mark.long
@pytest.mark.django_db
def test_any_telling_of_the_same_facts_ends_in_the_same_desk() -> None:
    for service, team in ((SERVICE, make_team("payments")), (IN_ORDER, make_team("orderly"))):
        make_service(service, team)
        ci_of(team)  # its token is made once, and not anew for each example
    run_state_machine_as_test(
        Senders,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=8,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


# -- two processes


SENDER = """
import json, sys, django
django.setup()
from datetime import datetime
from releasedesk.accounts.models import Team
from tests.releases.test_any_order import send
team = Team.objects.get(slug="payments")
print("ready", flush=True)
sys.stdin.readline()
print(json.dumps([send(team, bodies) for bodies in json.loads(sys.stdin.readline())]))
"""


def test_two_processes_that_tell_the_same_at_once_tell_it_once(committed: None) -> None:
    team, dice = make_team("payments"), random.Random(7)
    services = [f"service-{number}" for number in range(25)]
    for slug in services[::2]:
        make_service(slug, team)  # of the others the first event is the first word
    events = {slug: [an_event(slug, dice) for _ in range(8)] for slug in services}
    answers = at_the_same_time([parcels(events, random.Random(seed)) for seed in (1, 2)])
    for told in answers:
        assert sorted({status for statuses in told for status in statuses}) == [200, 201]
    first = sum(status == 201 for told in answers for statuses in told for status in statuses)
    assert first == Delivery.objects.count() == DeploymentFact.objects.count() == 25 * 8
    for slug in services:
        assert stored(slug) == folded(events[slug])


def an_event(slug: str, dice: random.Random) -> dict[str, Any]:
    kind = dice.choice(["started", "succeeded", "failed"])
    at = NOON + timedelta(hours=dice.choice([0, 1, 2, 3, 25, 26, 60]))
    where, version = dice.choice(["staging", "production"]), dice.choice("123")
    return event(
        f"deployment.{kind}", service=slug, environment=where, version=version, occurred_at=at.isoformat()
    )


def parcels(events: dict[str, list[dict[str, Any]]], dice: random.Random) -> list[list[dict[str, Any]]]:
    """All events in an order of this process's own: most alone, some in lists over several services."""
    bodies = [body for told in events.values() for body in told]
    dice.shuffle(bodies)
    found = []
    while bodies:
        size = dice.choice([1, 1, 1, 5])
        found.append(bodies[:size])
        bodies = bodies[size:]
    return found


def at_the_same_time(told: list[list[list[dict[str, Any]]]]) -> list[list[list[int]]]:
    """Start one process for each, let them begin together, and return what each was answered."""
    where = urlencode(
        {"host": connection.settings_dict["HOST"], "port": connection.settings_dict["PORT"] or 5432}
    )
    database = connection.settings_dict
    address = f"postgresql://{database['USER']}:{database['PASSWORD']}@/{database['NAME']}?{where}"
    environment = {**os.environ, "DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "releasedesk.settings"}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", SENDER],
            env=environment,
            cwd=django_settings.ROOT,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for _ in told
    ]
    try:
        for process in processes:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
        for process, bodies in zip(processes, told, strict=True):
            assert process.stdin
            process.stdin.write(f"go\n{json.dumps(bodies)}\n")
            process.stdin.flush()
        return [json.loads(process.communicate(timeout=120)[0]) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()
