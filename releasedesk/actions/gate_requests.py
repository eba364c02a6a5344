"""Take in questions of other systems whether something may ship, and say what they are to be told.

Nothing is called here: `consider` computes, a job tells, `settle` and `put_off` write down what came of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from procrastinate.contrib.django import app
from procrastinate.exceptions import ConnectorException

from releasedesk.accounts.roles import Actor, Role
from releasedesk.actions.gate import ask_to_ship
from releasedesk.actions.releases import ensure_release
from releasedesk.catalog.models import Environment, Service, Tier
from releasedesk.deliveries.models import Answering, Source
from releasedesk.problems.problem import Problem
from releasedesk.releases.models import GateAnswer, GateRequest, Release
from releasedesk.reports.gates.answer import Gate, gate
from releasedesk.reports.gates.flavours import comment

TASK = "answer_gate_request"
SHORTEST = 7
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=10), timedelta(minutes=10)
# GitHub takes ten reports beside the decision; the last one is kept for it.
REPORTS = 9
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What was asked. `environment` None: the source's own, else the first of the highest tier."""

    source: str
    key: str
    environment: Environment | None
    version: str
    commit: str
    reply: Mapping[str, str]
    url: str


@dataclass(frozen=True, slots=True)
class Telling:
    """What the other side is to be told: `closed` leaves it waiting, the other two end it."""

    verdict: Literal["closed", "approved", "refused"]
    sentence: str
    comment: str
    unmet: tuple[str, ...]
    answer: GateAnswer | None = None


def take_question(actor: Actor, service: Service, question: Question, *, now: datetime) -> GateRequest:
    """Keep a question and see to it that it is answered. Asked once more, it begins anew.

    The caller holds the service. Raises 403.
    """
    actor.require(
        Role.ENGINEER, team_id=service.team_id, service_id=service.pk, what=f"ask for {service.slug}"
    )
    with transaction.atomic():
        asked, _ = GateRequest.objects.update_or_create(
            source_id=question.source,
            key=question.key,
            defaults={
                "service": service,
                "environment": question.environment or _environment_of(question.source),
                "version": question.version,
                "commit": question.commit,
                "reply": dict(question.reply),
                "url": question.url,
                "release": None,
                "answer": None,
                "state": GateRequest.State.WAITING,
                "sentence": "",
                "told": None,
                "times_told": 0,
                "attempts": 0,
                "error": "",
                "asked_at": now,
                "due_at": now,
                "settled_at": None,
            },
        )
        _enqueue(asked)
    return asked


def consider(asked: GateRequest, *, now: datetime) -> Telling | None:
    """Ask the gate, and return what the other side is to be told; None where it knows already.

    An open answer is kept, as that of everybody who asks to ship: the deployment is linked to it.
    """
    release = _release_of(asked, now=now)
    if release is None:
        return _telling(asked, f"{_unknown(asked)} Plan it, or let CI report it.", ("Release",), now=now)
    found = gate(release, asked.environment, now=now)
    if found.is_open:
        found, kept = ask_to_ship(_actor(asked.source), release, asked.environment, now=now)
        if kept.is_open:  # what was written meanwhile counts
            return Telling("approved", found.sentence, _comment(found), (), kept)
    missing = tuple(condition.label for condition in found.decision.unmet)
    return _telling(asked, found.sentence, missing, text=_comment(found), now=now)


def settle(asked: GateRequest, telling: Telling | None, *, now: datetime) -> None:
    """Write down that it was told, or (None) that there was nothing to tell."""
    fields = {"attempts": 0, "error": "", "due_at": now + GateRequest.AGAIN_AFTER, "release": asked.release}
    if telling is not None:
        fields |= {
            "sentence": telling.sentence,
            "told": list(telling.unmet),
            "times_told": asked.times_told + 1,
            "answer": telling.answer,
        }
    if telling is not None and telling.verdict != "closed":
        fields |= {"state": GateRequest.State(telling.verdict), "settled_at": now}
    _write(asked, **fields)


def put_off(asked: GateRequest, telling: Telling, error: str, *, again: bool, now: datetime) -> None:
    """Write down that the other side could not be told, and when that is tried again, if it is."""
    pause = min(FIRST_PAUSE * 2 ** min(asked.attempts, 10), LONGEST_PAUSE)
    fields = {
        "attempts": asked.attempts + 1,
        "error": error,
        "sentence": telling.sentence,
        "due_at": now + pause,
        "release": asked.release,
    }
    if not again or now >= asked.patience_ends:
        fields |= {"state": GateRequest.State.FAILED, "settled_at": now}
    _write(asked, **fields)


def enqueue_due(*, now: datetime) -> int:
    """Hand over what is to be asked again. Returns how many."""
    with transaction.atomic():
        due = list(GateRequest.objects.due(now).select_for_update(skip_locked=True))
        for asked in due:
            asked.due_at = now + GateRequest.AGAIN_AFTER
            asked.save(update_fields=["due_at"])
            _enqueue(asked)
    return len(due)


def _enqueue(asked: GateRequest) -> None:
    """Hand a question to the worker; two jobs about one never run at once. The clock finds what is lost."""
    try:
        with transaction.atomic():
            app.configure_task(TASK, lock=f"{TASK} {asked.pk}").defer(request=asked.pk)
    except ConnectorException:
        log.warning("The queue did not take a question; it waits.", request=asked.pk)


def _write(asked: GateRequest, **fields: object) -> None:
    """Change it, unless it was asked anew while the other side was being told."""
    GateRequest.objects.waiting().filter(pk=asked.pk, asked_at=asked.asked_at).update(**fields)


def _telling(
    asked: GateRequest, sentence: str, missing: tuple[str, ...], *, text: str = "", now: datetime
) -> Telling | None:
    """What is told of a closed gate: at first, when something else is missing, and when patience ends."""
    if now >= asked.patience_ends:
        days = GateRequest.PATIENCE.days
        told = f"{sentence} Nobody mended it within {days} days: ask again by running the job once more."
        return Telling("refused", told, text or told, missing)
    known = asked.told is not None and set(asked.told) == set(missing)
    if known or asked.times_told >= REPORTS:
        return None
    return Telling("closed", sentence, text or sentence, missing)


def _comment(found: Gate) -> str:
    return comment(found.as_json(lambda path: f"{settings.DESK_URL}{path}"))


def _release_of(asked: GateRequest, *, now: datetime) -> Release | None:
    """The release of this commit, else of this version; who deploys a version makes it one, as events do."""
    short = [asked.commit[:length] for length in range(SHORTEST, len(asked.commit) + 1)]
    named = Q(commit__in=short) | Q(reported_commit__in=short) | Q(tagged_commit__in=short)
    rows = asked.service.releases.select_related("service__team", "service__owner", "owner")
    found = next((row for row in rows.filter(named) if asked.commit.startswith(row.sha)), None)
    if found is None and asked.version:
        with transaction.atomic():
            service = Service.objects.locked(asked.service.slug) or asked.service
            made, _ = ensure_release(service, asked.version, actor=_actor(asked.source), now=now)
        found = rows.get(pk=made.pk)
    asked.release = found
    return found


def _unknown(asked: GateRequest) -> str:
    return f"No release of {asked.service.slug} is known to have the commit {asked.commit[:12]}."


def _actor(source: Source) -> Actor:
    return Actor(label=f"{source.name} (source)", roles={source.team_id: Role.ENGINEER})


def _environment_of(source_id: str) -> Environment:
    """What a question that names no environment is asked of. Raises 409 where there is nothing to ship to."""
    answering = Answering.objects.filter(source=source_id).select_related("environment").first()
    if answering and answering.environment:
        return answering.environment
    found = Environment.objects.filter(tier=Tier.PRODUCTION).order_by("order", "name").first()
    if found is None:
        raise Problem("conflict", "The desk has no environment of the tier production to ask about.")
    return found
