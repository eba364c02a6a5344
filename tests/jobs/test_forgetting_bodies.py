"""Bodies of messages are forgotten after a time; that they came is not."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import Settings

from releasedesk.deliveries.models import Delivery
from releasedesk.jobs.housekeeping import forget_bodies
from tests.api.asking import send
from tests.builders import event, minutes
from tests.conftest import Clock

DAY = 24 * 60


@pytest.fixture(autouse=True)
def _kept(settings: Settings) -> None:
    settings.RETENTION_BODIES_DAYS, settings.RETENTION_UNMATCHED_DAYS = 30, 90


def forget(clock: Clock, *, after_days: float) -> None:
    forget_bodies(int((clock.now + minutes(after_days * DAY)).timestamp()))


def test_an_old_body_is_forgotten_and_its_repetition_still_recognised(ci: Client, clock: Clock) -> None:
    body = event(id="build-1")
    first = send(ci, body)
    forget(clock, after_days=29.9)
    assert Delivery.objects.get().body["id"] == "build-1"
    forget(clock, after_days=30.1)
    row = Delivery.objects.get()
    assert (row.body, row.headers, row.sealed, row.outcome) == ({}, {}, "", "applied")
    again = send(ci, body)
    assert (again.status_code, again.json()) == (200, first.json())
    assert send(ci, {**body, "version": "9.9"}).status_code == 409


def test_what_still_waits_is_kept_for_longer(ci: Client, clock: Clock, settings: Settings) -> None:
    settings.REGISTER_UNKNOWN_SERVICES = False
    assert send(ci, event()).status_code == 202
    forget(clock, after_days=60)
    assert Delivery.objects.waiting().get().body
    forget(clock, after_days=91)
    assert not Delivery.objects.waiting().exists()


def test_what_was_refused_goes_with_the_rest(ci: Client, clock: Clock) -> None:
    assert send(ci, event(environment="prod")).status_code == 422
    assert Delivery.objects.get().sealed
    forget(clock, after_days=31)
    row = Delivery.objects.get()
    assert (row.sealed, row.body) == ("", {})
    assert row.answer["errors"], "what was wrong stays to be read"


def test_what_was_refused_is_kept_under_a_key_that_is_not_in_the_database(ci: Client, clock: Clock) -> None:
    send(ci, event(environment="prod", command="deploy --token hunter2"))
    assert "hunter2" not in str(Delivery.objects.values_list().get())
