"""One message, taken in: read, claim its key, apply, answer. All of it happens, or none of it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import psycopg
from django.conf import settings
from django.db import IntegrityError, transaction

from releasedesk.accounts.models import Team
from releasedesk.accounts.roles import Actor, Role
from releasedesk.actions.deliveries import claim, keep_original, reject, settle
from releasedesk.actions.services import register_service
from releasedesk.catalog.models import Environment, Service
from releasedesk.deliveries.models import Alias, Delivery, Outcome
from releasedesk.ingest import answer, native, our_words
from releasedesk.ingest.answer import Answer
from releasedesk.ingest.apply import Applied, Told, apply, environment_named
from releasedesk.ingest.facts import Fact
from releasedesk.ingest.message import Announced, Ignored, Message, Reading, Unexplained
from releasedesk.ingest.names import NO_NAMES, Names, UnwantedError
from releasedesk.ingest.our_words import names_of
from releasedesk.operations.statements import unless_sacrificed
from releasedesk.problems.problem import FieldError, Problem


def receive(
    actor: Actor, team_id: int, message: Message, *, now: datetime, known: Names | None = None
) -> Answer:
    """Take in one message (DESIGN §5.3). Answers 201 applied, 202 unmatched or ignored, 200 seen before.

    Raises 403, 409 (same key, another body) and 422; a refused message is kept as `rejected`. `known` is what
    the team has said about names, if somebody has just asked.
    """
    known = names_known(team_id, [message]) if known is None else known
    try:
        reading = our_words.read(message, known)
        delivery, told = unless_sacrificed(partial(_claimed, actor, team_id, message, reading, now=now))
    except Problem as problem:
        reject(actor, team_id, message, problem, now=now)
        raise
    if told.replayed or not delivery.waits_name:
        return told
    return _explained_meanwhile(actor, delivery, message, known, now=now) or told


def _claimed(
    actor: Actor, team_id: int, message: Message, reading: Reading, *, now: datetime
) -> tuple[Delivery, Answer]:
    with transaction.atomic(), _one_fact_a_key(message):
        delivery, is_new = claim(actor, team_id, message, now=now)
        if not is_new:
            return delivery, Answer(200, delivery.answer, replayed=True)
        return delivery, _take_in(actor, delivery, message, reading, now=now)


def _explained_meanwhile(
    actor: Actor, delivery: Delivery, message: Message, known: Names, *, now: datetime
) -> Answer | None:
    """Try once more what has to wait, now that it can be found waiting.

    Who explained its name a moment ago has applied what waited then, and looked before it did.
    """
    if delivery.waits_for == "check" and names_known(delivery.team_id, [message]) == known:
        return None
    try:
        return apply_again(actor, delivery, message, now=now)
    except Problem:
        return None


def names_known(team_id: int, messages: Sequence[Message]) -> Names:
    """What the team has said about names, where there is somebody who could not know ours."""
    return names_of(team_id) if any(message.waits for message in messages) else NO_NAMES


def receive_native(actor: Actor, team_id: int, payload: object, *, now: datetime) -> Answer:
    """Take in one event in the desk's own words."""
    return receive(actor, team_id, native.message(payload, now=now, skew=skew()), now=now)


def apply_again(actor: Actor, delivery: Delivery, message: Message, *, now: datetime) -> Answer:
    """Try a kept message once more, now that more is known; its own delivery is settled anew.

    Only one that is unmatched or ignored can come to another end: any other gives its answer again. Raises
    what `receive` raises, and leaves the delivery as it was.
    """
    known = names_known(delivery.team_id, [message])
    reading = our_words.read(message, known)
    with transaction.atomic(), _one_fact_a_key(message):
        held = Delivery.objects.held(delivery.pk)
        if held.outcome not in {Outcome.UNMATCHED, Outcome.IGNORED}:
            return Answer(200, held.answer, replayed=True)
        return _take_in(actor, held, message, reading, now=now)


@contextmanager
def _one_fact_a_key(message: Message) -> Iterator[None]:
    """Translate what only a service that changed its team can meet: the former team's message of this id."""
    try:
        yield
    except IntegrityError as error:
        cause = error.__cause__
        name = cause.diag.constraint_name if isinstance(cause, psycopg.IntegrityError) else None
        if name not in {"one_fact_per_key", "one_config_per_key"}:
            raise
        raise Problem(
            "conflict",
            f"Another team has reported '{message.key}' of this service. Nothing was stored.",
            [FieldError(message.key_at, "used", "This id is taken.", "a new id", message.key)],
        ) from None


def skew() -> timedelta:
    """How far a sender's clock may be ahead of ours."""
    return timedelta(seconds=settings.CLOCK_SKEW_SECONDS)


def _take_in(
    actor: Actor, delivery: Delivery, message: Message, reading: Reading, *, now: datetime
) -> Answer:
    """Apply all that a claimed message says, or keep it until that is possible; settle its delivery."""
    if isinstance(reading, Ignored):
        unmapped = ("check", reading.job) if reading.job else ("", "")
        return _settle(delivery, Outcome.IGNORED, answer.ignored(message, reading.why), waits_for=unmapped)
    if isinstance(reading, Announced):
        return _announced(delivery, message, reading.environment, now=now)
    if isinstance(reading, Unexplained):
        told = answer.unmatched(message, _unknown("service", reading.repository))
        return _wait(delivery, message, ("service", reading.repository), told)
    try:
        services = _services(actor, delivery.team_id, message, reading, now=now)
    except UnwantedError as unwanted:
        return _settle(delivery, Outcome.IGNORED, answer.ignored(message, str(unwanted)))
    if missing := _missing(message, reading, services):
        first = reading[0]
        told = answer.unmatched(message, _unknown(*missing), first.service, first.environment, first.version)
        return _wait(delivery, message, missing, told)
    done = [(fact, apply(fact, Told(actor, services[fact.service], message.source, now))) for fact in reading]
    fact, applied = next((one for one in done if one[1].deployment), done[0])
    service = services[fact.service]
    return _settle(
        delivery, Outcome.APPLIED, answer.applied(message, service.slug, applied, now=now), service
    )


def _announced(delivery: Delivery, message: Message, name: str, *, now: datetime) -> Answer:
    """An environment that is known by this name is all that was to be told; any other waits for its name."""
    if Environment.objects.filter(name=name).exists():
        told = answer.applied(message, None, Applied(environment=name), now=now)
        return _settle(delivery, Outcome.APPLIED, told)
    told = answer.unmatched(message, _unknown("environment", name), environment=name)
    return _wait(delivery, message, ("environment", name), told)


def _wait(
    delivery: Delivery, message: Message, waits_for: tuple[str, str], told: Mapping[str, Any]
) -> Answer:
    keep_original(delivery, message.body)
    return _settle(delivery, Outcome.UNMATCHED, told, waits_for=waits_for)


def _settle(
    delivery: Delivery,
    outcome: Outcome,
    told: Mapping[str, Any],
    service: Service | None = None,
    waits_for: tuple[str, str] = ("", ""),
) -> Answer:
    settle(delivery, outcome, told, service=service, waits_for=waits_for)
    return Answer(answer.STATUS[outcome], told)


def _services(
    actor: Actor, team_id: int, message: Message, facts: Sequence[Fact], *, now: datetime
) -> dict[str, Service]:
    """Hold the services that the facts are about, by slug; one that is not known and has to wait is left out.

    They are taken in the order of their slugs, so that nobody waits in a circle. Raises UnwantedError.
    """
    slugs = sorted({fact.service for fact in facts})
    found = {slug: _service(actor, team_id, message, slug, now=now) for slug in slugs}
    return {slug: service for slug, service in found.items() if service}


def _service(actor: Actor, team_id: int, message: Message, slug: str, *, now: datetime) -> Service | None:
    service = Service.objects.locked(slug)
    if message.guesses and service is not None and service.team_id != team_id:
        return None
    if service is None and not message.waits:
        meant = Alias.objects.of_team(team_id)[Alias.Kind.SERVICE].get(slug)
        if meant == "":
            raise UnwantedError("service", slug)
        service = Service.objects.locked(meant) if meant else None
    if service is None:
        if actor.service_id is not None or not settings.REGISTER_UNKNOWN_SERVICES:
            return None
        service = register_service(Team.objects.get(pk=team_id), slug, now=now)
    actor.require(Role.ENGINEER, team_id=service.team_id, service_id=service.pk, what=f"report on {slug}")
    return service


def _missing(
    message: Message, facts: Sequence[Fact], services: Mapping[str, Service]
) -> tuple[str, str] | None:
    """Say what the message has to wait for. Raises 422 for an environment that its sender can correct."""
    missing = [("service", slug) for slug in (fact.service for fact in facts) if slug not in services]
    named = sorted({fact.environment for fact in facts if fact.environment is not None})
    if message.waits:
        known = set(Environment.objects.values_list("name", flat=True)) if named else set()
        missing += [("environment", name) for name in named if name not in known]
    elif missing:
        for name in named:
            environment_named(name)
    return missing[0] if missing else None


def _unknown(what: str, name: str) -> str:
    return (
        f"No {what} is called '{name}'. It is kept, and applied as soon as somebody says which one is meant."
    )
