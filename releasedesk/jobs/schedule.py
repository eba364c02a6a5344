"""What runs when: one table. procrastinate runs it, each entry on one worker at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from procrastinate.contrib.django import app

from releasedesk.jobs import gate_requests, housekeeping, notify, passages, windows

if TYPE_CHECKING:
    from collections.abc import Callable


class Entry(NamedTuple):
    """A job of the clock: when (cron, UTC) and what."""

    cron: str
    job: Callable[[int], Any]


SCHEDULE = {
    "read_windows": Entry("* * * * *", windows.read_windows),
    "take_up_stalled_jobs": Entry("*/5 * * * *", housekeeping.take_up_stalled_jobs),
    "judge_late_reports": Entry("* * * * *", passages.judge_late_reports),
    "send_overdue_notices": Entry("* * * * *", notify.send_overdue),
    "ask_gates_again": Entry("* * * * *", gate_requests.ask_again),
    "forget_expired_sessions": Entry("17 3 * * *", housekeeping.forget_expired_sessions),
    "forget_login_attempts": Entry("27 3 * * *", housekeeping.forget_login_attempts),
    "forget_bodies": Entry("47 3 * * *", housekeeping.forget_bodies),
    "forget_finished_jobs": Entry("37 3 * * *", housekeeping.forget_finished_jobs),
}

for name, (cron, job) in SCHEDULE.items():
    # With the queueing lock one waits at most: a worker that was away does not make up for every time missed.
    app.periodic(cron=cron)(app.task(name=name, queueing_lock=name)(job))
