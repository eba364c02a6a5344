"""Plan a release; register one that was only heard of."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Literal

from django.db import transaction

from releasedesk.accounts.roles import Actor, Role
from releasedesk.actions.commits import is_told, know_commit
from releasedesk.actions.services import find_user
from releasedesk.catalog.models import Service
from releasedesk.operations.statements import run
from releasedesk.problems.problem import Problem
from releasedesk.releases.bodies import ChangeBody, ReleaseBody
from releasedesk.releases.models import Change, Release

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
        had = "" if created else release.sha
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
        if "commit" in names and (release.sha or had):
            know_commit(service, release)
    return release, created


def ensure_release(
    service: Service,
    version: str,
    *,
    actor: Actor,
    now: datetime,
    commit: str = "",
    files: Collection[str] = (),
) -> tuple[Release, bool]:
    """Return the release, registering it when it is new, and whether it was. The caller holds the service.

    A new one gets the commit and files that are told of it, its service's standing plan and its checklists.
    """
    release = service.releases.filter(version=version).first()
    if release is not None:
        return release, False
    new = run(REGISTER, [service.pk, version, commit, sorted(set(files)), actor.label, now])[0][0]
    release = Release.objects.get(pk=new)
    release.service = service
    return release, True


REGISTER = "SELECT releases_register(%s, %s, %s, %s::text[], %s, %s)"


def add_changes(release: Release, changes: Iterable[ChangeBody]) -> None:
    """Add commits to a release. One told before stays as it is, one that a push brought is told now."""
    rows = [Change(release=release, **change.model_dump()) for change in changes]
    if rows:
        shared = release.changes.filter(shared=True)
        told = [
            sha for sha in shared.values_list("sha", flat=True) if is_told(sha, {row.sha for row in rows})
        ]
        if told:
            shared.filter(sha__in=told).delete()
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
