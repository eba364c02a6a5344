"""Messages that came together: what is plain is taken in at once, and each is answered on its own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic

from django.db import InterfaceError, OperationalError

from releasedesk.accounts.roles import Actor
from releasedesk.ingest.answer import Answer
from releasedesk.ingest.message import Message
from releasedesk.ingest.names import Names
from releasedesk.ingest.plain import Deployments, deployments_in, receive_plain
from releasedesk.ingest.receive import names_known, receive
from releasedesk.operations.statements import is_away
from releasedesk.problems.problem import Problem
from releasedesk.problems.render import RETRY_AFTER_SECONDS, as_problem

# Seconds that may be lost to what fails, each after its time, before the rest of a list is not tried.
PATIENCE = 10


def receive_all(
    actor: Actor,
    team_id: int,
    messages: Sequence[Message],
    *,
    now: datetime,
    make_sure: Callable[[], None] = lambda: None,
) -> list[Answer | Problem]:
    """Take in messages, each for itself: a bad one does not sink the rest.

    What is plain is taken in first; `make_sure` is called before anything else is, and may raise. What failed
    and may be sent again is told so by itself. Raises only what concerns them all: a database that is away,
    or has taken in none of them. What was answered before that stays.
    """
    told = _List(actor, team_id, messages, now, names_known(team_id, messages))
    try:
        told.take_in(make_sure)
    except (InterfaceError, OperationalError) as error:
        if not told.done:
            raise
        raise told.broken_off() from error
    if told.failed and not any(isinstance(said, Answer) for said in told.done.values()):
        raise told.failed[0]
    return [told.done[index] for index in range(len(messages))]


@dataclass
class _List:
    """The messages of one request, and what each was answered so far, by its index."""

    actor: Actor
    team_id: int
    messages: Sequence[Message]
    now: datetime
    known: Names
    done: dict[int, Answer | Problem] = field(default_factory=dict)
    failed: list[Problem] = field(default_factory=list)  # what may succeed if it is sent again
    lost: float = 0  # seconds

    def take_in(self, make_sure: Callable[[], None]) -> None:
        deployments = deployments_in(self.messages, self.known)
        self.take_in_plain(deployments)
        if not self.done or len(self.done) < len(self.messages):
            make_sure()
        met: set[str] = set()
        for index in range(len(self.messages)):
            fact = deployments.get(index)
            if index not in self.done and fact and fact.service not in met:
                met.add(fact.service)
                self.begin({each: of for each, of in deployments.items() if of.service == fact.service})
            if index not in self.done:
                self.tell(index)

    def take_in_plain(self, deployments: Deployments) -> None:
        """Take in together what can be. Whatever stands in the way of that is each one's own."""
        try:
            self.done.update(receive_plain(self.actor, self.messages, deployments, now=self.now))
        except (InterfaceError, OperationalError):
            raise
        except Exception as error:  # noqa: BLE001 - logged: nobody foresaw it
            as_problem(error)

    def begin(self, deployments: Deployments) -> None:
        """Let the earliest of a service's deployments register it: what follows may be plain by then."""
        left = [index for index in deployments if index not in self.done]
        for index in sorted(left, key=lambda each: deployments[each].occurred_at):
            if isinstance(self.tell(index), Answer):
                break
        rest = {index: fact for index, fact in deployments.items() if index not in self.done}
        if rest:
            self.take_in_plain(rest)

    def tell(self, index: int) -> Answer | Problem:
        self.done[index] = said = self.told(index) if self.lost < PATIENCE else self.failed[-1]
        return said

    def told(self, index: int) -> Answer | Problem:
        began = monotonic()
        try:
            return receive(self.actor, self.team_id, self.messages[index], now=self.now, known=self.known)
        except Problem as problem:
            return problem
        except (InterfaceError, OperationalError) as error:
            if is_away():
                raise
            self.lost += monotonic() - began
            self.failed.append(as_problem(error))
            return self.failed[-1]
        except Exception as error:  # noqa: BLE001 - translated, and logged: nobody foresaw it
            return as_problem(error)

    def broken_off(self) -> Problem:
        """What a sender is told whose list was begun when the database went away."""
        return Problem(
            "unavailable",
            f"The database went away after {len(self.done)} of {len(self.messages)} events. Send them all "
            f"again in {RETRY_AFTER_SECONDS} s: what is stored counts once.",
            retry_after=RETRY_AFTER_SECONDS,
        )
