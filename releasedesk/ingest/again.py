"""Kept messages, once more: one by one, or all that waited for a name that somebody has now explained."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from releasedesk.accounts.models import Team
from releasedesk.accounts.roles import Actor, Role
from releasedesk.actions.deliveries import original
from releasedesk.deliveries.families import beginning
from releasedesk.deliveries.models import Alias, Delivery, DeliveryQuerySet, Outcome, Source
from releasedesk.ingest import events, hooks, our_words
from releasedesk.ingest.answer import Answer
from releasedesk.ingest.message import Ignored, Message, Reading
from releasedesk.ingest.names import Names, slug
from releasedesk.ingest.our_words import names_of
from releasedesk.ingest.receive import apply_again, receive, skew
from releasedesk.operations.sealed import BrokenSealError
from releasedesk.problems.problem import Problem

AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of one message: an answer, or the problem its sender would see."""

    delivery: Delivery
    answer: Answer | None = None
    problem: Problem | None = None


def redeliver(actor: Actor, delivery: Delivery, *, now: datetime) -> Tried:
    """Take one kept message in once more. What was applied gives its answer again.

    Raises 403, and 409 for one whose body is forgotten.
    """
    _allow(actor, delivery.team_id)
    if delivery.forgotten_at is not None:
        raise Problem("conflict", "The body of this message is forgotten: its sender has to send it again.")
    return _try(delivery, now=now)


def apply_waiting(
    actor: Actor, team: Team, waits_for: str, name: str, *, now: datetime, after: int = 0
) -> tuple[Sequence[Tried], int]:
    """Apply what waited for a name, in order of occurrence. Returns what came of it, and how many are left.

    Of a family, what waited for any of its names. A message that waits for another name too goes on waiting.
    Of many, those that came first; `after` is the last of them, so that what fails keeps no other from its
    turn. Raises 403.
    """
    _allow(actor, team.pk)
    known = names_of(team.pk)
    waiting = Delivery.objects.waiting().filter(team=team, waits_for=waits_for, pk__gt=after).order_by("pk")
    family = beginning(name) if waits_for == Alias.Kind.ENVIRONMENT else ""
    under = waiting.filter(waits_name__startswith=family) if family else waiting.filter(waits_name=name)
    others = _under_other_names(waiting, name, known, now=now) if waits_for == Alias.Kind.SERVICE else []
    rows = sorted([*under[:AT_ONCE], *others], key=lambda row: row.pk)[:AT_ONCE]
    left = under.count() + len(others) - len(rows)
    return [_try(row, now=now) for row in sorted(rows, key=lambda row: _happened(row, known, now))], left


def _under_other_names(
    waiting: DeliveryQuerySet, name: str, known: Names, *, now: datetime
) -> Sequence[Delivery]:
    """What waits for a service under another form of its name, which others may share, and is explained now.

    A repository's messages wait under all of its path, or under the slug that was made of its last part.
    """
    names = waiting.order_by("waits_name").values_list("waits_name", flat=True).distinct()
    akin = [each for each in names if each != name and _forms(each) & _forms(name)]
    rows = waiting.filter(waits_name__in=akin)
    return [row for row in rows if not _still_names(_reading(row, known, now), row.waits_name)]


def _forms(name: str) -> set[str]:
    return {name, slug(name), slug(name.rsplit("/", 1)[-1])}


def _still_names(reading: Reading | None, service: str) -> bool:
    """Whether a message is about a service of this name; one that cannot be read may be."""
    if isinstance(reading, tuple):
        return any(fact.service == service for fact in reading)
    return not isinstance(reading, Ignored)


def _try(delivery: Delivery, *, now: datetime) -> Tried:
    sender = Actor(label=delivery.actor, roles={delivery.team_id: Role.ENGINEER})
    try:
        message = message_again(delivery, now=now)
        if delivery.outcome == Outcome.REJECTED:
            return Tried(delivery, receive(sender, delivery.team_id, message, now=now))
        return Tried(delivery, apply_again(sender, delivery, message, now=now))
    except Problem as problem:
        return Tried(delivery, problem=problem)
    except BrokenSealError:
        told = "Its body was sealed under another key of the desk: its sender has to send it again."
        return Tried(delivery, problem=Problem("conflict", told))


def message_again(delivery: Delivery, *, now: datetime) -> Message:
    """Make a kept delivery a message again."""
    body = original(delivery)
    source = Source.objects.filter(pk=delivery.source).first()
    if source is None:
        return events.message(body, now=now, skew=skew())
    return hooks.message_again(source, delivery, body, now=now)


def _happened(delivery: Delivery, known: Names, now: datetime) -> tuple[datetime, datetime]:
    """When what it tells of happened; the time of its coming where that cannot be told."""
    reading = _reading(delivery, known, now)
    times = [fact.occurred_at for fact in reading] if isinstance(reading, tuple) else []
    return min(times, default=delivery.received_at), delivery.received_at


def _reading(delivery: Delivery, known: Names, now: datetime) -> Reading | None:
    """What a kept message says in our words; None where that cannot be told."""
    try:
        return our_words.read(message_again(delivery, now=now), known)
    except (Problem, BrokenSealError):
        return None


def _allow(actor: Actor, team_id: int) -> None:
    actor.require(Role.ENGINEER, team_id=team_id, service_id=None, what="apply messages of this team")
