"""Plan a release; register one that was only heard of."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from django.db import connection, transaction

from releasedesk.accounts.roles import Actor, Role
from releasedesk.actions.commits import know_commit
from releasedesk.actions.services import find_user
from releasedesk.catalog.models import Service
from releasedesk.checklists.models import WORDED, Item, Outcome, Template
from releasedesk.problems.problem import Problem
from releasedesk.releases.bodies import ChangeBody, ReleaseBody
from releasedesk.releases.models import Change, Release
from releasedesk.rollbacks.models import Plan, Step

# The revision a writer has read, or several of which any will do; "*" for any that exists, "new" for none
# that does; None for a writer who does not mind.
IfMatch = int | frozenset[int] | Literal["*", "new"] | None


def put_release(
    actor: Actor,
    service: Service,
    version: str,
    body: ReleaseBody,
    *,
    now: datetime,
    replace: bool,
    if_match: IfMatch = None,
) -> tuple[Release, bool]:
    """Write a release's plan, creating the release when it is new. Returns it and whether it was created.

    `replace` sets every field (PUT), else only those the body names (PATCH). `if_match` is the revision the
    writer has read. Raises 403, 412 when somebody changed it meanwhile, 422 for an unknown owner.
    """
    actor.require(
        Role.ENGINEER, team_id=service.team_id, service_id=service.pk, what=f"plan releases of {service.slug}"
    )
    with transaction.atomic():
        Service.objects.filter(pk=service.pk).changed()
        release, created = ensure_release(service, version, actor=actor, now=now)
        require_match(f"{service.slug} {version}", if_match, None if created else release.revision)
        names = set(ReleaseBody.model_fields) if replace else set(body.model_fields_set)
        for name in names & set(Release.PLAN_FIELDS):
            value = getattr(body, name)
            setattr(release, name, value if isinstance(value, bool) else value or "")
        if "owner" in names:
            release.owner = find_user(body.owner, "#/owner")
        if replace and body.changes is not None:
            release.changes.all().delete()
        add_changes(release, body.changes or ())
        release.planned_at = release.planned_at or now
        release.planned_by = release.planned_by or actor.label
        release.updated_at = now
        release.revision += 0 if created else 1
        release.save()
        if "commit" in names:
            know_commit(service, release)
    return release, created


def ensure_release(service: Service, version: str, *, actor: Actor, now: datetime) -> tuple[Release, bool]:
    """Return the release, registering it with the service's standing plan and both checklists when it is new.

    The caller holds the service's lock.
    """
    release, created = Release.objects.get_or_create(
        service=service,
        version=version,
        defaults={"created_by": actor.label, "created_at": now, "updated_at": now},
    )
    if created:
        _copy_checklists(release)
        _copy_standing_plan(release, actor=actor, now=now)
    return release, created


def add_changes(release: Release, changes: Iterable[ChangeBody]) -> None:
    """Add commits to a release; one that is known stays as it is."""
    rows = [Change(release=release, **change.model_dump()) for change in changes]
    Change.objects.bulk_create(rows, ignore_conflicts=True)


def require_match(what: str, if_match: IfMatch, revision: int | None) -> None:
    """Raise 412 when the writer has read another state than the present `revision` (None: there is none)."""
    if revision is None:
        holds = if_match in {None, "new"}
    else:
        wanted = if_match if isinstance(if_match, frozenset) else {if_match}
        holds = not wanted.isdisjoint({None, "*", revision})
    if holds:
        return
    current = "it does not exist yet" if revision is None else f'its ETag is now "{revision}"'
    raise Problem(
        "changed-meanwhile",
        f"{what} is not as you read it: {current}. Read it again, then repeat your change on top of it.",
    )


def _copy_checklists(release: Release) -> None:
    """Give a new release its lists, in one statement: every first event of a version comes by here."""
    lines, params = Template.objects.effective(release.service).values_list(*WORDED).query.sql_with_params()
    # The names are ours and the values parameters; Django has no INSERT ... SELECT of its own.
    statement = f"""
        INSERT INTO {Item._meta.db_table} (release_id, outcome, evidence, reason, decided_by, decided_source,
            decided_key, {", ".join(f'"{name}"' for name in WORDED)})
        SELECT %s, %s, '', '', '', '', '', line.* FROM ({lines}) AS line
    """  # noqa: S608, SLF001
    with connection.cursor() as cursor:
        cursor.execute(statement, [release.pk, Outcome.OPEN, *params])


def _copy_standing_plan(release: Release, *, actor: Actor, now: datetime) -> None:
    standing = Plan.objects.filter(service=release.service_id, release=None).order_by("-version").first()
    if standing is None:
        return
    steps = list(standing.steps.all())
    standing.pk, standing.release, standing.version = None, release, 1
    standing.created_by, standing.created_at = actor.label, now
    standing._state.adding = True  # noqa: SLF001 - Django's documented way to copy a row
    standing.save()
    for step in steps:
        step.pk, step.plan = None, standing
    Step.objects.bulk_create(steps)
