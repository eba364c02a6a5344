"""Which gate let a deployment through, or did none: judged after the fact, by the time at which it began.

Deployments are facts and are never refused. A job judges each forward success soon after it was reported
(`judge_passages`); `wake` enqueues it by name, in the transaction that takes the report in.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Max, Q
from django.db.models.functions import Coalesce

from releasedesk.actions.gate import fresh
from releasedesk.catalog.models import Service
from releasedesk.operations.statements import run
from releasedesk.releases.history import Kind, Mode
from releasedesk.releases.models import Deployment, DeploymentFact, GateAnswer, Passage, stopping
from releasedesk.reports.gates.answer import gate
from releasedesk.reports.gates.read import Then

TASK = "judge_passages"
AT_ONCE = 5
ANSWER_HOLDS = timedelta(minutes=60)


def wake(service_ids: Collection[int]) -> None:
    """See to it that what has shipped is judged: one statement. The caller holds the services' locks."""
    if service_ids:
        run("SELECT releases_wake(%s)", [sorted(service_ids)])


def judge_passages(service_id: int, *, now: datetime, again: bool = True) -> int:
    """Judge every success of a service that needs it, `again` those whose marks may be lifted.

    Returns how many did. A few in each transaction: who reports on the service meanwhile waits for no more
    than these.
    """
    judged: set[int] = set()
    while some := _judge_some(service_id, judged, now=now, again=again):
        judged |= some
    return len(judged)


@transaction.atomic
def _judge_some(service_id: int, judged: set[int], *, now: datetime, again: bool) -> set[int]:
    """Judge some of those that are not yet among the judged. Returns the deployments."""
    service = Service.objects.select_for_update(no_key=True, of=("self",)).filter(pk=service_id).first()
    if service is None:
        return set()
    due = _due(service, now, again=again).exclude(pk__in=judged)[:AT_ONCE]
    verdicts = [_verdict(deployment, now) for deployment in due]
    if is_news := any(each.is_news for each in verdicts):
        Service.objects.filter(pk=service.pk).changed()
    for each in verdicts:
        each.write(revision=service.revision + is_news, now=now)
    return {each.deployment.pk for each in verdicts}


def services_to_judge(*, now: datetime) -> list[int]:
    """The services of which something waits to be judged: a net under the jobs, and late reports."""
    unjudged = _forward().filter(finish__passage=None).values_list("service_id", flat=True)
    unsettled = Passage.objects.unsettled(now).values_list("fact__service_id", flat=True)
    return sorted({*unjudged, *unsettled})


def _forward() -> Any:
    """The successes that went forward since their service is known: only they have to pass a gate."""
    began = Coalesce("started_at", "finished_at")
    rows = Deployment.objects.filter(mode=Mode.FORWARD).annotate(began=began)
    return rows.filter(began__gte=F("service__created_at"))


def _due(service: Service, now: datetime, *, again: bool) -> Any:
    """The unjudged; those of which a report that came late moved the beginning; `again` marks it may lift."""
    due = Q(finish__passage=None) | ~Q(finish__passage__began_at=F("began"))
    if again:
        due |= Q(finish__passage__in=Passage.objects.unsettled(now).filter(fact__service=service))
    rows = _forward().filter(due, service=service)
    return rows.select_related("environment", "release", "replaced", "finish__passage").order_by("at", "pk")


@dataclass(frozen=True, slots=True)
class _Verdict:
    """How a deployment passed, beside what was found before, if it was judged before."""

    deployment: Any
    before: Passage | None
    answer: GateAnswer | None
    conditions: list[dict[str, Any]]

    @property
    def is_news(self) -> bool:
        """Whether somebody who looks would see something else. To judge again is not yet a change."""
        before, began = self.before, self.deployment.began
        now = (self.answer.pk if self.answer else None, self.conditions, began)
        return before is None or (before.answer_id, before.conditions, before.began_at) != now

    def write(self, *, revision: int, now: datetime) -> None:
        """Keep it, as it was found at this revision of the service."""
        Passage.objects.update_or_create(
            fact_id=self.deployment.finish_id,
            defaults={
                "answer": self.answer,
                "is_open": not stopping(self.conditions),
                "conditions": self.conditions,
                "began_at": self.deployment.began,
                "first_judged_at": self.before.first_judged_at if self.before else now,
                "judged_at": now,
                "revision": revision,
            },
        )


def _verdict(deployment: Any, now: datetime) -> _Verdict:
    """Find how it passed: by the last answer given for it, else by what is recorded of that time."""
    before: Passage | None = getattr(deployment.finish, "passage", None)
    answer = _answer(deployment)
    conditions = answer.conditions if answer else _conditions(deployment, before, now)
    return _Verdict(deployment, before, answer, conditions)


def _answer(deployment: Any) -> GateAnswer | None:
    """The open answer by which it went: the last of the hour before it began, and of this shipping.

    Answers bear the desk's time and deployments their sender's, whose clock may be behind.
    """
    earlier = DeploymentFact.objects.filter(
        release=deployment.release_id,
        environment=deployment.environment_id,
        kind=Kind.SUCCEEDED,
        occurred_at__lt=deployment.began,
    ).aggregate(last=Max("occurred_at"))["last"]
    earliest = deployment.began - ANSWER_HOLDS
    latest = deployment.began + timedelta(seconds=settings.CLOCK_SKEW_SECONDS)
    given = GateAnswer.objects.filter(release=deployment.release_id, environment=deployment.environment_id)
    last = given.between(max(earliest, earlier or earliest), latest).newest_first().first()
    return last if last and last.is_open else None


def _conditions(deployment: Any, before: Passage | None, now: datetime) -> list[dict[str, Any]]:
    """The gate as it stood when the deployment began.

    A later report only ever adds to what is known of that time: what was found met then stays met.
    """
    then = Then(deployment.began, deployment.replaced.version if deployment.replaced else None)
    found = gate(fresh(deployment.release), deployment.environment, now=now, then=then).conditions_json()
    if before is None or before.began_at != deployment.began:
        return found
    kept = {one["key"]: one for one in before.conditions if one["state"] != "unmet"}
    return [kept.get(one["key"], one) if one["state"] == "unmet" else one for one in found]
