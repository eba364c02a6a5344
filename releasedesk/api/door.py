"""What every API view shares: who asks, what their token may do, and how things in the path are found."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime
from functools import cache
from typing import Any, ClassVar, TypeVar, cast

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from releasedesk.accounts.models import User
from releasedesk.accounts.roles import Actor
from releasedesk.actions.releases import IfMatch
from releasedesk.api.authentication import TokenUser
from releasedesk.api.parsers import Json
from releasedesk.api.schema.operation import operation_of
from releasedesk.api.served import Served
from releasedesk.api.unwrap import unwrap
from releasedesk.catalog.models import Environment, Scope, Service, Token
from releasedesk.ingest.receive import skew
from releasedesk.operations.compiled import CompiledRows, compiled_rows
from releasedesk.operations.statements import find
from releasedesk.problems.body import Body
from releasedesk.problems.problem import FieldError, Problem, invalid, not_found, unknown
from releasedesk.releases.models import Release

KEY_AT_MOST = 500
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
Sent = TypeVar("Sent", bound=Body)


class Door(Served):
    """Base of the API's views. A token needs `read_scope` to read and `write_scope` for all else."""

    read_scope: ClassVar[Scope] = Scope.READ
    write_scope: ClassVar[Scope] = Scope.RELEASES_WRITE
    limit: ClassVar[str] = "LIMIT_BODY_BYTES"
    now: datetime
    actor: Actor
    parser_classes = [Json]
    renderer_classes = [JSONRenderer]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse strangers and tokens without the scope before anything is read."""
        super().initial(request, *args, **kwargs)
        said = operation_of(self, request.method or "")
        if isinstance(request.auth, Token):
            needed = self.read_scope if request.method in SAFE_METHODS else self.write_scope
            if said and "token" not in said.who and needed not in request.auth.scopes:
                raise Problem("forbidden", "No token may do this: it takes a person who is signed in.")
            require_scope(request.auth, needed)
        if said:
            said.refuse_unknown(request.query_params)
        self.now = timezone.now()
        self.actor = cast("User | TokenUser", request.user).as_actor()

    @property
    def raw(self) -> HttpRequest:
        """Django's own request."""
        return self.request._request  # noqa: SLF001 - DRF has no public name for it

    @property
    def sent(self) -> Any:
        """The parsed body. Raises 400 for none, 411, 413, 415."""
        unwrap(self.raw, getattr(settings, self.limit))
        if self.request.stream is None:
            raise Problem("not-json", "The body is empty. Send JSON.")
        return self.request.data

    def read(self, body: type[Sent]) -> Sent:
        """Read the body as this message. Raises 422 that names every wrong field."""
        return body.read(self.sent, context={"now": self.now, "skew": skew()})

    @property
    def idempotency_key(self) -> str | None:
        """The `Idempotency-Key` header, bare or quoted. Raises 422 for one that cannot be a key."""
        return idempotency_key(self.raw)

    def replayed(self, replayed: bool) -> dict[str, str]:
        """The header that tells a repetition from the first time."""
        return {"Idempotent-Replayed": "true"} if replayed else {}

    def absolute(self, path: str) -> str:
        """The full address of a path on this desk."""
        return self.raw.build_absolute_uri(path)

    def service(self, slug: str) -> Service:
        """Find a service. Raises 404 with near names, and 403 for a token of another team."""
        visible = Service.objects.of(self.actor).select_related("team", "owner")
        service = visible.filter(slug=slug).first()
        if service is not None:
            return service
        if Service.objects.filter(slug=slug).exists():
            raise Problem(
                "forbidden", f"This token may not see {slug}: it belongs to another team or service."
            )
        raise not_found("service", slug, list(visible.values_list("slug", flat=True)))

    def release(self, slug: str, version: str) -> Release:
        """Find a release. Raises 404 with near versions."""
        release = _release().first(slug=slug, version=version)
        if release is not None and release.service.is_seen_by(self.actor):
            return release
        newest = self.service(slug).releases.order_by("-created_at").values_list("version", flat=True)[:200]
        raise not_found("version", version, list(newest))

    def environment(self) -> Environment:
        """Find the environment of `?environment=`. Raises 404 for an unknown one, 422 for a missing one."""
        name = self.request.query_params.get("environment", "")
        known = {environment.name: environment for environment in find(Environment, 'ORDER BY "order", name')}
        if name in known:
            return known[name]
        if name:
            raise not_found("environment", name, list(known))
        raise invalid(FieldError("?environment", "required", "Say where.", f"one of: {', '.join(known)}"))


@cache
def _release() -> CompiledRows[Release]:
    """The query for one release with its service, written once: nearly every request asks it."""
    of = {"slug": "a slug", "version": "a version"}
    rows = Release.objects.select_related("service__team", "service__owner", "owner").order_by()
    return compiled_rows(rows.filter(service__slug=of["slug"], version=of["version"]), of)


def require_scope(token: Token, needed: Scope) -> None:
    """Raise 403 for a token that may not do this."""
    if needed not in token.scopes:
        own = ", ".join(token.scopes)
        raise Problem("forbidden", f"This needs a token with the scope '{needed}'; this one has: {own}.")


def idempotency_key(request: HttpRequest) -> str | None:
    """The `Idempotency-Key` header, bare or quoted. Raises 422 for one that cannot be a key."""
    header: str | None = request.META.get("HTTP_IDEMPOTENCY_KEY")
    if header is None:
        return None
    with suppress(UnicodeError):  # WSGI hands headers over as Latin-1, senders write UTF-8
        header = header.encode("latin-1").decode()
    key = header.strip().removeprefix('"').removesuffix('"')
    if not key or len(key) > KEY_AT_MOST or not key.isprintable():
        expected = f"1 to {KEY_AT_MOST} printable characters"
        raise invalid(FieldError("Idempotency-Key", "format", "This cannot be a key.", expected, key[:100]))
    return key


def named_environment(name: str) -> Environment:
    """Find the environment a body names. Raises 422 with the known ones."""
    known = {environment.name: environment for environment in Environment.objects.all()}
    if name not in known:
        raise invalid(unknown("#/environment", "environment", name, list(known)))
    return known[name]


def etag(revision: int) -> str:
    """The entity tag of one revision (RFC 9110 §8.8.3)."""
    return f'"{revision}"'


TAG = re.compile(r'(?:W/)?"([^"]*)"')


def tags(header: str) -> list[str]:
    """The entity tags of a condition, unquoted. A weak one counts: proxies that compress weaken ours."""
    return TAG.findall(header)


def if_match(request: Request) -> IfMatch:
    """Return the revisions the writer has read, "new" for `If-None-Match: *`, None without a condition.

    Raises 412 where no state can meet it: for tags we never gave, or one condition against the other.
    """
    header, only_new = (
        request.headers.get("If-Match"),
        request.headers.get("If-None-Match", "").strip() == "*",
    )
    if header is None:
        return "new" if only_new else None
    if only_new:
        raise Problem(
            "changed-meanwhile", "Nothing is both: there (`If-Match`) and new (`If-None-Match: *`)."
        )
    if header.strip() == "*":
        return "*"
    read = frozenset(int(tag) for tag in tags(header) if re.fullmatch("[0-9]{1,9}", tag))
    if not read:
        raise Problem(
            "changed-meanwhile", f"No state of this ever had the ETag {header[:100]}. Read it again."
        )
    return read
