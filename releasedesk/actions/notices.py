"""Tell a team what happened: written down in the transaction of what happened, sent by a job afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import ConnectorException

from releasedesk.catalog.models import Service
from releasedesk.deliveries.notices import Event, Notice, Target

TASK = "send_notice"
ATTEMPTS = 7
FIRST_PAUSE = timedelta(seconds=10)  # then twice as long each time: about ten minutes in all
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class News:
    """What is told. `key` names the occasion, so that it is told once; `path` is where to read on."""

    event: Event
    key: str
    title: str
    text: str
    path: str
    data: Mapping[str, Any] = field(default_factory=dict)


def announce(service: Service, news: News, *, now: datetime) -> None:
    """Tell whom the service's team wants told. The caller is in a transaction: nothing is sent yet."""
    for target in Target.objects.filter(team=service.team_id, ended_at=None, events__contains=[news.event]):
        notice, is_new = Notice.objects.get_or_create(
            target=target,
            key=news.key[:200],
            defaults={
                "event": news.event,
                "title": news.title[:300],
                "text": news.text,
                "data": {**news.data, "service": service.slug, "path": news.path},
                "created_at": now,
                "due_at": now,
            },
        )
        if is_new:
            enqueue(notice)


def enqueue(notice: Notice, wait: timedelta = timedelta(0)) -> None:
    """Hand a notice to the worker, by the job's name.

    A queue that is not there must stop nobody who goes back: the notice waits, and the clock finds it later.
    """
    try:
        with transaction.atomic():
            seconds = {"seconds": int(wait.total_seconds())}
            app.configure_task(TASK, schedule_in=seconds if wait else None).defer(notice=notice.pk)
    except ConnectorException:
        log.warning("The queue did not take a notice; it waits.", notice=notice.pk)


def settle_notice(notice: Notice, *, error: str = "", again: bool = False, now: datetime) -> None:
    """Write down how an attempt went, and enqueue the next one if there is to be one."""
    with transaction.atomic():
        held = Notice.objects.select_for_update().get(pk=notice.pk)
        held.attempts += 1
        held.error = error
        if error and again and held.attempts < ATTEMPTS:
            pause = FIRST_PAUSE * 2 ** (held.attempts - 1)
            held.due_at = now + pause
            enqueue(held, pause)
        else:
            held.state = Notice.State.FAILED if error else Notice.State.SENT
            held.settled_at = now
        held.save(update_fields=["attempts", "error", "due_at", "state", "settled_at"])


def enqueue_overdue(*, now: datetime) -> int:
    """Hand over again what should have been sent by now. Returns how many."""
    with transaction.atomic():
        overdue = list(Notice.objects.overdue(now).select_for_update(skip_locked=True))
        for notice in overdue:
            notice.due_at = now
            notice.save(update_fields=["due_at"])
            enqueue(notice)
    return len(overdue)
