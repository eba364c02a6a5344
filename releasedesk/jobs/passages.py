"""Judge what has shipped: soon after each report, and once a minute what came late."""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from releasedesk.actions import passages


@app.task(name=passages.TASK)
def judge_passages(service_id: int) -> None:
    """Judge one service's successes; enqueued by name when one is reported."""
    passages.judge_passages(service_id, now=timezone.now(), again=False)


def judge_late_reports(timestamp: int) -> None:  # noqa: ARG001 (procrastinate passes it)
    """Judge again where reports that came late may lift a mark, and what no job has judged."""
    for service_id in passages.services_to_judge(now=timezone.now()):
        passages.judge_passages(service_id, now=timezone.now())
