"""Systems that asked whether something may ship are told, by calling them: at once, and when that changes."""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from releasedesk.actions.gate_requests import TASK, consider, enqueue_due, put_off, settle
from releasedesk.deliveries.models import Answering
from releasedesk.jobs.answer import ANSWER
from releasedesk.operations.outgoing import OutgoingError
from releasedesk.operations.sealed import BrokenSealError
from releasedesk.releases.models import GateRequest

NO_KEY = "The desk has no key to answer with: a lead sets it on the page of this source."


@app.task(name=TASK)
def answer_gate_request(request: int) -> None:
    """Ask the gate and tell who asked; enqueued by name. Calls outside any transaction."""
    rows = GateRequest.objects.waiting().select_related("source", "service__team", "environment")
    asked = rows.filter(pk=request).first()
    if asked is None:  # answered meanwhile, or forgotten with its source
        return
    telling = consider(asked, now=timezone.now())
    if telling is None:
        settle(asked, None, now=timezone.now())
        return
    answering = Answering.objects.filter(source=asked.source_id).first()
    if answering is None:
        put_off(asked, telling, NO_KEY, again=True, now=timezone.now())
        return
    try:
        ANSWER[asked.source.kind](answering, asked.reply, telling)
    except OutgoingError as error:
        put_off(asked, telling, error.detail, again=error.retryable, now=timezone.now())
    except BrokenSealError as error:
        put_off(asked, telling, str(error), again=True, now=timezone.now())
    else:
        settle(asked, telling, now=timezone.now())


def ask_again(timestamp: int) -> None:  # noqa: ARG001 (procrastinate passes it)
    """Ask every gate again that somebody waits at: what was missing may have been mended."""
    enqueue_due(now=timezone.now())
