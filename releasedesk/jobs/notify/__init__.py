"""Notices are sent here: one table says how each kind of target is told."""

from __future__ import annotations

from collections.abc import Callable

from django.utils import timezone
from procrastinate.contrib.django import app

from releasedesk.actions.notices import TASK, enqueue_overdue, settle_notice
from releasedesk.deliveries.notices import Notice, Target
from releasedesk.jobs.notify import by_apprise, by_webhook
from releasedesk.operations.outgoing import OutgoingError
from releasedesk.operations.sealed import BrokenSealError

HOW: dict[str, Callable[[Notice], None]] = {
    Target.Kind.WEBHOOK: by_webhook.send,
    Target.Kind.APPRISE: by_apprise.send,
}


@app.task(name=TASK)
def send_notice(notice: int) -> None:
    """Send one notice and write down what became of it; enqueued by name. Calls outside any transaction."""
    row = Notice.objects.select_related("target__team").filter(pk=notice, state=Notice.State.WAITING).first()
    if row is None:  # sent meanwhile, or forgotten with its target
        return
    if row.target.ended_at is not None:
        settle_notice(row, error="The target was ended before it could be told.", now=timezone.now())
        return
    try:
        HOW[row.target.kind](row)
    except OutgoingError as error:
        settle_notice(row, error=error.detail, again=error.retryable, now=timezone.now())
    except BrokenSealError as error:
        settle_notice(row, error=str(error), now=timezone.now())
    else:
        settle_notice(row, now=timezone.now())


def send_overdue(timestamp: int) -> None:  # noqa: ARG001 (procrastinate passes it)
    """Hand over again what lost its job, or never got one."""
    enqueue_overdue(now=timezone.now())
