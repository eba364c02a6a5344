"""Keeping the desk's own stores small and its jobs moving. None of it touches what people recorded."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.core.management import call_command
from procrastinate.contrib.django import app

from releasedesk.actions import deliveries

log = logging.getLogger(__name__)

KEEP_LOGIN_ATTEMPTS_DAYS = 30
KEEP_FINISHED_JOBS_HOURS = 7 * 24


def forget_expired_sessions(timestamp: int) -> None:  # noqa: ARG001 (procrastinate passes it)
    """Delete the sessions that have ended by their own date."""
    call_command("clearsessions")


def forget_login_attempts(timestamp: int) -> None:  # noqa: ARG001 (procrastinate passes it)
    """Delete the record of who signed in from where, once it is of no more use."""
    call_command("axes_reset_logs", age=KEEP_LOGIN_ATTEMPTS_DAYS, verbosity=0)


def forget_bodies(timestamp: int) -> None:
    """Delete the bodies of messages that are of no more use; what they said, and that they came, stays."""
    forgotten = deliveries.forget_bodies(
        now=datetime.fromtimestamp(timestamp, UTC),
        keep=timedelta(days=settings.RETENTION_BODIES_DAYS),
        keep_unmatched=timedelta(days=settings.RETENTION_UNMATCHED_DAYS),
    )
    log.info("forgot the bodies of old deliveries", extra={"count": forgotten})


async def forget_finished_jobs(timestamp: int) -> None:  # noqa: ARG001 (procrastinate passes it)
    """Delete jobs that ended well. Failed ones stay until a person has seen them."""
    await app.job_manager.delete_old_jobs(nb_hours=KEEP_FINISHED_JOBS_HOURS)


async def take_up_stalled_jobs(timestamp: int) -> None:  # noqa: ARG001 (procrastinate passes it)
    """Put back in the queue what a worker had begun when it was killed."""
    for job in await app.job_manager.get_stalled_jobs():
        await app.job_manager.retry_job(job)
