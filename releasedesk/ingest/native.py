"""The desk's own events (DESIGN §5.3): payload → Fact. Pure."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from releasedesk.ingest.facts import (
    CheckFact,
    ConfigFact,
    DeploymentFact,
    Fact,
    IncidentFact,
    RehearsalFact,
    SnapshotFact,
)
from releasedesk.ingest.message import Message
from releasedesk.problems.field_errors import pointer_part, unknown_field
from releasedesk.problems.problem import FieldError, invalid, unknown
from releasedesk.problems.text import storable

SOURCE = "native"
SHOWN_AT_MOST = 200  # characters of a name that nobody knows
TYPES: dict[str, type[Fact]] = {
    "deployment.started": DeploymentFact,
    "deployment.succeeded": DeploymentFact,
    "deployment.failed": DeploymentFact,
    "check.finished": CheckFact,
    "snapshot.recorded": SnapshotFact,
    "rollback.rehearsed": RehearsalFact,
    "incident.opened": IncidentFact,
    "incident.resolved": IncidentFact,
    "config.reported": ConfigFact,
}


def message(payload: object, *, now: datetime, skew: timedelta) -> Message:
    """Take a native event as it came."""
    given = payload if isinstance(payload, Mapping) else {}
    key, kind = (str(given.get(name) or "") for name in ("id", "type"))
    return Message(
        source=SOURCE,
        key=key,
        type=kind,
        body=payload,
        read=lambda _known: (read(payload, now=now, skew=skew),),
    )


def read(payload: object, *, now: datetime, skew: timedelta) -> Fact:
    """Translate one native event. Raises the 422 `Problem` that names every wrong field."""
    if not isinstance(payload, Mapping):
        raise invalid(FieldError("#", "type", "An event must be a JSON object.", "an object"))
    kind = payload.get("type")
    if kind is None:
        raise invalid(*_without_type(payload))
    if not isinstance(kind, str):
        raise invalid(FieldError("#/type", "type", "This is not text.", "a string"))
    if kind not in TYPES:
        raise invalid(unknown("#/type", "event type", storable(kind[:200]), list(TYPES)))
    return TYPES[kind].read(payload, context={"now": now, "skew": skew})


def _without_type(payload: Mapping[Any, Any]) -> Iterator[FieldError]:
    """Name what is wrong, whatever type was meant: that there is none, and the fields that no type has."""
    yield FieldError("#/type", "required", "This field is required.", f"one of: {', '.join(TYPES)}")
    known = [*dict.fromkeys(name for fact in TYPES.values() for name in fact.model_fields)]
    for name in payload:
        if name not in known:
            shown = storable(name[:SHOWN_AT_MOST])
            yield unknown_field(f"#/{pointer_part(shown)}", shown, known, None)
