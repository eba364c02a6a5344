"""Say how the desk answers a source that asks whether something may ship; forget it again."""

from collections.abc import Iterator
from datetime import datetime

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.db import transaction

from releasedesk.accounts.roles import Actor, Role
from releasedesk.catalog.models import Environment
from releasedesk.deliveries.models import Answering, Source
from releasedesk.operations.outgoing import OutgoingError, check
from releasedesk.problems.problem import FieldError, invalid
from releasedesk.problems.text import has_control
from releasedesk.releases.models import GateRequest

URL = {Source.Kind.GITHUB: "https://api.github.com", Source.Kind.GITLAB: "https://gitlab.com/api/v4"}
URL_AT_MOST, APP_AT_MOST, TOKEN_AT_MOST = 500, 100, 1000


def set_answering(
    actor: Actor,
    source: Source,
    *,
    url: str,
    app: str,
    secret: str,
    environment: Environment | None,
    now: datetime,
) -> Answering:
    """Keep where answers to a source go and as whom; an empty `secret` keeps the present one.

    What waits is asked at once. Raises 403 for anybody but a lead, and 422 that names each wrong field.
    """
    _allow(actor, source)
    kept = Answering.objects.filter(source=source).first()
    url, app, secret = url.strip().rstrip("/"), app.strip(), secret.strip()
    # A key is for one address: who turns it elsewhere has to know it.
    wrong = list(_wrong(source, url, app, secret, has_secret=kept is not None and kept.url == url))
    if wrong:
        raise invalid(*wrong)
    row = kept or Answering(source=source)
    row.url, row.app, row.environment = url, app, environment
    row.set_by, row.set_at = actor.label, now
    if secret:
        row.keep(secret)
    with transaction.atomic():
        row.save()
        GateRequest.objects.waiting().filter(source=source).update(due_at=now, attempts=0)
    return row


def forget_answering(actor: Actor, source: Source) -> None:
    """Answer no more, and forget the key. Raises 403 for anybody but a lead."""
    _allow(actor, source)
    Answering.objects.filter(source=source).delete()


def _allow(actor: Actor, source: Source) -> None:
    actor.require(Role.LEAD, team_id=source.team_id, service_id=None, what="say how the desk answers")


def _wrong(source: Source, url: str, app: str, secret: str, *, has_secret: bool) -> Iterator[FieldError]:
    if source.kind not in URL:
        yield FieldError("#", "kind", "Only GitHub and GitLab are answered.", "a source of theirs")
        return
    try:
        check(url)
    except OutgoingError as error:
        yield FieldError("#/url", "not_allowed", error.detail, "an address that OUTGOING_ALLOWED lists", url)
    else:
        if "?" in url or "#" in url or len(url) > URL_AT_MOST:
            yield FieldError(
                "#/url", "format", "This is no root of an API.", URL[Source.Kind(source.kind)], url
            )
    if source.kind == Source.Kind.GITHUB and (not app or len(app) > APP_AT_MOST or has_control(app)):
        yield FieldError("#/app", "required", "GitHub knows the App by its client ID.", "such as Iv23li8…")
    if not secret and not has_secret:
        yield FieldError(
            "#/secret", "required", "Without a key nobody believes the desk.", "the key or token"
        )
    elif secret and (told := _wrong_secret(source, secret)):
        yield FieldError("#/secret", "format", *told)


def _wrong_secret(source: Source, secret: str) -> tuple[str, str] | None:
    """What is wrong with a key, and what was expected. The key itself is never shown."""
    if source.kind == Source.Kind.GITLAB:
        good = (
            len(secret) <= TOKEN_AT_MOST and secret.isascii() and secret.isprintable() and " " not in secret
        )
        return None if good else ("This cannot be a token of GitLab.", "one line, such as glpat-…")
    try:
        key = load_pem_private_key(secret.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    expected = "the whole .pem file that GitHub gave, from -----BEGIN to -----END"
    return None if isinstance(key, RSAPrivateKey) else ("This is no private key of a GitHub App.", expected)
