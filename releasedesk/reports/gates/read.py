"""What the gates go by for one release and one environment: two queries, four with locks and settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.apps import apps
from django.conf import settings

from releasedesk.accounts.models import User
from releasedesk.catalog.models import Environment
from releasedesk.checklists import unmet as checklists
from releasedesk.checklists.unmet import Line
from releasedesk.checklists.unmet import Standing as Checklist
from releasedesk.releases import fingerprints, lock_times
from releasedesk.releases.lock_times import Standing as Locks
from releasedesk.releases.models import Lock, Release
from releasedesk.reports.gates.decide import Rules, Voice
from releasedesk.reports.gates.facts import GateFacts, Ran
from releasedesk.reports.gates.rows import row
from releasedesk.reports.size import size_of
from releasedesk.rollbacks.going_back import Rank
from releasedesk.rollbacks.queries import PlanFacts, plan_facts
from releasedesk.rollbacks.readiness import PlanBrief, Readiness, Running, Situation, readiness


@dataclass(frozen=True, slots=True)
class Then:
    """A time that has passed, and what was live then: a deployment is judged as of when it began."""

    at: datetime
    live: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Everything there is to decide by. The ranks are those in the environment; None never stood there."""

    facts: GateFacts
    rules: Rules
    voices: tuple[Voice, ...]
    rank: Rank | None
    live_rank: Rank | None
    own: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Plan:
    """What was planned, now or then."""

    owner: str
    expected_result: str
    change: str
    commit: str
    irreversible: bool


def read(release: Release, environment: Environment, *, now: datetime, then: Then | None = None) -> Reading:
    """Read it as it stands now or, as far as that was recorded, as it stood `then`."""
    at = then.at if then else None
    found = row(release, environment, now=now, at=at)
    plan = _planned(release) if at is None else _planned_at(release, at)
    live = then.live if then else found["live"] and found["live"]["version"]
    service_owner = release.service.owner
    answerable = plan.owner or (service_owner.get_username() if service_owner else "")
    plans = plan_facts([release.pk], [release.service_id], at=at)
    way = plans.get((release.service_id, release.pk)) or plans.get((release.service_id, None))
    running = None if then else found["running"]
    facts = GateFacts(
        version=release.version,
        commit=plan.commit or release.reported_commit,
        environment=environment.name,
        answerable=answerable,
        expected_result=plan.expected_result,
        size=size_of(
            release, change=plan.change, commits=found["commits"], has_settings=found["has_settings"]
        ),
        checklist=_checklist(found["checklist"], environment.tier),
        measured=found["measured"],
        live=live,
        way_back=_way_back(
            Situation(
                now=at or now,
                environment=environment.name,
                live=release.version,
                target=live,
                needs_target=live is not None,
                irreversible_migration=plan.irreversible and live is not None,
                running=Running(running["version"], _time(running["at"])) if running else None,
                max_age_days=settings.REHEARSAL_MAX_AGE_DAYS,
            ),
            way,
            owned=bool(answerable),
        ),
        rehearsed_seconds=_rehearsed_seconds(way),
        stages=found["stages"],
        ran=Ran(**found["ran"]) if found["ran"] else None,
        suspect=found["suspect"] or "",
        config=_config(found, environment),
        locks=_locks(release, environment, at, now) if found["may_be_locked"] else Locks((), (), at or now),
    )
    return Reading(
        facts=facts,
        rules=Rules(
            tier=environment.tier,
            levels={one["gate"]: one["level"] for one in found["levels"]},
            four_eyes=environment.four_eyes,
        ),
        voices=_voices(found["voices"], found["shipped"]),
        rank=_rank(found["rank"]),
        live_rank=_rank(found["live"]["rank"]) if found["live"] else None,
        own=frozenset(filter(None, [answerable, release.planned_by])),
    )


def _planned(release: Release) -> _Plan:
    owner = release.owner.get_username() if release.owner else ""
    return _Plan(owner, release.expected_result, release.change, release.commit, release.irreversible)


def _planned_at(release: Release, at: datetime) -> _Plan:
    """The plan as the history has it: what was written later is hindsight."""
    events: Any = apps.get_model("releases", "ReleaseEvent").objects  # django-pghistory makes the model
    then = events.filter(pgh_obj=release, updated_at__lte=at).order_by("-pgh_id").first()
    if then is None:
        return _Plan("", "", "", "", irreversible=release.irreversible)
    owner = User.objects.filter(pk=then.owner_id).first() if then.owner_id else None
    name = owner.get_username() if owner else ""
    return _Plan(name, then.expected_result, then.change, then.commit, release.irreversible)


def _checklist(rows: Iterable[Mapping[str, Any]], tier: str) -> Checklist:
    """How the list stood."""
    lines = [
        Line(
            key=one["key"],
            label=one["label"],
            outcome=one["outcome"],
            required=one["required"],
            tier=one["tier"],
        )
        for one in rows
    ]
    return checklists.standing(lines, tier)


def _way_back(situation: Situation, plan: PlanFacts | None, *, owned: bool) -> Readiness:
    if plan is None:
        return readiness(situation)
    brief = PlanBrief(
        version=plan.version,
        steps=plan.steps,
        triggers=len(plan.triggers),
        has_owner=plan.owned or owned,
        irreversible_steps=plan.irreversible_steps,
    )
    rehearsal = plan.rehearsed.brief if plan.rehearsed else None
    older = plan.older.brief if plan.older else None
    return readiness(replace(situation, plan=brief, rehearsal=rehearsal, older_rehearsal=older))


def _rehearsed_seconds(plan: PlanFacts | None) -> float | None:
    rehearsed = plan.rehearsed if plan else None
    return rehearsed.seconds if rehearsed and rehearsed.brief.succeeded else None


def _config(found: Mapping[str, Any], environment: Environment) -> fingerprints.Comparison:
    """One stage before against here; what is meant to differ was said for the service."""
    before, here = found["config_before"], found["config_here"]
    stage = before["environment"] if before else next(iter(found["stages"]), "")
    return fingerprints.compare(
        (stage, before["digests"] if before else None),
        (environment.name, here["digests"] if here else None),
        found["meant"],
    )


def _locks(release: Release, environment: Environment, at: datetime | None, now: datetime) -> Locks:
    """The locks that hold here; of a time that has passed, those that held then."""
    rows = Lock.objects.known_at(at) if at else Lock.objects.standing(now)
    here = rows.on(release.service, environment).select_related("service", "environment")
    return lock_times.standing([lock.as_held() for lock in here.order_by("created_at", "pk")], at or now)


def _voices(rows: Sequence[Mapping[str, Any]], shipped: datetime | None) -> tuple[Voice, ...]:
    """The overrides that were given since the release last shipped here; with a shipment they are used up."""
    voices = (Voice(one["gate"], one["by"], _time(one["at"]), one["reason"]) for one in rows)
    return tuple(voice for voice in voices if shipped is None or voice.at > shipped)


def _rank(found: Mapping[str, Any] | None) -> Rank | None:
    return (_time(found["at"]), found["source"], found["key"]) if found else None


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
