"""`/api/v1/locks`: what stops shipping, now and in windows that come again."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from releasedesk.actions.locks import lock, lock_request, release_lock
from releasedesk.api.answers import locks as answers
from releasedesk.api.door import Door
from releasedesk.api.paging import page
from releasedesk.api.schema.operation import PAGE, Query, operation
from releasedesk.api.times import stamp
from releasedesk.catalog.models import Scope
from releasedesk.ingest.once import once
from releasedesk.problems.problem import Problem, invalid, unknown
from releasedesk.releases.lock_bodies import LockBody
from releasedesk.releases.lock_times import FOR_EVER
from releasedesk.releases.models import Lock, LockQuerySet
from releasedesk.releases.windows import YEAR

STATES = ("holds", "waits", "ended")
FILTERS = (
    Query("service", "Only what can stop this service.", example="checkout-api"),
    Query("environment", "Only what can stop shipping there.", example="production"),
    Query("ended", "Those that have ended.", {"enum": ["true", "false"], "default": "false"}),
    PAGE,
)


class Locks(Door):
    """All of them, and new ones."""

    write_scope = Scope.GATE_WRITE

    @operation("listLocks", "Locks", {200: answers.LockPage}, query=FILTERS)
    def get(self, request: Request) -> Response:
        """List what stands, the newest first, or `?ended=true`; by `?service=` and `?environment=`."""
        rows = Lock.objects.seen_by(self.actor).select_related("service", "environment")
        ended = self._asked("ended", ["true", "false"]) == "true"
        rows = rows.ended(self.now) if ended else rows.standing(self.now)
        rows = self._narrowed(rows)
        return page(
            self,
            request,
            rows.order_by("-created_at", "-id"),
            lambda shown: [lock_json(self, row) for row in shown],
        )

    @operation("lock", "Locks", {200: answers.Lock, 201: answers.Lock}, body=LockBody, keyed=True)
    def post(self, request: Request) -> Response:
        """Lock: 201; 200 when this `Idempotency-Key` was seen with this body."""
        asked = lock_request(self.actor, self.read(LockBody))
        answer = once(
            self.actor,
            asked.service,
            "locks",
            self.idempotency_key,
            self.sent,
            lambda: lock_json(self, lock(self.actor, asked, now=self.now)),
            now=self.now,
        )
        return Response(answer.body, status=answer.status, headers=self.replayed(answer.replayed))

    def _asked(self, name: str, known: list[str]) -> str | None:
        """What `?name=` says. Raises 422 for a word it does not know."""
        given = self.request.query_params.get(name)
        if given is not None and given not in known:
            raise invalid(unknown(f"?{name}", name, given[:100], known))
        return given

    def _narrowed(self, rows: LockQuerySet) -> LockQuerySet:
        """Only those that can stop what is asked about: a lock on all services stops each."""
        service = environment = None
        if slug := self.request.query_params.get("service"):
            service = self.service(slug)
        if "environment" in self.request.query_params:
            environment = self.environment()
        return rows.on(service, environment)


class OneLock(Door):
    """One lock."""

    write_scope = Scope.GATE_WRITE

    @operation("getLock", "Locks", {200: answers.Lock})
    def get(self, request: Request, lock_id: int) -> Response:
        """Show it."""
        found = (
            Lock.objects.seen_by(self.actor)
            .select_related("service", "environment")
            .filter(pk=lock_id)
            .first()
        )
        if found is None:
            raise Problem("not-found", "There is no such lock, or it is another team's.")
        return Response(lock_json(self, found))

    @operation("endLock", "Locks", {200: answers.Lock})
    def delete(self, request: Request, lock_id: int) -> Response:
        """End it. One that has ended stays as it is: asking again changes nothing."""
        return Response(lock_json(self, release_lock(self.actor, lock_id, now=self.now)))


def lock_json(door: Door, row: Lock) -> dict[str, Any]:
    """A lock and when it holds: `holds_until`, now; `next`, within a year; null where it does not."""
    now = door.now
    held = row.span_at(now)
    ahead = None if row.is_over(now) else row.term.next_span(now, YEAR)
    return {
        "id": row.pk,
        "service": row.service.slug if row.service else None,
        "environment": row.environment.name if row.environment else None,
        "kind": row.kind,
        "source": row.source,
        "reason": row.reason,
        "until": stamp(row.until),
        "window": row.window,
        "recurs": row.recurs or None,
        "scope": row.scope,
        "state": "holds" if held else "waits" if ahead else "ended",
        "holds_until": stamp(held.ends) if held and held.ends != FOR_EVER else None,
        "next": {"starts": stamp(ahead.starts), "ends": stamp(ahead.ends)} if ahead else None,
        "created_by": row.created_by,
        "created_at": stamp(row.created_at),
        "released_by": row.released_by or None,
        "released_at": stamp(row.released_at),
        "self": door.absolute(f"/api/v1/locks/{row.pk}"),
        "url": door.absolute("/locks/"),
    }
