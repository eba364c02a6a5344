"""Keeping the desk's own stores small and its jobs moving. None of it touches what people recorded."""

from __future__ import annotations

from django.core.management import call_command
from procrastinate.contrib.django import app

KEEP_LOGIN_ATTEMPTS_DAYS = 30
KEEP_FINISHED_JOBS_HOURS = 7 * 24


def forget_expired_sessions(timestamp: int) -> None:  # noqa: ARG001 (procrastinate passes it)
    """Delete the sessions that have ended by their own date."""
    call_command("clearsessions")


def forget_login_attempts(timestamp: int) -> None:  # noqa: ARG001 (procrastinate passes it)
    """Delete the record of who signed in from where, once it is of no more use."""
    call_command("axes_reset_logs", age=KEEP_LOGIN_ATTEMPTS_DAYS, verbosity=0)


async def forget_finished_jobs(timestamp: int) -> None:  # noqa: ARG001 (procrastinate passes it)
    """Delete jobs that ended well. Failed ones stay until a person has seen them."""
    await app.job_manager.delete_old_jobs(nb_hours=KEEP_FINISHED_JOBS_HOURS)


async def take_up_stalled_jobs(timestamp: int) -> None:  # noqa: ARG001 (procrastinate passes it)
    """Put back in the queue what a worker had begun when it was killed."""
    for job in await app.job_manager.get_stalled_jobs():
        await app.job_manager.retry_job(job)
