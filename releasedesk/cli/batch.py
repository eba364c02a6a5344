"""Many events in few requests, each answered on its own: what a file, a pipe or the spool holds."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from releasedesk.cli.desk import (
    NO_DESK,
    TRIES,
    Desk,
    Refused,
    Unreachable,
    Unsendable,
    backoff,
    encoded,
)
from releasedesk.cli.events import Event, text
from releasedesk.cli.refusals import wrong_fields

EVENTS = "/api/v1/events"
AT_MOST, BYTES_AT_MOST = 500, 7_500_000  # what the desk takes, with some air
CONFLICT, TOO_LARGE = 409, 413
# A list that is refused as a whole, for the sake of one: as 413, its halves may be taken.
OF_THE_BODY = {400, 415, 422}
Said = Any  # the desk's answer, or `Refused`, or `Unreachable` for what can be sent later


@dataclass
class HandOver:
    """Hands events over in order. What has to wait holds up its own service; a silent desk holds up all."""

    desk: Desk
    silent: Unreachable | None = None
    held: dict[str, Unreachable] = field(default_factory=dict)

    def tell(self, events: Sequence[Event]) -> Iterator[tuple[Event, Said]]:
        """Send them, and say of each what came of it, in order, as soon as its request is answered."""
        for chunk in _chunks(events):
            waits = [self._in_the_way(event) for event in chunk]
            free = [event for event, why in zip(chunk, waits, strict=True) if why is None]
            answers = iter(self._send(free))
            for event, why in zip(chunk, waits, strict=True):
                said = next(answers) if why is None else why
                if isinstance(said, Unreachable):
                    self.held.setdefault(text(event, "service"), said)
                yield event, said

    def _in_the_way(self, event: Event) -> Unreachable | Unsendable | None:
        return _unsendable(event) or self.silent or self.held.get(text(event, "service"))

    def _send(self, events: Sequence[Event]) -> list[Said]:
        """Send what fits into one request; what may be sent again is, alone, until the tries run out."""
        said: list[Said] = [None] * len(events)
        pending = list(range(len(events)))
        for attempt in range(TRIES):
            answers = self._post([events[index] for index in pending])
            for index, answer in zip(pending, answers, strict=True):
                said[index] = answer
            pending = [index for index in pending if isinstance(said[index], Unreachable)]
            if not pending or self.silent or attempt + 1 == TRIES:
                break
            wait = backoff(attempt)
            self.desk.say(f"{len(pending)} of {len(events)} have to wait. Trying again in {wait:.1f} s.")
            self.desk.sleep(wait)
        return said

    def _post(self, events: Sequence[Event]) -> Sequence[Said]:
        """One request. Of a list that is too large for this desk, half and half."""
        if not events:
            return []
        try:
            answer = self.desk.post(EVENTS, events[0] if len(events) == 1 else events, key="")
        except Unreachable as error:
            self.silent = error
            return [error] * len(events)
        except Refused as error:
            if len(events) == 1 or not _may_be_one_alone(error):
                return [error] * len(events)
            half = len(events) // 2
            return [*self._post(events[:half]), *self._post(events[half:])]
        return [_taken(answer, 200)] if len(events) == 1 else _each(answer, len(events))


def told_before(refused: Refused, added: Collection[str]) -> bool:
    """Whether the desk has the event: its id was used, and only what the command has added is another now."""
    if refused.status != CONFLICT:
        return False
    differs = {str(error.get("pointer")).removeprefix("#/") for error in wrong_fields(refused.problem)}
    if "id" not in differs:
        return False
    # An id that was made holds what was said. Of one that was given, the desk may have forgotten the body.
    return differs - {"id"} <= {*added} and ("id" in added or len(differs) > 1)


def _may_be_one_alone(refused: Refused) -> bool:
    """Whether a list may have been refused for the sake of one of its events."""
    return refused.status == TOO_LARGE or (refused.status in OF_THE_BODY and not refused.unjudged)


def _each(answer: Mapping[str, Any], count: int) -> Sequence[Said]:
    """What a list was answered, one by one."""
    results = answer.get("results")
    if not isinstance(results, list) or len(results) != count:
        return [Refused(NO_DESK, 207, {})] * count
    return [_one(result) for result in results]


def _one(result: Any) -> Said:
    problem = result.get("problem") if isinstance(result, dict) else None
    if not isinstance(problem, dict) or not problem:
        return _taken(result, 207)
    status = result.get("status")
    refused = Refused.of_problem(problem, status if isinstance(status, int) else 0)
    return Unreachable(str(refused)) if problem.get("retryable") is True else refused


def _taken(answer: Any, status: int) -> Said:
    """The answer to one event that was taken: a desk says what came of it."""
    if not isinstance(answer, dict) or not isinstance(answer.get("outcome"), str):
        return Refused(NO_DESK, status, {})
    return {name: value for name, value in answer.items() if name not in {"problem", "index"}}


def _unsendable(event: Event) -> Unsendable | None:
    try:
        encoded(event)
    except Unsendable as error:
        return error
    return None


def _chunks(events: Sequence[Event]) -> Iterator[Sequence[Event]]:
    """Cut into what one request may hold."""
    chunk: list[Event] = []
    size = 0
    for event in events:
        length = _size(event)
        if chunk and (len(chunk) == AT_MOST or size + length > BYTES_AT_MOST):
            yield chunk
            chunk, size = [], 0
        chunk.append(event)
        size += length + 1
    if chunk:
        yield chunk


def _size(event: Event) -> int:
    try:
        return len(encoded(event))
    except Unsendable:
        return 0
