"""The events that `send` hands over: from options, a file or a pipe, made complete by what CI says."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from releasedesk.cli.ci import Run
from releasedesk.cli.exits import Trouble
from releasedesk.cli.snapshot import utc

Event = dict[str, Any]
NOT_OF_A_VERSION = ("incident.", "config.")  # a run that reports these need not be what made the version


def read(text: str, name: str) -> list[Event]:
    """Read one JSON object, a list of them, or one a line. Raises Trouble, naming the line that is none."""
    try:
        found = json.loads(text)
    except ValueError:
        found = list(_lines(text, name))
    events = found if isinstance(found, list) else [found]
    for position, event in enumerate(events, 1):
        if not isinstance(event, dict):
            raise Trouble(f"{name}: event {position} is not a JSON object.")
    return events


def _lines(text: str, name: str) -> Iterator[Any]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                yield json.loads(line)
            except ValueError as error:
                raise Trouble(f"{name}, line {number} is not JSON: {error}.") from None


def complete(said: Mapping[str, Any], options: Mapping[str, Any], run: Run | None, now: datetime) -> Event:
    """Add to what an event says: the options, then what this run of CI says, the time, and an id.

    Within CI the id is made of the run and of what is told, so that a repeated step tells it once.
    """
    event = {**{name: value for name, value in options.items() if value is not None}, **said}
    if run:
        if run.version and not str(event.get("type")).startswith(NOT_OF_A_VERSION):
            event.setdefault("version", run.version)
        found = {"run": run.run, "url": run.url, "commit": run.commit_of(str(event.get("version", "")))}
        event = {**{name: value for name, value in found.items() if value}, **event}
    event.setdefault("occurred_at", utc(now))
    if "id" not in event:
        event["id"] = run.key(*_distinct(event)) if run else str(uuid4())
    return event


def added(event: Event, said: Mapping[str, Any], options: Mapping[str, Any]) -> frozenset[str]:
    """The fields of a complete event that nobody said."""
    return frozenset(name for name in event if name not in said and options.get(name) is None)


def _distinct(event: Mapping[str, Any]) -> Iterator[str]:
    for name in ("type", "service", "environment", "version", "key", "outcome", "incident"):
        if event.get(name):
            yield str(event[name])
