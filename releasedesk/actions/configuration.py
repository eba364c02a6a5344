"""Keep the fingerprints of a configuration, the key they are made with, and what is meant to differ."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from django.db import transaction
from pydantic import ConfigDict, StringConstraints

from releasedesk.accounts.roles import Actor, Role
from releasedesk.catalog.models import Environment, Service
from releasedesk.operations.sealed import BrokenSealError
from releasedesk.problems.body import Body, Text
from releasedesk.problems.problem import FieldError, Problem, invalid
from releasedesk.problems.text import has_control
from releasedesk.releases.models import ConfigKey, MeantDifference, Release, ReportedConfig

KEY_BYTES = 32
NAME_AT_MOST = 200


class Meaning(Body):
    """Why a setting is meant to differ."""

    model_config = ConfigDict(json_schema_extra={"required": ["reason"]})

    reason: Annotated[Text, StringConstraints(strip_whitespace=True)] | None = None

    EXAMPLE = {"reason": "More is logged on staging."}


def report_config(
    actor: Actor,
    service: Service,
    environment: Environment,
    digests: Mapping[str, str],
    *,
    release: Release | None,
    at: datetime,
    source: str,
    key: str,
) -> ReportedConfig:
    """Keep names and keyed digests as they were at that time. Raises 403 for somebody else's service."""
    _allow(actor, service, Role.ENGINEER, "report on")
    with transaction.atomic():
        Service.objects.filter(pk=service.pk).changed()
        return ReportedConfig.objects.create(
            service=service,
            environment=environment,
            release=release,
            source=source,
            key=key,
            occurred_at=at,
            digests=dict(digests),
        )


def config_key(actor: Actor, service: Service, *, now: datetime) -> tuple[bytes, datetime]:
    """Return the key that digests of the service's settings are made with, and since when it counts.

    It is random and made when it is first needed; two who need it at once get the same. Raises 403 for
    somebody else's service, and 409 when it cannot be read because SECRET_KEY was lost.
    """
    _allow(actor, service, Role.ENGINEER, "read the configuration key of")
    keys = ConfigKey.objects.filter(service=service)
    found = keys.first()
    if found is None:
        with transaction.atomic():
            Service.objects.locked(service.slug)
            found = keys.first() or _new_key(actor, service, now)
    try:
        return found.key, found.created_at
    except BrokenSealError as error:
        raise Problem(
            "conflict", f"{error} A lead can make one on the service's configuration page."
        ) from None


def renew_config_key(actor: Actor, service: Service, *, now: datetime) -> ConfigKey:
    """Make another key, as after a leak. What was reported before compares with nothing. Raises 403."""
    _allow(actor, service, Role.LEAD, "renew the configuration key of")
    with transaction.atomic():
        Service.objects.filter(pk=service.pk).changed()
        ReportedConfig.objects.filter(service=service).update(outdated=True)
        return _new_key(actor, service, now)


def mean_difference(
    actor: Actor, service: Service, name: str, meaning: Meaning, *, now: datetime
) -> MeantDifference:
    """Write down why a setting is meant to differ. Raises 403, and 422 without a reason or for no name."""
    _allow(actor, service, Role.ENGINEER, "explain settings of")
    name = name.strip()
    if not name:
        raise invalid(FieldError("#/name", "required", "Which setting?", "its name"))
    if len(name) > NAME_AT_MOST or has_control(name):
        expected = f"at most {NAME_AT_MOST} characters on one line"
        raise invalid(FieldError("#/name", "format", "No setting is called so.", expected, name[:100]))
    if not meaning.reason:
        expected = "why it is meant to differ"
        raise invalid(FieldError("#/reason", "required", "A difference needs its reason.", expected))
    with transaction.atomic():
        Service.objects.filter(pk=service.pk).changed()
        fields = {"reason": meaning.reason, "created_by": actor.label, "created_at": now}
        return MeantDifference.objects.update_or_create(service=service, name=name, defaults=fields)[0]


def end_difference(actor: Actor, difference: MeantDifference) -> None:
    """Let a setting be the same everywhere again. Raises 403."""
    service = difference.service
    _allow(actor, service, Role.ENGINEER, "explain settings of")
    with transaction.atomic():
        Service.objects.filter(pk=service.pk).changed()
        difference.delete()


def _new_key(actor: Actor, service: Service, now: datetime) -> ConfigKey:
    row = ConfigKey(service=service, created_by=actor.label, created_at=now)
    row.key = secrets.token_bytes(KEY_BYTES)
    row.save()
    return row


def _allow(actor: Actor, service: Service, role: Role, verb: str) -> None:
    actor.require(role, team_id=service.team_id, service_id=service.pk, what=f"{verb} {service.slug}")
