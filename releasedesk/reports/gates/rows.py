"""All that hangs on a release and an environment, in one query, as JSON; with a time, as it was then."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, JSONObject

from releasedesk.catalog.models import Environment
from releasedesk.checklists.models import Decided, Item, Outcome
from releasedesk.measurements.models import Comparison, Snapshot
from releasedesk.operations.compiled import Compiled, compiled, stand_in_time
from releasedesk.releases.history import Kind
from releasedesk.releases.models import (
    Change,
    Deployment,
    DeploymentFact,
    GateLevel,
    Live,
    Lock,
    MeantDifference,
    Override,
    Release,
    ReportedConfig,
    Standing,
)

Parts = dict[str, Any]  # a query's columns: name and expression
MINE = Q(release=OuterRef("pk"))
OF_THE_SERVICE = Q(service=OuterRef("service"))
RANK = {"at": F("first_at"), "source": F("first__source"), "key": F("first__key")}


def row(release: Release, environment: Environment, *, now: datetime, at: datetime | None) -> dict[str, Any]:
    """Read it. Times are ISO 8601 text, what is not there is None."""
    values = {
        "release": release.pk,
        "environment": environment.pk,
        "stage": environment.stage_before or "",
        "now": now,
    }
    if at is not None:
        values["at"] = at
    (found,) = _statement(as_of=at is not None).rows(**values)
    return found


@cache
def _statement(*, as_of: bool) -> Compiled:
    """The query, written once."""
    stand_ins = {"release": -1, "environment": -2, "stage": "a stage", "now": stand_in_time(1)}
    at = stand_in_time(2) if as_of else None
    if at is not None:
        stand_ins["at"] = at
    return compiled(_query(stand_ins, at), stand_ins)


def _query(of: Mapping[str, Any], at: datetime | None) -> QuerySet[Release, Any]:
    here, before = Q(environment=of["environment"]), Q(environment__tier=of["stage"])
    parts: Parts = {
        **_evidence(here, before, at),
        **_place(here, of["now"], as_of=at is not None),
        **_rules(here, at),
        "stages": ArraySubquery(
            Environment.objects.filter(tier=of["stage"]).order_by("order", "name").values("name")
        ),
        "meant": ArraySubquery(MeantDifference.objects.filter(OF_THE_SERVICE).values("name")),
        "commits": _number(Change.objects.filter(MINE)),
        "config_here": _config(OF_THE_SERVICE & here, at),
        "config_before": _config(OF_THE_SERVICE & before, at),
    }
    return Release.objects.filter(pk=of["release"]).values(**parts)


def _evidence(here: Q, before: Q, at: datetime | None) -> Parts:
    """What was checked, measured and tried out."""
    reported = DeploymentFact.objects.filter(MINE, _until("occurred_at", at), kind=Kind.SUCCEEDED)
    successes = reported.order_by("-occurred_at", "-source", "-key")
    measured = Snapshot.objects.filter(MINE, here, _until("taken_until", at), phase=Snapshot.Phase.BEFORE)
    suspect = Comparison.objects.current().filter(MINE, before, _until("after__taken_until", at))
    return {
        "checklist": ArraySubquery(
            Item.objects.filter(MINE, required=True)
            .order_by("list", "position", "key")
            .values(
                json=JSONObject(
                    key="key",
                    label="label",
                    outcome=_outcome(at),
                    required="required",
                    tier="tier",
                )
            )
        ),
        "measured": ArraySubquery(measured.order_by("route").values("route").distinct()),
        "ran": Subquery(
            successes.filter(before).values(
                json=JSONObject(environment="environment__name", commit="commit")
            )[:1]
        ),
        "suspect": Subquery(
            suspect.filter(verdict="suspect").order_by("route", "environment").values("sentence")[:1]
        ),
        "shipped": Subquery(successes.filter(here, _before("occurred_at", at)).values("occurred_at")[:1]),
    }


def _place(here: Q, now: datetime, *, as_of: bool) -> Parts:
    """What is live in the environment, how the release stands there, and what else is on its way."""
    at_home = Standing.objects.filter(here)
    rank = JSONObject(**RANK)
    live_stands = at_home.filter(release=OuterRef("release")).values(json=rank)
    live = Live.objects.filter(OF_THE_SERVICE, here).values(
        json=JSONObject(version="release__version", rank=Subquery(live_stands[:1]))
    )
    others = Deployment.objects.running(now).filter(OF_THE_SERVICE, here).exclude(release=OuterRef("pk"))
    locks = Lock.objects.filter(Q(service=None) | OF_THE_SERVICE, Q(environment=None) | here)
    return {
        # Seldom: whether one holds is asked only then.
        "may_be_locked": Exists(locks if as_of else locks.filter(released_at=None)),
        "has_settings": Exists(ReportedConfig.objects.filter(MINE)),
        "live": Subquery(live[:1]),
        "rank": Subquery(at_home.filter(MINE).values(json=rank)[:1]),
        "running": Subquery(
            others.order_by("started_at").values(
                json=JSONObject(version="release__version", at="started_at")
            )[:1]
        ),
    }


def _rules(here: Q, at: datetime | None) -> Parts:
    """What is asked here, the service's own levels last, and who let it be."""
    levels = GateLevel.objects.filter(here, Q(service=None) | OF_THE_SERVICE)
    overrides = Override.objects.filter(MINE, here, _until("made_at", at))
    return {
        "levels": ArraySubquery(
            levels.order_by(F("service").asc(nulls_first=True)).values(
                json=JSONObject(gate="gate", level="level")
            )
        ),
        "voices": ArraySubquery(
            overrides.order_by("made_at", "pk").values(
                json=JSONObject(gate="gate", by="made_by", at="made_at", reason="reason")
            )
        ),
    }


def _config(which: Q, at: datetime | None) -> Subquery[Any]:
    newest = ReportedConfig.objects.filter(which, _until("occurred_at", at), outdated=False)
    return Subquery(
        newest.order_by("-occurred_at", "-source", "-key").values(
            json=JSONObject(environment="environment__name", digests="digests")
        )[:1]
    )


def _outcome(at: datetime | None) -> F | Coalesce:
    """What was known of an item: now it holds that itself, of a time that has passed its decisions do."""
    if at is None:
        return F("outcome")
    then = Decided.objects.filter(item=OuterRef("pk"), at__lte=at).newest_first()
    return Coalesce(Subquery(then.values("outcome")[:1]), Value(Outcome.OPEN.value))


def _number(rows: QuerySet[Change]) -> Coalesce:
    counted = rows.order_by().values("release").annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(counted), 0)


def _until(name: str, at: datetime | None) -> Q:
    return Q(**{f"{name}__lte": at}) if at else Q()


def _before(name: str, at: datetime | None) -> Q:
    return Q(**{f"{name}__lt": at}) if at else Q()
