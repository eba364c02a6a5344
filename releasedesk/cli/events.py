"""The events that `send` hands over: from options, a file or a pipe, made complete by what CI says."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import uuid4

from releasedesk.cli.ci import Run
from releasedesk.cli.desk import Unsendable
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


class Read(NamedTuple):
    """What a text holds: events, and by their names the lines that cannot be one, each with the reason."""

    events: list[Event]
    faults: Mapping[str, Trouble] = MappingProxyType({})


def read(text: str, name: str) -> Read:
    """Read one JSON object, a list of them, or one a line. Raises Trouble, naming the line that is none.

    A line that is too deep to be read may well be JSON: it keeps none of the others.
    """
    faults: dict[str, Trouble] = {}
    try:
        found = json.loads(text)
    except (RecursionError, ValueError):
        found = list(_lines(text, name, faults))
    events = found if isinstance(found, list) else [found]
    for position, event in enumerate(events, 1):
        if not isinstance(event, dict):
            raise Trouble(f"{name}: event {position} is not a JSON object.")
    return Read(events, faults)


def _lines(text: str, name: str, faults: dict[str, Trouble]) -> Iterator[Any]:
    # Not splitlines(): to JSON and to other tools U+2028 and U+0085 are letters like any other.
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                yield json.loads(line)
            except RecursionError:
                faults[f"{name}, line {number}"] = Unsendable("It is nested too deeply.")
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


def text(event: Event, name: str) -> str:
    """What an event says there, or nothing: of a list or an object the desk says what is wrong."""
    value = event.get(name)
    return value if isinstance(value, str) else ""


def added(event: Event, said: Mapping[str, Any], options: Mapping[str, Any]) -> frozenset[str]:
    """The fields of a complete event that nobody said."""
    return frozenset(name for name in event if name not in said and options.get(name) is None)


def _with_what_is_known(said: Mapping[str, Any], options: Mapping[str, Any], run: Run | None) -> Event:
    event = {**{name: value for name, value in options.items() if value is not None}, **said}
    if run is None:
        return event
    if run.version and not text(event, "type").startswith(NOT_OF_A_VERSION):
        event.setdefault("version", run.version)
    found = {"run": run.run, "url": run.url, "commit": run.commit_of(text(event, "version"))}
    return {**{name: value for name, value in found.items() if value}, **event}


def _id_of(event: Event, ours: frozenset[str], run: Run, times: Counter[str]) -> str:
    """Name an event of this run: what a person looks for in it, then a digest of all that was said."""
    told = {name: value for name, value in event.items() if name not in ours}
    try:
        digest = sha256(json.dumps([run.attempt, told], sort_keys=True).encode()).hexdigest()[:DIGITS]
    except RecursionError:  # nobody will be sent this
        digest = uuid4().hex
    named = run.key(*(text(event, name) for name in NAMED))[:NAMED_AT_MOST]
    made = f"{named}-{digest}"
    times[made] += 1
    return made if times[made] == 1 else f"{made}-{times[made]}"
