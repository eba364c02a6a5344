"""Messages that nothing stands in the way of, taken in together: what arrives all day long, one or many.

That is a deployment of a service of the sender's own team, in an environment that is known, under a key that
nobody has used. Whatever is not so plain is left to `receive`, which knows what to say about it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from releasedesk.accounts.roles import Actor
from releasedesk.actions.take_in import Told, take_in
from releasedesk.deliveries.models import Outcome
from releasedesk.ingest import answer, our_words
from releasedesk.ingest.answer import Answer
from releasedesk.ingest.apply import report_of
from releasedesk.ingest.facts import DeploymentFact, ForgeDeploymentFact
from releasedesk.ingest.message import Message
from releasedesk.ingest.names import Names
from releasedesk.problems.problem import Problem

Deployments = Mapping[int, DeploymentFact]  # by the index of their messages


def receive_plain(
    actor: Actor, messages: Sequence[Message], deployments: Deployments, *, now: datetime
) -> Mapping[int, Answer]:
    """Take in those of the deployments that are plain. Returns the answers by index."""
    told = [
        Told(index, message, fact.service, fact.environment, report_of(fact, message.source))
        for index, fact in deployments.items()
        for message in [messages[index]]
    ]
    answers = take_in(actor, told, now=now)
    return {index: Answer(answer.STATUS[Outcome.APPLIED], body) for index, body in answers.items()}


def deployments_in(messages: Sequence[Message], known: Names) -> dict[int, DeploymentFact]:
    """What those say that tell of one deployment and no more; of a key that comes twice the first."""
    found: dict[int, DeploymentFact] = {}
    seen: set[tuple[str, str]] = set()
    for index, message in enumerate(messages):
        name = (message.source, message.key)
        if name not in seen and (fact := _sole_deployment(message, known)):
            found[index] = fact
        seen.add(name)
    return found


def _sole_deployment(message: Message, known: Names) -> DeploymentFact | None:
    try:
        reading = our_words.read(message, known)
    except Problem:
        return None
    if not isinstance(reading, tuple) or len(reading) > 1:
        return None
    fact = reading[0]
    if not isinstance(fact, DeploymentFact) or isinstance(fact, ForgeDeploymentFact):
        return None
    return fact if fact.config is None and fact.id == message.key else None
