"""Messages that nothing stands in the way of, taken in together: what arrives all day long, one or many.

That is a deployment of a service of the sender's own team, in an environment that is known, under a key that
nobody has used. Whatever is not so plain is left to `receive`, which knows what to say about it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from releasedesk.accounts.roles import Actor
from releasedesk.actions.take_in import Told, take_in
from releasedesk.deliveries.models import Outcome
from releasedesk.ingest import answer
from releasedesk.ingest.answer import Answer
from releasedesk.ingest.apply import report_of
from releasedesk.ingest.facts import DeploymentFact
from releasedesk.ingest.message import Message
from releasedesk.ingest.names import NO_NAMES
from releasedesk.problems.problem import Problem


def receive_plain(actor: Actor, messages: Sequence[Message], *, now: datetime) -> Mapping[int, Answer]:
    """Take in those of the messages that are plain. Returns their answers by index."""
    answers = take_in(actor, _deployments(messages), now=now)
    return {index: Answer(answer.STATUS[Outcome.APPLIED], body) for index, body in answers.items()}


def _deployments(messages: Sequence[Message]) -> list[Told]:
    """Those that tell of one deployment and no more; of a key that comes twice the first."""
    found: list[Told] = []
    seen: set[tuple[str, str]] = set()
    for index, message in enumerate(messages):
        fact = None if message.waits else _sole_deployment(message)
        if fact and (message.source, message.key) not in seen:
            report = report_of(fact, message.source)
            found.append(Told(index, message, fact.service, fact.environment, report))
        seen.add((message.source, message.key))
    return found


def _sole_deployment(message: Message) -> DeploymentFact | None:
    try:
        reading = message.read(NO_NAMES)
    except Problem:
        return None
    if not isinstance(reading, tuple) or len(reading) > 1:
        return None
    fact = reading[0]
    return fact if isinstance(fact, DeploymentFact) and fact.config is None else None
