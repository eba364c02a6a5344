"""Reading windows off metric sources: every minute somebody looks what is due. Calls out."""

from __future__ import annotations

import structlog
from django.utils import timezone

from releasedesk.actions.metric_sources import keep_reading, plan_windows
from releasedesk.measurements.metric_source import Window
from releasedesk.measurements.read_source import read_source

AT_ONCE = 60  # what is left is due a minute later
log = structlog.get_logger("releasedesk.jobs")


def read_windows(timestamp: int) -> None:  # noqa: ARG001 (procrastinate passes it)
    """Plan windows for new deployments, read those that are under way, keep what was read."""
    plan_windows(timezone.now())
    due = Window.objects.under_way(timezone.now()).select_related("source").order_by("try_at")[:AT_ONCE]
    for window in due:
        reading = read_source(window.source, window.taken_from, min(window.taken_until, timezone.now()))
        kept = keep_reading(window.pk, reading, now=timezone.now())
        if kept and kept.state == Window.State.GAVE_UP:
            log.warning("window_given_up", window=kept.pk, detail=kept.detail)
