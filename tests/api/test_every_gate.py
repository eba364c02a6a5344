"""Each gate of the table, met, unmet and overridden, as the API, the page and the command tell it."""

from __future__ import annotations

import html
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from releasedesk.accounts.models import Team, User
from releasedesk.accounts.roles import DESK
from releasedesk.actions.configuration import report_config
from releasedesk.actions.locks import LockRequest, lock
from releasedesk.actions.plans import write_plan
from releasedesk.catalog.models import Service
from releasedesk.releases.models import GateLevel, Lock, Release
from releasedesk.reports.gates.table import BY_KEY, TABLE
from releasedesk.rollbacks.bodies import PlanBody
from tests.api.asking import CHECKOUT, post
from tests.api.conftest import signed_in
from tests.builders import (
    NOON,
    PLAN,
    make_environment,
    make_plan,
    make_rehearsal,
    make_release,
    make_shippable,
    make_token,
    minutes,
)
from tests.cli.here import speak_to_this_desk
from tests.cli.servers import command

GATE = f"{CHECKOUT}/releases/1.1/gate?environment=production"
OVERRIDES = f"{CHECKOUT}/releases/1.1/gate/overrides?environment=production"
PAGE = "/services/checkout-api/releases/1.1/"
WHY = "The outage cannot wait; what is missing follows tomorrow at ten."
every_gate = pytest.mark.parametrize("key", BY_KEY)


def no_owner(release: Release) -> None:
    """Its way back has one, so that it stays ready."""
    make_plan(release.service, release, owner="alice", now=NOON - minutes(9))
    make_rehearsal(release, finished_at=NOON - minutes(8))
    make_release(release.service, "1.1", owner=None)


def nothing_expected(release: Release) -> None:
    make_release(release.service, "1.1", expected_result=None)


def two_changes(release: Release) -> None:
    make_release(release.service, "1.1", change=None)


def a_failed_check(release: Release) -> None:
    release.items.filter(key="lint").update(outcome="failed")


def nothing_measured(release: Release) -> None:
    release.snapshots.filter(phase="before").delete()


def another_way_back(release: Release) -> None:
    body = PlanBody.read({**PLAN, "data_note": "Nobody has rehearsed this text."})
    write_plan(DESK, release.service, release, body, now=NOON)


def another_commit(release: Release) -> None:
    make_release(release.service, "1.1", commit="77ab000")


def another_configuration(release: Release) -> None:
    configure(release.service, NOON, production="hmac-sha256:" + "1" * 64)


def locked(release: Release) -> None:
    lock(DESK, LockRequest(release.service, None, Lock.Kind.BLOCK, "An incident.", None), now=NOON)


TAKE_AWAY: dict[str, Callable[[Release], None]] = {
    "owner": no_owner,
    "expected_result": nothing_expected,
    "one_change": two_changes,
    "checklist": a_failed_check,
    "measured_before": nothing_measured,
    "rollback_ready": another_way_back,
    "staging_first": another_commit,
    "staging_config": another_configuration,
    "no_lock": locked,
}


def configure(service: Service, at: datetime, **digests: str) -> None:
    for place, digest in digests.items():
        report_config(
            DESK,
            service,
            make_environment(place),
            {"DATABASE_POOL": digest},
            release=None,
            at=at,
            source="native",
            key=f"{place} {at}",
        )


@pytest.fixture
def release(checkout: Service, alice: User) -> Release:
    """1.1 may ship to production, where every gate is required."""
    for gate in TABLE:
        GateLevel.objects.create(
            environment=make_environment("production"),
            gate=gate.key,
            level="required",
            set_by="ada",
            set_at=NOON,
        )
    configure(
        checkout, NOON - minutes(9), staging="hmac-sha256:" + "0" * 64, production="hmac-sha256:" + "0" * 64
    )
    return make_shippable(checkout, "1.1", owner="alice")


def told_by_the_command(
    payments: Team, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> str:
    """What `releasedesk gate` prints, speaking HTTP to the desk itself; its exit code is in front."""
    speak_to_this_desk(monkeypatch, make_token(payments))
    code = command("gate", "checkout-api", "1.1", "--environment=production")
    return f"{code} {capsys.readouterr().out}"


def condition(ci: Client, key: str) -> dict[str, Any]:
    (found,) = (one for one in ci.get(GATE).json()["conditions"] if one["key"] == key)
    return dict(found)


def page_of(browser: Client) -> str:
    """What the part of the gate says, in one line."""
    text = html.unescape(browser.get(PAGE).content.decode())
    return " ".join(text[text.index('id="gate"') : text.index("</section>", text.index('id="gate"'))].split())


def test_every_gate_can_be_taken_away() -> None:
    assert list(TAKE_AWAY) == list(BY_KEY), "a new gate needs its line in this test"


@every_gate
def test_a_gate_that_is_met_is_told_everywhere(
    ci: Client,
    release: Release,
    payments: Team,
    bob: User,
    key: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    one = condition(ci, key)
    assert (one["state"], one["level"], one["fix"]) == ("met", "required", None)
    assert one["detail"] in page_of(signed_in(bob))
    told = told_by_the_command(payments, monkeypatch, capsys)
    assert told.startswith("0 checkout-api 1.1 may ship to production.")
    assert f"  ok         {one['label']}: {one['detail']}\n" in told


@every_gate
def test_a_gate_that_is_not_met_is_told_everywhere_with_where_it_is_mended(
    ci: Client,
    release: Release,
    payments: Team,
    bob: User,
    key: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    TAKE_AWAY[key](release)
    one = condition(ci, key)
    assert (one["state"], one["level"]) == ("unmet", "required")
    path = one["fix"].removeprefix("http://testserver")
    browser = signed_in(bob)
    assert browser.get(path.partition("#")[0]).status_code == 200
    page = page_of(browser)
    assert one["detail"] in page
    assert f'href="{path}"' in page
    told = told_by_the_command(payments, monkeypatch, capsys)
    missing = "the end of a lock" if key == "no_lock" else BY_KEY[key].label
    sentence = f"checkout-api 1.1 may not ship to production yet: {missing}."
    assert told.startswith(f"1 {sentence}\n")
    assert sentence in page
    assert f"  STOPS      {one['label']}: {one['detail']}\n             {one['fix']}\n" in told


@every_gate
def test_a_gate_that_a_lead_overrides_is_told_everywhere(
    ci: Client,
    release: Release,
    payments: Team,
    alice: User,
    key: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    TAKE_AWAY[key](release)
    browser = signed_in(alice)
    assert post(browser, OVERRIDES, {"gate": key, "reason": WHY}).status_code == 201
    one = condition(ci, key)
    assert one["state"] == "overridden"
    page = page_of(browser)
    assert one["detail"] in page
    assert WHY in page
    told = told_by_the_command(payments, monkeypatch, capsys)
    assert told.startswith("0 checkout-api 1.1 may ship to production.")
    assert f"  overridden {one['label']}: {one['detail']}\n" in told
    assert f"  alice overrode {key}: {WHY}\n" in told
