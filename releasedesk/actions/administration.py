"""What only administrators do: name teams, and take away what should not be there."""

from collections import Counter
from datetime import datetime

from django.db import transaction
from django.db.models import Model, ProtectedError

from releasedesk.accounts.models import Team
from releasedesk.accounts.roles import Actor
from releasedesk.actions.measurements import compare
from releasedesk.catalog.models import Service
from releasedesk.measurements.models import Comparison, Snapshot
from releasedesk.notes.models import Note
from releasedesk.problems.body import check_slug
from releasedesk.problems.problem import Problem
from releasedesk.releases.models import Release


def require_administrator(actor: Actor, what: str) -> None:
    """Raise the 403 `Problem` for everybody else. `what` completes "may not …"."""
    if not actor.superuser:
        raise Problem("forbidden", f"{actor.label} may not {what}. Ask an administrator of the desk.")


def delete_unused(row: Model, so: str) -> None:
    """Delete a row, or raise the 409 `Problem` that says what still needs it and what to do."""
    try:
        row.delete()
    except ProtectedError as error:
        users = Counter(type(user)._meta.verbose_name_plural for user in error.protected_objects)  # noqa: SLF001 - Django's documented way to a model's name
        listed = ", ".join(f"{count} {name}" for name, count in users.items())
        raise Problem("conflict", f"{row} is still needed by: {listed}. {so}") from None


def put_team(actor: Actor, slug: str, *, name: str) -> tuple[Team, bool]:
    """Name a team, creating it when it is new. Returns it and whether it was. Raises 403 and 422."""
    require_administrator(actor, "name teams")
    check_slug(slug)
    with transaction.atomic():
        team, created = Team.objects.get_or_create(slug=slug, defaults={"name": name})
        Service.objects.filter(team=team).changed()
        if team.name != name:
            team.name = name
            team.save(update_fields=["name"])
    return team, created


def delete_team(actor: Actor, team: Team) -> None:
    """Take away a team that owns no service, with its members and tokens. Raises 403 and 409."""
    require_administrator(actor, "delete teams")
    with transaction.atomic():
        # Locks the team, so that no service comes to it meanwhile.
        delete_unused(
            Team.objects.select_for_update().get(pk=team.pk), "Move its services to another team first."
        )


def delete_service(actor: Actor, service: Service) -> None:
    """Take away a service and all that is known of it, facts included. Raises 403.

    It is for what was registered by mistake: nothing else is falsified by its facts going with it.
    """
    require_administrator(actor, "delete services")
    with transaction.atomic():
        _lock(service.pk)
        service.delete()


def delete_release(actor: Actor, release: Release) -> None:
    """Take away a release that was only planned. Raises 403, and 409 once something was deployed.

    What was rolled back, and to what, is folded from the facts of the whole service: without those of one
    release the others' story would be another.
    """
    require_administrator(actor, "delete releases")
    with transaction.atomic():
        _lock(release.service_id)
        if reports := release.facts.count():
            said = f"{release} is in {reports} reports of deployments. What happened stays."
            raise Problem("conflict", said)
        release.delete()


def delete_snapshot(actor: Actor, snapshot: Snapshot, *, now: datetime) -> None:
    """Take away a window that was measured wrongly, and judge what is left. Raises 403."""
    require_administrator(actor, "delete snapshots")
    release, environment, route = snapshot.release, snapshot.environment, snapshot.route
    with transaction.atomic():
        _lock(release.service_id)
        snapshot.delete()
        there = Comparison.objects.filter(release=release, environment=environment, route=route)
        if not there.current().exists():
            compare(release, environment, route, now=now)


def delete_note(actor: Actor, note: Note) -> None:
    """Take away a note; its history stays. Raises 403."""
    require_administrator(actor, "delete notes")
    with transaction.atomic():
        _lock(note.release.service_id)
        note.delete()


def _lock(service_id: int) -> None:
    Service.objects.filter(pk=service_id).changed()
