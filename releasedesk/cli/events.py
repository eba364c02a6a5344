"""The events that `send` hands over: from options, a file or a pipe, made complete by what CI says."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import uuid4

from releasedesk.cli.ci import Run
from releasedesk.cli.exits import Trouble
from releasedesk.cli.snapshot import utc

Event = dict[str, Any]
NOT_OF_A_VERSION = ("incident.", "config.")  # a run that reports these need not be what made the version
NAMED = ("type", "service", "environment", "version", "key", "outcome", "incident")
NAMED_AT_MOST, DIGITS = 450, 12  # characters of an id; the desk takes 500


class Complete(NamedTuple):
    """An event as it is sent, and the fields of it that nobody said: the command added them."""

    event: Event
    added: frozenset[str]


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


def complete(
    said: Sequence[Mapping[str, Any]], options: Mapping[str, Any], run: Run | None, now: datetime
) -> list[Complete]:
    """Add to what each event says: the options, then what this run of CI says, the time, and an id.

    Within CI the id is made of the run and of all that was said, so that a repeated step tells it once and
    nothing else is taken for it. What one file says twice happened twice. Where no time is said, the order
    is told: the last event is as of `now`, each of the others a millisecond before the next.
    """
    made: list[Complete] = []
    times: Counter[str] = Counter()
    for before_last, one in zip(reversed(range(len(said))), said, strict=True):
        event = _with_what_is_known(one, options, run)
        event.setdefault("occurred_at", utc(now - timedelta(milliseconds=before_last)))
        if "id" not in event:
            ours = added(event, one, options)
            event["id"] = _id_of(event, ours, run, times) if run else str(uuid4())
        made.append(Complete(event, added(event, one, options)))
    return made


def added(event: Event, said: Mapping[str, Any], options: Mapping[str, Any]) -> frozenset[str]:
    """The fields of a complete event that nobody said."""
    return frozenset(name for name in event if name not in said and options.get(name) is None)


def _with_what_is_known(said: Mapping[str, Any], options: Mapping[str, Any], run: Run | None) -> Event:
    event = {**{name: value for name, value in options.items() if value is not None}, **said}
    if run is None:
        return event
    if run.version and not str(event.get("type")).startswith(NOT_OF_A_VERSION):
        event.setdefault("version", run.version)
    found = {"run": run.run, "url": run.url, "commit": run.commit_of(str(event.get("version", "")))}
    return {**{name: value for name, value in found.items() if value}, **event}


def _id_of(event: Event, ours: frozenset[str], run: Run, times: Counter[str]) -> str:
    """Name an event of this run: what a person looks for in it, then a digest of all that was said."""
    told = {name: value for name, value in event.items() if name not in ours}
    digest = sha256(json.dumps([run.attempt, told], sort_keys=True).encode()).hexdigest()[:DIGITS]
    named = run.key(*(str(event[name]) for name in NAMED if event.get(name)))[:NAMED_AT_MOST]
    made = f"{named}-{digest}"
    times[made] += 1
    return made if times[made] == 1 else f"{made}-{times[made]}"
