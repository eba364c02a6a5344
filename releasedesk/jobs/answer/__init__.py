"""How each kind of source is told what the gate says: one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from releasedesk.actions.gate_requests import Telling
from releasedesk.deliveries.models import Answering, Source
from releasedesk.jobs.answer import to_github, to_gitlab

ANSWER: dict[str, Callable[[Answering, Mapping[str, str], Telling], None]] = {
    Source.Kind.GITHUB: to_github.tell,
    Source.Kind.GITLAB: to_gitlab.tell,
}
