"""What was recorded of one release, read in one query: the page shows a dozen small lists."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Model, QuerySet

from releasedesk.accounts.roles import Actor
from releasedesk.catalog.models import Environment
from releasedesk.checklists.models import Item
from releasedesk.measurements.metric_source import MetricSource, Window
from releasedesk.measurements.models import Comparison, Snapshot
from releasedesk.notes.models import Note
from releasedesk.operations.together import together
from releasedesk.releases.models import Change, GateAnswer, Live, Lock, Override, Release, Standing
from releasedesk.reports.verdicts import Judged
from releasedesk.rollbacks.models import Plan, Rehearsal


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """All of it. `lives` come nearest to users first, what has a time comes the newest first.

    Snapshots are without their requests, and comparisons that a newer one replaced without their result.
    """

    environments: list[Environment]
    lives: list[Live]
    standings: list[Standing]
    snapshots: list[Snapshot]
    comparisons: list[Comparison]
    items: list[Item]
    changes: list[Change]
    note: Note | None
    plans: list[Plan]
    rehearsals: list[Rehearsal]
    overrides: list[Override]
    answers: list[GateAnswer]
    windows: list[Window]
    locks: list[Lock]

    @property
    def standing(self) -> Judged:
        """Its verdicts, and where it stands."""
        return Judged([row for row in self.comparisons if row.is_current], self.standings)


def rows_of(release: Release, *, actor: Actor, locks: QuerySet[Lock]) -> Rows:
    """Read them, as far as the actor may see them; `locks` are the questions for what stops its service."""
    environments, sources, notes, held, *found = together(
        Environment.objects.all(),
        MetricSource.objects.filter(service=release.service_id).only("pk", "environment_id"),
        Note.objects.visible_to(actor).filter(release=release),
        locks,
        release.lives.all(),
        release.standings.all(),
        release.snapshots.defer("samples").order_by("-taken_until", "-id"),
        release.comparisons.defer("limits"),
        release.items.all(),
        release.changes.all(),
        release.plans.order_by("-version"),
        Rehearsal.objects.filter(plan__in=Plan.objects.filter(release=release)),
        release.overrides.all(),
        release.gate_answers.newest_first(),
        release.windows.order_by("-taken_from"),
    )
    lives, standings, snapshots, comparisons, items, changes, plans, rehearsals, *found = found
    overrides, answers, windows = found
    places = {place.pk: place for place in environments}
    for row in (*lives, *standings, *snapshots, *comparisons, *rehearsals, *overrides, *answers, *sources):
        row.environment = places[row.environment_id]
    for row in held:
        row.environment = places.get(row.environment_id)
        row.service = release.service if row.service_id else None
    _link(windows, "source", sources)
    _link(rehearsals, "plan", plans)
    _link(comparisons, "before", snapshots)
    _link(comparisons, "after", snapshots)
    for row in (*comparisons, *plans, *lives):
        row.release = release
    return Rows(
        environments=environments,
        lives=sorted(lives, key=lambda row: row.environment.rank, reverse=True),
        standings=standings,
        snapshots=snapshots,
        comparisons=comparisons,
        items=items,
        changes=changes,
        note=notes[0] if notes else None,
        plans=plans,
        rehearsals=rehearsals,
        overrides=overrides,
        answers=answers,
        windows=windows,
        locks=held,
    )


def _link(rows: Iterable[Model], name: str, others: Iterable[Model]) -> None:
    """Let a foreign key of these rows point at rows that were read with them."""
    by_key = {other.pk: other for other in others}
    for row in rows:
        setattr(row, name, by_key[getattr(row, f"{name}_id")])
