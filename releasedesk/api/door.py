"""What every API view shares: who asks, what their token may do, and how things in the path are found."""

from __future__ import annotations

import re
from typing import Any, ClassVar, cast

from django.http import HttpRequest
from django.utils import timezone
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from releasedesk.accounts.models import User
from releasedesk.accounts.roles import Actor
from releasedesk.api.authentication import TokenUser
from releasedesk.api.parsers import Json
from releasedesk.catalog.models import Environment, Scope, Service, Token
from releasedesk.problems.problem import FieldError, Problem, invalid, not_found, unknown
from releasedesk.releases.models import Release

KEY_AT_MOST = 500
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


class Door(APIView):
    """Base of the API's views. `write_scope` is what a token needs for anything but reading."""

    write_scope: ClassVar[Scope] = Scope.RELEASES_WRITE
    limit: ClassVar[str] = "LIMIT_BODY_BYTES"
    parser_classes = [Json]
    renderer_classes = [JSONRenderer]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse strangers and tokens without the scope before anything is read."""
        super().initial(request, *args, **kwargs)
        if not request.user or not request.user.is_authenticated:
            raise Problem(
                "not-authenticated",
                "Send a token: `Authorization: Bearer rdk_…`, or sign in.",
                headers={"WWW-Authenticate": 'Bearer realm="releasedesk"'},
            )
        needed = Scope.READ if request.method in SAFE_METHODS else self.write_scope
        if isinstance(request.auth, Token) and needed not in request.auth.scopes:
            own = ", ".join(request.auth.scopes)
            raise Problem("forbidden", f"This needs a token with the scope '{needed}'; this one has: {own}.")
        self.now = timezone.now()

    @property
    def actor(self) -> Actor:
        """Who acts."""
        return cast("User | TokenUser", self.request.user).as_actor()

    @property
    def raw(self) -> HttpRequest:
        """Django's own request."""
        return self.request._request  # noqa: SLF001 - DRF has no public name for it

    @property
    def idempotency_key(self) -> str | None:
        """The `Idempotency-Key` header, bare or quoted. Raises 422 for one that cannot be a key."""
        header = self.request.headers.get("Idempotency-Key")
        if header is None:
            return None
        key = header.strip().removeprefix('"').removesuffix('"')
        if not key or len(key) > KEY_AT_MOST or not key.isprintable():
            expected = f"1 to {KEY_AT_MOST} printable characters"
            raise invalid(
                FieldError("Idempotency-Key", "format", "This cannot be a key.", expected, key[:100])
            )
        return key

    def replayed(self, replayed: bool) -> dict[str, str]:
        """The header that tells a repetition from the first time."""
        return {"Idempotent-Replayed": "true"} if replayed else {}

    def absolute(self, path: str) -> str:
        """The full address of a path on this desk."""
        return self.raw.build_absolute_uri(path)

    def service(self, slug: str) -> Service:
        """Find a service. Raises 404 with near names, and 403 for a token of another team."""
        service = Service.objects.select_related("team", "owner").filter(slug=slug).first()
        visible = Service.objects.of(self.actor)
        if service is None:
            raise not_found("service", slug, list(visible.values_list("slug", flat=True)))
        if not visible.filter(pk=service.pk).exists():
            raise Problem(
                "forbidden", f"This token may not see {slug}: it belongs to another team or service."
            )
        return service

    def release(self, slug: str, version: str) -> Release:
        """Find a release. Raises 404 with near versions."""
        service = self.service(slug)
        releases = Release.objects.select_related("service__team", "service__owner", "owner")
        release = releases.filter(service=service, version=version).first()
        if release is None:
            newest = service.releases.order_by("-created_at").values_list("version", flat=True)[:200]
            raise not_found("version", version, list(newest))
        return release

    def environment(self, *, required: bool = True) -> Environment | None:
        """Find the environment of `?environment=`. Raises 404 for an unknown one, 422 for a missing one."""
        name = self.request.query_params.get("environment", "")
        known = {environment.name: environment for environment in Environment.objects.all()}
        if name in known:
            return known[name]
        if name:
            raise not_found("environment", name, list(known))
        if required:
            raise invalid(FieldError("?environment", "required", "Say where.", f"one of: {', '.join(known)}"))
        return None


def named_environment(name: str) -> Environment:
    """Find the environment a body names. Raises 422 with the known ones."""
    known = {environment.name: environment for environment in Environment.objects.all()}
    if name not in known:
        raise invalid(unknown("#/environment", "environment", name, list(known)))
    return known[name]


def etag(revision: int) -> str:
    """The entity tag of one revision (RFC 9110 §8.8.3)."""
    return f'"{revision}"'


def if_match(request: Request) -> int | None:
    """Return the revision the writer has read, None without a condition. Raises 412 for one we never gave."""
    header = request.headers.get("If-Match")
    if header is None or header.strip() == "*":
        return None
    match = re.fullmatch(r'\s*(?:W/)?"(\d{1,9})"\s*', header)
    if match is None:
        raise Problem(
            "changed-meanwhile", f"No state of this ever had the ETag {header[:100]}. Read it again."
        )
    return int(match.group(1))
