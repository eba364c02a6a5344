"""Who may see a page: strangers get the login and learn nothing of what is behind it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse

from releasedesk.accounts.models import User
from releasedesk.accounts.roles import Actor, Role
from releasedesk.catalog.models import Service
from releasedesk.problems.problem import not_found
from releasedesk.releases.models import Release

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def signed_in(view: View[P]) -> View[P]:
    """Send strangers to the login before anything is looked up."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        return view(request, *args, **kwargs)

    return cast("View[P]", login_required(guarded))


def actor_of(request: HttpRequest) -> Actor:
    """Return who acts, with the roles as they are now."""
    return cast("User", request.user).as_actor()


def may_write(actor: Actor, service: Service) -> bool:
    """Say whether the actor plans, measures and notes this service; a page then offers it."""
    return actor.is_at_least(Role.ENGINEER, service.team_id, service.pk)


def service_or_404(slug: str) -> Service:
    """Find a service. Raises the 404 `Problem` with near names."""
    service = Service.objects.select_related("team", "owner").filter(slug=slug).first()
    if service is None:
        raise not_found("service", slug, list(Service.objects.values_list("slug", flat=True)))
    return service


def release_or_404(slug: str, version: str) -> Release:
    """Find a release. Raises the 404 `Problem` with near versions."""
    service = service_or_404(slug)
    release = Release.objects.select_related("service__team", "service__owner", "owner").filter(
        service=service, version=version
    )
    found = release.first()
    if found is None:
        newest = service.releases.order_by("-created_at").values_list("version", flat=True)[:200]
        raise not_found("version", version, list(newest))
    return found
