"""What PostgreSQL itself refuses, whoever asks: the ORM, the admin or somebody with psql."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from releasedesk.accounts.models import Membership, Team
from releasedesk.accounts.roles import DESK
from releasedesk.actions.configuration import Meaning, config_key, mean_difference
from releasedesk.actions.locks import LockRequest, lock
from releasedesk.catalog.models import Environment, MetricPolicy, Service, Token
from releasedesk.checklists.models import Item, Template
from releasedesk.deliveries.models import Delivery
from releasedesk.measurements.models import Comparison, Snapshot
from releasedesk.notes.models import Note
from releasedesk.releases.models import (
    Change,
    ConfigKey,
    Deployment,
    DeploymentFact,
    Incident,
    Live,
    Lock,
    MeantDifference,
    Release,
    ReportedConfig,
    Standing,
)
from releasedesk.rollbacks.models import Plan, Rehearsal, Step
from tests.builders import (
    NOON,
    event,
    make_deployment,
    make_note,
    make_plan,
    make_rehearsal,
    make_release,
    make_service,
    make_snapshot,
    make_team,
    make_token,
    make_user,
    minutes,
)

DAY = "'2026-11-23'"


def again(model: type[Any], *, at: int = 0, **changes: Any) -> Callable[[], object]:
    """Insert a copy of a table's row, the first one unless `at` says so, with these changes."""

    def insert() -> object:
        row = model.objects.order_by("pk")[at]
        row.pk, row._state.adding = None, True
        for name, value in changes.items():
            setattr(row, name, value)
        return model.objects.bulk_create([row])

    return insert


def update(model: type[Any], **changes: Any) -> Callable[[], object]:
    return lambda: model.objects.update(**changes)


def sql(statement: str) -> Callable[[], object]:
    def execute() -> object:
        with connection.cursor() as cursor:
            return cursor.execute(statement)

    return execute


BROKEN: dict[str, Callable[[], object]] = {
    "team_slug": update(Team, slug="Payments Team"),
    "team_timezone": update(Team, timezone="Europe Berlin"),
    "one_role_per_team": again(Membership),
    "membership_role": update(Membership, role="owner"),
    "environment_name": update(Environment, name="Production!"),
    "environment_tier": update(Environment, tier="moon"),
    "environment_staged_in": update(Environment, staged_in="moon"),
    "service_slug": update(Service, slug="a/b"),
    "service_repository_is_http": update(Service, repository="javascript:alert(1)"),
    "service_health_is_http": update(Service, health_url="file:///etc/passwd"),
    "one_policy_per_metric": again(MetricPolicy),
    "allowed_is_not_negative": update(MetricPolicy, allowed=-1),
    "level_is_not_negative": update(MetricPolicy, level=-1),
    "a_kind_has_its_limit": update(MetricPolicy, kind="relative"),
    "token_scopes": update(Token, scopes=["root"]),
    "one_delivery_per_key": again(Delivery),
    "delivery_outcome": update(Delivery, outcome="lost"),
    "one_release_per_version": again(Release),
    "release_version": update(Release, version="1.0 beta"),
    "one_change_per_commit": again(Change),
    "facts_never_change": update(DeploymentFact, command="something else"),
    "facts_never_change (not even by SQL)": sql("UPDATE releases_deploymentfact SET occurred_at = now()"),
    "facts_never_change (an end keeps its time)": sql(
        "UPDATE releases_deploymentfact SET occurred_at = '2000-01-01+0' WHERE kind <> 'started'"
    ),
    "facts_never_change (nor is a start put off)": sql(
        "UPDATE releases_deploymentfact SET occurred_at = occurred_at + '1s' WHERE kind = 'started'"
    ),
    "deploymentfact_of_its_service": again(DeploymentFact, key="other", service_id=0),
    "deployment_of_its_service": update(Deployment, service_id=0),
    "standing_of_its_service": update(Standing, service_id=0),
    "live_of_its_service": update(Live, service_id=0),
    "one_fact_per_key": again(DeploymentFact),
    "fact_kind": again(DeploymentFact, key="other", kind="lost"),
    "fact_url_is_http": again(DeploymentFact, key="other", url="ftp://ci.example"),
    "only_a_success_has_a_mode (and nothing is lost for good)": update(Deployment, status="lost", mode=""),
    "only_a_success_has_a_mode": update(Deployment, status="failed"),
    "only_a_success_has_a_mode (and each has one)": update(Deployment, mode=""),
    "deployment_has_a_fact": update(Deployment, start=None, finish=None),
    "a_finish_ends_one": again(Deployment),
    "a_start_opens_one": again(Deployment, at=1),
    "one_standing_per_place": again(Standing),
    "a_mark_has_its_time": update(Standing, rolled_back_at=NOON),
    "one_live_per_place": again(Live),
    "one_incident_per_key": again(Incident),
    "incident_url_is_http": update(Incident, url="x"),
    "one_config_per_key": again(ReportedConfig),
    "one_item_per_key": again(Item),
    "item_outcome": update(Item, outcome="maybe", decided_at=NOON),
    "a_decision_has_its_time": update(Item, outcome="passed"),
    "a_waiver_has_a_reason": update(Item, outcome="waived", decided_at=NOON),
    "a_waiver_has_a_reason (nor does what does not apply)": update(
        Item, outcome="not_applicable", decided_at=NOON
    ),
    "item_link_is_http": update(Item, link="x"),
    "one_template_line_per_key": again(Template),
    "a_template_is_of_one": sql("UPDATE checklists_template SET team_id = 0, service_id = 0"),
    "template_list": update(Template, list="wishes"),
    "template_key": update(Template, key="No key"),
    "a_template_line_has_its_words": update(Template, label=""),
    "template_tier": update(Template, tier="moon"),
    "template_link_is_http": update(Template, link="x"),
    "lock_kind": update(Lock, kind="stop"),
    "lock_source": update(Lock, source="moon"),
    "a_lock_has_a_reason": update(Lock, reason=""),
    "a_freeze_has_its_window": update(Lock, source="freeze"),
    "a_freeze_has_its_window (whole)": update(Lock, source="freeze", window={"kind": "weekly"}),
    "a_lock_ends_after_it_begins": update(Lock, until=NOON),
    "a_config_key_is_sealed": update(ConfigKey, sealed=""),
    "one_meaning_per_setting": again(MeantDifference),
    "a_difference_has_a_reason": update(MeantDifference, reason=""),
    "evidence_is_http": update(Item, evidence="x"),
    "snapshot_phase": update(Snapshot, phase="during"),
    "snapshot_cache_state": update(Snapshot, cache_state="tepid"),
    "window_runs_forward": update(Snapshot, taken_until=NOON - minutes(60)),
    "snapshot_has_its_numbers": update(Snapshot, samples=None),
    "one_current_comparison": again(Comparison),
    "comparison_verdict": update(Comparison, verdict="fine"),
    "one_plan_per_version": again(Plan),
    "plan_data": again(Plan, version=7, data="gone"),
    "a_plan_version_never_changes": update(Plan, data_note="Nothing is lost."),
    "a_plan_version_never_changes (not even by SQL)": sql("UPDATE rollbacks_plan SET digest = 'x'"),
    "steps_never_change": update(Step, command="rm -rf /"),
    "one_step_per_position": again(Step),
    "rehearsal_runs_forward": update(Rehearsal, finished_at=NOON - minutes(60)),
    "rehearsal_outcome": update(Rehearsal, outcome="maybe"),
    "a_finished_note_has_its_time": update(Note, draft=True),
}


@pytest.fixture
def _one_of_everything(db: None) -> None:
    team = make_team()
    make_user("alice", team)
    make_token(team)
    service = make_service(metric_policies=[{"metric": "db_calls"}])
    make_plan(service)
    release = make_release(service, changes=[{"sha": "9f3c123"}])
    make_deployment(service)
    make_deployment(service, kind="started", at=NOON + minutes(1))
    make_rehearsal(release)
    make_snapshot(release, "before", at=NOON - minutes(10))
    make_snapshot(release, "after", at=NOON + minutes(10))
    make_note(release)
    Incident.objects.create(service=service, key="1", opened_at=NOON)
    config: dict[str, Any] = {"environment": Environment.objects.first(), "digests": {}, "occurred_at": NOON}
    ReportedConfig.objects.create(service=service, source="native", key="1", **config)
    config_key(DESK, service, now=NOON)
    mean_difference(DESK, service, "HOST", Meaning(reason="Each has its own."), now=NOON)
    lock(DESK, LockRequest(service, None, Lock.Kind.BLOCK, "Audit", None), now=NOON)
    Delivery.objects.create(
        team=team,
        source="native",
        key="1",
        body=event(),
        digest=b"",
        outcome="applied",
        answer={},
        received_at=NOON,
    )


def tried_to_the_end(attempt: Callable[[], object]) -> None:
    """Try it, and what is deferred to the end of the transaction too."""
    attempt()
    sql("SET CONSTRAINTS ALL IMMEDIATE")()


@pytest.mark.usefixtures("_one_of_everything")
@pytest.mark.parametrize("name", BROKEN)
def test_the_database_refuses_what_cannot_be(name: str) -> None:
    with pytest.raises(DatabaseError) as refused, transaction.atomic():
        tried_to_the_end(BROKEN[name])
    said, constraint = str(refused.value), name.partition(" (")[0]
    assert constraint in said or ("never_change" in name and "Cannot update" in said), said


def test_every_constraint_of_ours_is_tried() -> None:
    models = [Team, Membership, Environment, Service, MetricPolicy, Token, Delivery, Release, Change]
    models += [
        DeploymentFact,
        Deployment,
        Standing,
        Live,
        Incident,
        ReportedConfig,
        Item,
        Template,
        Lock,
        ConfigKey,
        MeantDifference,
        Snapshot,
        Comparison,
    ]
    models += [Plan, Step, Rehearsal, Note]
    known = {constraint.name for model in models for constraint in model._meta.constraints}
    assert known - {name.split(" (")[0] for name in BROKEN} == set()


def test_a_rejected_delivery_does_not_occupy_its_key(db: None) -> None:
    fields: dict[str, Any] = {
        "body": {},
        "digest": b"",
        "answer": {},
        "received_at": NOON,
        "outcome": "rejected",
    }
    for _ in range(2):
        Delivery.objects.create(team=make_team(), source="native", key="1", **fields)
    assert Delivery.objects.count() == 2
