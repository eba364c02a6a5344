"""Plan a release; register one that was only heard of."""

from collections.abc import Iterable, Sequence
from copy import copy
from datetime import datetime
from typing import Literal

from django.db import transaction

from releasedesk.accounts.roles import Actor, Role
from releasedesk.actions.commits import know_commit
from releasedesk.actions.services import find_user
from releasedesk.catalog.models import Service
from releasedesk.checklists.models import WORDED, Outcome
from releasedesk.operations.statements import find, insert, run
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
    """Return the release, registering it when it is new, and whether it was. The caller holds the service."""
    release = service.releases.filter(version=version).first()
    if release is not None:
        return release, False
    new = Release(service=service, version=version)
    _register([new], actor=actor, now=now)
    return new, True


def ensure_releases(
    wanted: Sequence[Release], *, actor: Actor, now: datetime
) -> tuple[dict[tuple[int, str], Release], list[Release]]:
    """Return the releases by service and version, and those that are new: they are stored as they come.

    The caller holds the services' locks.
    """
    named = {(one.service_id, one.version): one for one in wanted}
    services, versions = zip(*named, strict=True)
    found = {
        (one.service_id, one.version): one for one in find(Release, NAMED, [list(services), list(versions)])
    }
    for key, one in found.items():
        one.service = named[key].service
    new = [one for key, one in named.items() if key not in found]
    _register(new, actor=actor, now=now)
    return {**named, **found}, new


NAMED = "WHERE (service_id, version) IN (SELECT * FROM unnest(%s::bigint[], %s::text[]))"


def _register(releases: Sequence[Release], *, actor: Actor, now: datetime) -> None:
    """Store releases with their services' standing plans and checklists."""
    if not releases:
        return
    for release in releases:
        release.created_by, release.created_at, release.updated_at = actor.label, now, now
    insert(releases)
    _copy_checklists(releases)
    _copy_standing_plans(releases, actor=actor, now=now)


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


# Of two lines with one key the nearer one counts, as `Template.objects.effective` says it of one service.
_WORDED = ", ".join(f'line."{name}"' for name in WORDED)
COPY_CHECKLISTS = f"""
INSERT INTO checklists_item (
    release_id, outcome, evidence, reason, decided_by, decided_source, decided_key,
    {_WORDED.replace("line.", "")}
)
SELECT release.id, %s, '', '', '', '', '', {_WORDED}
FROM releases_release release
JOIN catalog_service service ON service.id = release.service_id
CROSS JOIN LATERAL (
    SELECT DISTINCT ON (template.key) template.* FROM checklists_template template
    WHERE template.service_id = service.id
    OR template.service_id IS NULL AND (template.team_id IS NULL OR template.team_id = service.team_id)
    ORDER BY template.key, template.service_id NULLS LAST, template.team_id NULLS LAST
) AS line
WHERE release.id = ANY(%s) AND NOT line.left_out
"""  # noqa: S608 - the names are ours, and the values parameters


def _copy_checklists(releases: Iterable[Release]) -> None:
    """Give new releases their lists, in one statement: every first event of a version comes by here."""
    run(COPY_CHECKLISTS, [Outcome.OPEN, [release.pk for release in releases]])


def _copy_standing_plans(releases: Iterable[Release], *, actor: Actor, now: datetime) -> None:
    services = {release.service_id for release in releases}
    newest = Plan.objects.filter(service__in=services, release=None).order_by("service_id", "-version")
    standing = {plan.service_id: plan for plan in newest.distinct("service_id").prefetch_related("steps")}
    for release in releases:
        if plan := standing.get(release.service_id):
            _copy_plan(plan, release, actor=actor, now=now)


def _copy_plan(plan: Plan, release: Release, *, actor: Actor, now: datetime) -> None:
    steps = list(plan.steps.all())
    copied = copy(plan)
    copied.pk, copied.release, copied.version = None, release, 1
    copied.created_by, copied.created_at = actor.label, now
    copied._state.adding = True  # noqa: SLF001 - Django's documented way to copy a row
    copied.save()
    for step in steps:
        step.pk, step.plan = None, copied
    Step.objects.bulk_create(steps)
