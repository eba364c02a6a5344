"""What every request carries: headers, cookies, a body, and how the other end proves who it is."""

import json
import ssl
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from releasedesk.cli.targets import Mistyped

BODY_AT_MOST = 8_000_000


@dataclass(frozen=True)
class Tls:
    """Files in PEM form. Without any of them the authorities of httpx (certifi) are trusted."""

    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None
    insecure: bool = False

    def context(self) -> ssl.SSLContext | bool:
        """Give what httpx calls `verify`. Raises Mistyped, naming the file that cannot be used."""
        if self.key and not self.cert:
            raise Mistyped("--key needs --cert, the certificate it belongs to.")
        if self.insecure and self.ca:
            raise Mistyped("--insecure trusts everybody and --ca one authority; give one of them.")
        if not (self.ca or self.cert or self.insecure):
            return True
        try:
            context = httpx.create_ssl_context(verify=not self.insecure)
            if self.ca:
                context = ssl.create_default_context(cafile=self.ca)
            if self.cert:
                # A key with a passphrase would ask for it on the terminal, in the middle of CI.
                context.load_cert_chain(self.cert, self.key, password=_no_passphrase)
        except (OSError, ssl.SSLError) as error:
            files = ", ".join(str(file) for file in (self.ca, self.cert, self.key) if file)
            raise Mistyped(f"{files} cannot be used for TLS: {error}.") from error
        return context


@dataclass(frozen=True)
class Sender:
    """The same for every request. Its parts may be secrets, so it is not shown."""

    headers: list[tuple[str, str]] = field(default_factory=list, repr=False)
    content: bytes | None = field(default=None, repr=False)
    verify: ssl.SSLContext | bool = True
    timeout: float = 10.0

    def client(self, connections: int) -> httpx.Client:
        """Open a client that keeps up to `connections` alive."""
        limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
        return httpx.Client(limits=limits, timeout=self.timeout, headers=self.headers, verify=self.verify)


def sender(
    headers: list[str],
    cookies: list[str],
    data: str | None,
    json_body: str | None,
    tls: Tls,
    timeout: float,
) -> Sender:
    """Check what was typed. Raises Mistyped, which never repeats a value: it ends up in CI's log."""
    if data is not None and json_body is not None:
        raise Mistyped("Give the body once: --data or --json-body.")
    given = [_header(text) for text in headers]
    if cookies:
        given.append(("Cookie", "; ".join(_cookie(text) for text in cookies)))
    content = None
    if data is not None:
        content = _content(data, "--data")
    if json_body is not None:
        content = _content(json_body, "--json-body")
        try:
            json.loads(content)
        except ValueError as error:
            raise Mistyped(f"--json-body is not JSON: {type(error).__name__}.") from error
        if not any(name.lower() == "content-type" for name, _ in given):
            given.append(("Content-Type", "application/json"))
    return Sender(given, content, tls.context(), timeout)


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not (colon and name.strip() and text.isascii() and text.isprintable()):
        raise Mistyped("A --header is one line of plain text with a colon, like 'Accept: */*'.")
    return name.strip(), value.strip()


def _cookie(text: str) -> str:
    name, equals, _ = text.partition("=")
    if not (equals and name.strip() and text.isascii() and text.isprintable()):
        raise Mistyped("A --cookie is one line of plain text, like 'session=abc'.")
    return text.strip()


def _content(text: str, option: str) -> bytes:
    if not text.startswith("@"):
        return text.encode()
    try:
        content = Path(text[1:]).read_bytes()
    except OSError as error:
        raise Mistyped(f"{option} cannot read {text[1:]}: {error.strerror}.") from error
    if len(content) > BODY_AT_MOST:
        raise Mistyped(
            f"{option}: {text[1:]} holds {len(content):,} bytes; at most {BODY_AT_MOST:,} are sent."
        )
    return content


def _no_passphrase() -> str:
    raise Mistyped("The key of --cert has a passphrase; give one without.")
