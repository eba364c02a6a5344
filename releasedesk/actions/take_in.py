"""Take in what arrives all day long, one or many, by one statement that does all of it or none.

The statement is a function in the database (`releases/migrations/sql/0016_take_in.sql`): what is plain is
written there, what is not is left alone, for `record_deployment` and its neighbours to judge.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Any

from django.db import DataError, IntegrityError, InterfaceError, OperationalError, transaction

from releasedesk.accounts.roles import Actor
from releasedesk.actions.commits import know_commits
from releasedesk.actions.deployments import DeploymentReport
from releasedesk.actions.fold_anew import fold_places_of
from releasedesk.deliveries.masking import canonical, is_storable, storable
from releasedesk.deliveries.parcel import Parcel
from releasedesk.operations.gathering import Gathering
from releasedesk.operations.statements import is_away, is_shared, run, run_shared
from releasedesk.releases.models import Release

# The slugs travel as words: to dump a list costs as much as all the rest of the call.
WHAT_GOES_ON = """
SELECT number, answer FROM releases_take_in(%s, %s, %s, string_to_array(%s, ' '), %s::jsonb, false)
"""
WHATEVER_COMES = """
SELECT number, answer, unfolded, learnt
FROM releases_take_in(%s, %s, %s, string_to_array(%s, ' '), %s::jsonb, true)
"""
COMPLETE = "SELECT fact_id, answer FROM releases_complete(%s, %s)"

Answered = list[tuple[Any, ...]]  # number and answer, as JSON text


@dataclass(frozen=True, slots=True)
class Told:
    """A parcel that tells of one deployment and no more, with its place among all that came."""

    number: int
    parcel: Parcel
    service: str
    environment: str
    report: DeploymentReport


def take_in(actor: Actor, told: Sequence[Told], *, now: datetime) -> Mapping[int, Mapping[str, Any]]:
    """Take in those that are plain, and return their answers by number.

    Plain is: a usable token with `events:write` reports a known service of its own in a known environment,
    under a key nobody has used or is using. None is taken in when anything comes between, such as text that
    cannot be stored, or takes too long. Raises only where the database is away.

    What comes alone is tried together with what other threads were told: that is for what goes on from how
    its place stands. Anything else has its place folded anew, once for all that was told.
    """
    if not told or actor.token_id is None:
        return {}
    if len(told) == 1 and is_shared():
        answer = _together((actor.token_id, actor.label), (actor, told[0], now))
        if answer is not None:
            return {told[0].number: answer}
    return _taken_in(_whatever_comes, actor, {one.number: one for one in told}, now)


def _of_all(several: Sequence[tuple[Actor, Told, datetime]], lane: int) -> Sequence[Mapping[str, Any] | None]:
    """Take in what several threads were told with one token. None for what has to go alone, or for all."""
    told = {number: one for number, (_, one, _) in enumerate(several)}
    try:
        together = partial(run_shared, lane, WHAT_GOES_ON)
        answers = _taken_in(together, several[0][0], told, max(now for *_, now in several))
    except (InterfaceError, OperationalError):  # whoever tries alone meets it again, if it is still there
        return [None] * len(several)
    return [answers.get(number) for number in range(len(several))]


# Two, so that one may work while the other writes to the disk; a third finds no processor.
_together = Gathering(_of_all, lanes=2, at_most=100)


def _taken_in(
    take: Callable[[Sequence[str]], Answered],
    actor: Actor,
    told: Mapping[int, Told],
    now: datetime,
) -> Mapping[int, Mapping[str, Any]]:
    slugs = " ".join({one.service for one in told.values()})
    rows = json.dumps([_row(number, one) for number, one in told.items()])
    try:
        answers = take([str(actor.token_id), actor.label, now.isoformat(), slugs, rows])
    except (IntegrityError, DataError):
        return {}
    except OperationalError:
        if is_away():
            raise
        return {}  # each alone takes less time, and less that others hold
    return {int(number): json.loads(answer) for number, answer in answers}  # psycopg hands JSON over as text


def _whatever_comes(parameters: Sequence[str]) -> Answered:
    """Take in what goes on and what does not, and see to what the statement leaves to its caller."""
    with transaction.atomic():
        rows = run(WHATEVER_COMES, parameters)
        learnt = {release for *_, release in rows if release}
        if learnt:
            know_commits(Release.objects.filter(pk__in=learnt).select_related("service").order_by("pk"))
        unfolded = [fact for *_, fact, _ in rows if fact]
        complete = {}
        if unfolded:
            fold_places_of(unfolded)
            complete = dict(run(COMPLETE, [unfolded, parameters[2]]))
    return [(number, complete.get(fact, answer)) for number, answer, fact, _ in rows]


def _row(number: int, one: Told) -> dict[str, Any]:
    parcel, report = one.parcel, one.report
    text = canonical(parcel.body)
    body = parcel.body if is_storable(text) else storable(parcel.body)
    return {
        "number": number,
        "source": parcel.source,
        "key": parcel.key,
        "type": parcel.type,
        "body": body if parcel.kept else {},
        "headers": storable(dict(parcel.headers)) if parcel.headers else {},
        "digest": sha256(text.encode()).hexdigest(),
        "service": one.service,
        "environment": one.environment,
        "kind": report.kind,
        "version": report.version,
        "occurred_at": report.occurred_at.isoformat(),
        "run": report.run,
        "commit": report.commit,
        "command": report.command,
        "url": report.url,
        "files": sorted(set(report.files_touched)),
        "changes": [change.model_dump(mode="json") for change in report.changes],
    }
