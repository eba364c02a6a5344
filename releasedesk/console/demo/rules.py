"""What the demo's teams agreed on: freezes, a line of their own on the checklist, settings that differ."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta

from releasedesk.accounts.models import Team
from releasedesk.accounts.roles import Actor
from releasedesk.actions.checklist_template import LineBody, Scope, put_line
from releasedesk.actions.configuration import Meaning, config_key, mean_difference
from releasedesk.actions.decide_item import Decision, decide_item
from releasedesk.actions.locks import lock, lock_request
from releasedesk.actions.teams import set_clock
from releasedesk.catalog.models import Environment, Service
from releasedesk.ingest.receive import receive_native
from releasedesk.problems.zones import ClockBody
from releasedesk.releases.lock_bodies import LockBody

DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
FREEZES = (
    {
        "service": "ledger",
        "environment": "production",
        "kind": "warn",
        "reason": "The day's bookings are closed at night; ask Tom before you ship.",
        "window": {"kind": "weekly", "days": DAYS, "starts": "22:00", "ends": "06:00"},
    },
    {
        "service": "profiles",
        "environment": "production",
        "kind": "block",
        "reason": "Nobody is on call at the weekend.",
        "window": {
            "kind": "weekly",
            "days": ["friday"],
            "starts": "16:00",
            "ends": "08:00",
            "ends_on": "monday",
        },
    },
)
# environment → setting → value; what is kept of a value is its fingerprint
SETTINGS = {
    "staging": {"DATABASE_POOL": "20", "BASKET_TTL": "60", "PAYMENT_URL": "https://sandbox.pay.example"},
    "production": {
        "DATABASE_POOL": "20",
        "BASKET_TTL": "300",
        "PAYMENT_URL": "https://pay.example",
        "FRAUD_CHECK": "on",
    },
}


def agree(team: Team, lead: Actor, *, at: datetime) -> None:
    """Let a lead say how the team works, before any of its releases is planned."""
    set_clock(lead, team, ClockBody(timezone="Europe/Berlin"))
    if team.slug == "payments":
        line = {
            "key": "money",
            "label": "Amounts checked",
            "list": "security",
            "help": "Two people have read every change to an amount or a currency.",
            "position": 5,
        }
        put_line(lead, Scope(team=team), LineBody.read(line), now=at)


def freeze(lead: Actor, *, at: datetime) -> None:
    """Let a lead write down the freezes."""
    for words in FREEZES:
        lock(lead, lock_request(lead, LockBody.read(words)), now=at)


def compare_settings(pipeline: Actor, owner: Actor, service: Service, *, at: datetime) -> None:
    """Let the pipeline report two configurations, and the owner explain one difference."""
    key, _ = config_key(pipeline, service, now=at)
    for environment in Environment.objects.filter(name__in=SETTINGS):
        config = {name: _fingerprint(key, name, value) for name, value in SETTINGS[environment.name].items()}
        event = {
            "id": f"{service.slug}-config-{environment.name}",
            "type": "config.reported",
            "occurred_at": at.isoformat(),
            "service": service.slug,
            "environment": environment.name,
            "config": config,
        }
        receive_native(pipeline, service.team_id, event, now=at)
    meaning = Meaning(reason="Staging pays with the provider's sandbox, so that no test costs money.")
    mean_difference(owner, service, "PAYMENT_URL", meaning, now=at + timedelta(minutes=10))


def waive(lead: Actor, service: Service, version: str, *, at: datetime) -> None:
    """Let a lead waive a required item of a release, with the reason."""
    item = (
        service.releases.get(version=version).items.select_related("release__service").get(key="integration")
    )
    reason = "The check needs the second factor's provider, which is down today; tried by hand on staging."
    decide_item(lead, item, Decision(outcome="waived", reason=reason), now=at)


def _fingerprint(key: bytes, name: str, value: str) -> str:
    digest = hmac.new(key, f"{name}\0{value}".encode(), hashlib.sha256)
    return f"hmac-sha256:{digest.hexdigest()}"
