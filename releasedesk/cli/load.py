"""Sending the requests and keeping what each one said.

Threads with one shared client, because they distort less than one event loop does. Against a local server
that takes 20 ms (2 cores, keep-alive, httpx 0.28), p50 and p95 came out as 21.1 and 21.5 ms with one thread,
21.7 and 22.2 with asyncio; with 16 at once 21.5 and 23.8 against 21.9 and 28.9.

Without a rate it is a closed loop: a slow answer delays the next question, so what real users wait in a
queue is not seen. With a rate requests are due at a constant pace whatever the answers do, and each time
counts from when its request was due: a stall counts for everybody who would have waited (no "coordinated
omission", as Gil Tene named it).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from time import perf_counter, sleep
from typing import Any, NamedTuple

import httpx

from releasedesk.cli.read_headers import Headers, Outcome, by_age, cache_outcome, db_calls
from releasedesk.cli.sender import Sender
from releasedesk.cli.targets import Target, Turn
from releasedesk.cli.workers import Workers, stopped_by_ctrl_c

NO_ANSWER = 0
SERVER_ERROR = 500


@dataclass(frozen=True)
class Plan:
    """What to send: `warm_up` requests that do not count, then `requests`, over the targets by `turns`.

    `rate` is requests a second, due at a constant pace; None sends the next when an answer is there.
    """

    targets: Sequence[Target]
    turns: Iterator[Turn]
    requests: int
    concurrency: int
    sender: Sender
    warm_up: int = 0
    rate: float | None = None

    @property
    def total(self) -> int:
        """All requests that will be sent."""
        return self.warm_up + self.requests


class Answer(NamedTuple):
    """One request. `status` 0 is no answer; None in `cache` or `db_calls` is a response that does not say.

    `late_ms` is how long after it was due it was sent; with a rate it is part of `response_ms`.
    """

    response_ms: float
    status: int
    cache: Outcome | None = None
    db_calls: int | None = None
    by_age: bool = False
    fault: str | None = None
    late_ms: float = 0.0

    @property
    def failed(self) -> bool:
        """A status of 500 or above, or no answer."""
        return self.status == NO_ANSWER or self.status >= SERVER_ERROR


@dataclass(frozen=True)
class Measurement:
    """All answers in the order they were sent, and the time they span."""

    answers: Sequence[Answer]
    taken_from: datetime
    taken_until: datetime

    @property
    def answered(self) -> bool:
        """Whether anybody was there at all."""
        return any(answer.status != NO_ANSWER for answer in self.answers)

    def columns(self) -> dict[str, list[Any]]:
        """Give `requests` of a snapshot body; a column that no response spoke of is left out."""
        columns: dict[str, list[Any]] = {
            "response_ms": [round(answer.response_ms, 3) for answer in self.answers],
            "status": [answer.status for answer in self.answers],
        }
        if any(cache := self.cache()):
            columns["cache"] = list(cache)
        if any(answer.db_calls is not None for answer in self.answers):
            columns["db_calls"] = [answer.db_calls for answer in self.answers]
        return columns

    def cache(self) -> list[Outcome | None]:
        """Give the outcomes. Where Age is how this cache tells, an answer without it did not come from it."""
        silent: Outcome | None = "miss" if any(answer.by_age for answer in self.answers) else None
        return [answer.cache or (None if answer.status == NO_ANSWER else silent) for answer in self.answers]


class Job(NamedTuple):
    """One request on its way to a worker; `due` in seconds after the start, None for at once."""

    number: int
    turn: Turn
    due: float | None


def send(plan: Plan, sent: Callable[[], object] = lambda: None) -> list[Measurement]:
    """Send every request of the plan; `sent` is called after each. Gives one measurement a target.

    Nothing a server does raises here. Raises KeyboardInterrupt soon after a Ctrl-C, whatever is still on its
    way.
    """
    client = plan.sender.client(plan.concurrency)
    counted_from: list[datetime] = []
    started = perf_counter()

    def one(job: Job) -> tuple[Job, Answer]:
        late = 0.0 if job.due is None else _wait(started + job.due)
        if job.number == plan.warm_up:
            counted_from.append(datetime.now(UTC))
        answer = ask(client, plan.targets[job.turn.target].method, job.turn.url, plan.sender.content)
        return job, answer._replace(response_ms=answer.response_ms + late, late_ms=late)

    workers = Workers(plan.concurrency, _jobs(plan), one)
    answers: dict[int, tuple[int, Answer]] = {}
    with stopped_by_ctrl_c(workers.stop):
        for job, answer in workers.results():
            if job.number >= plan.warm_up:
                answers[job.number] = job.turn.target, answer
            sent()
    client.close()  # not after a Ctrl-C: its connections are still in the hands of the workers
    ordered, until = [answers[number] for number in sorted(answers)], datetime.now(UTC)
    return [
        Measurement([answer for target, answer in ordered if target == index], counted_from[0], until)
        for index in range(len(plan.targets))
    ]


def _jobs(plan: Plan) -> Iterator[Job]:
    for number, turn in enumerate(islice(plan.turns, plan.total)):
        yield Job(number, turn, None if plan.rate is None else number / plan.rate)


def _wait(due: float) -> float:
    """Sleep until `due` (by perf_counter) and give how late it is by then, in milliseconds."""
    if (left := due - perf_counter()) > 0:
        sleep(left)
    return max(0.0, (perf_counter() - due) * 1000)


def ask(client: httpx.Client, method: str, url: str, content: bytes | None = None) -> Answer:
    """Send one request and read its whole body. Redirects are answers; they are not followed."""
    request = client.build_request(method, url, content=content)
    started = perf_counter()
    try:
        response = client.send(request)
    except httpx.RequestError as error:  # refused, timed out, broken off: what a user would see as no answer
        fault = str(error) or type(error).__name__
        return Answer((perf_counter() - started) * 1000, NO_ANSWER, fault=fault)
    elapsed = (perf_counter() - started) * 1000
    headers: Headers = response.headers.multi_items()
    outcome = cache_outcome(headers)
    told_by_age = outcome == "hit" and by_age(headers) == "hit"
    return Answer(elapsed, response.status_code, outcome, db_calls(headers), told_by_age)
