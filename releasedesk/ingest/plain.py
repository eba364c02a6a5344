"""Messages that nothing stands in the way of, taken in together: what arrives all day long, one or many.

That is a deployment of a service of the sender's own team, in an environment that is known, under a key that
nobody has used. Whatever is not so plain is left to `receive`, which knows what to say about it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import DataError, IntegrityError, transaction

from releasedesk.accounts.roles import Actor
from releasedesk.actions.deliveries import asking_taken, delivery_of, keep
from releasedesk.actions.deployments import Reported, record_deployments
from releasedesk.catalog.models import Environment, Service
from releasedesk.deliveries.models import Outcome
from releasedesk.ingest import answer
from releasedesk.ingest.answer import Answer
from releasedesk.ingest.apply import Applied, report_of
from releasedesk.ingest.facts import DeploymentFact
from releasedesk.ingest.message import Message
from releasedesk.ingest.names import NO_NAMES
from releasedesk.operations.statements import rows_of, run_together, selecting
from releasedesk.problems.problem import Problem


@dataclass(frozen=True, slots=True)
class Plain:
    """A message and the one deployment it tells of; `index` is its place among all that came."""

    index: int
    message: Message
    fact: DeploymentFact

    @property
    def named(self) -> tuple[str, str]:
        """What its sender may repeat safely."""
        return self.message.source, self.message.key


def receive_plain(
    actor: Actor, team_id: int, messages: Sequence[Message], *, now: datetime
) -> Mapping[int, Answer]:
    """Take in, in one transaction, those of the messages that are plain. Returns their answers by index.

    None of them is taken in when anything at all comes between, as when another process has just used a key.
    """
    plain = _deployments(messages)
    if not plain:
        return {}
    try:
        with transaction.atomic():
            return _take_in(actor, team_id, plain, now=now)
    except (IntegrityError, DataError, Problem):
        return {}


def _deployments(messages: Sequence[Message]) -> list[Plain]:
    """Those that tell of one deployment and no more; of a key that comes twice the first."""
    found: list[Plain] = []
    seen: set[tuple[str, str]] = set()
    for index, message in enumerate(messages):
        fact = None if message.waits else _sole_deployment(message)
        if fact and (message.source, message.key) not in seen:
            found.append(Plain(index, message, fact))
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


def _take_in(actor: Actor, team_id: int, plain: Sequence[Plain], *, now: datetime) -> dict[int, Answer]:
    held, places, used = run_together(
        Service.objects.locking(
            {one.fact.service for one in plain}
        ),  # first: the others see what it waited for
        (selecting(Environment), ()),
        asking_taken(team_id, [one.named for one in plain]),
    )
    services = {each.slug: each for each in rows_of(Service, held) if each.team_id == team_id}
    environments = {each.name: each for each in rows_of(Environment, places)}
    free = [
        one
        for one in plain
        if one.named not in used and one.fact.service in services and one.fact.environment in environments
    ]
    if not free:
        return {}
    reported = [
        Reported(
            services[one.fact.service],
            environments[one.fact.environment],
            report_of(one.fact, one.message.source),
        )
        for one in free
    ]
    answers, rows = {}, []
    for one, deployment in zip(free, record_deployments(actor, reported, now=now), strict=True):
        applied = Applied(one.fact.version, one.fact.environment, deployment)
        body = answer.applied(one.message, one.fact.service, applied, now=now)
        answers[one.index] = Answer(answer.STATUS[Outcome.APPLIED], body)
        service = services[one.fact.service]
        rows.append(delivery_of(actor, team_id, one.message, now=now, answer=body, service=service))
    keep(rows)
    return answers
