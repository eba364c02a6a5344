"""The desk's HTTP client: where it is, who asks, what may be sent again, and how a refusal reads."""

import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import version as installed_version
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

TRIES = 5
FIRST_WAIT = 0.5
LONGEST_WAIT = 30.0
RETRYABLE = {429, 502, 503, 504}


class Unreachable(Exception):  # noqa: N818 - it names what the desk is
    """No answer, or only answers that said "later", until the tries ran out."""


class Refused(Exception):  # noqa: N818 - it names what the desk did
    """The desk answered no. `str()` is that answer as a colleague would say it."""

    def __init__(self, response: httpx.Response, but: str = "") -> None:
        super().__init__(in_words(response) + but)
        self.status = response.status_code


class NotSet(Exception):  # noqa: N818 - it names what the environment is
    """The environment does not say where the desk is, or who asks."""


@dataclass(frozen=True)
class Desk:
    """One desk, asked as one token. `say` is told of each wait."""

    url: str
    token: str = field(repr=False)
    say: Callable[[str], object] = lambda _: None
    sleep: Callable[[float], object] = time.sleep

    @classmethod
    def from_environment(cls, say: Callable[[str], object]) -> "Desk":
        """Read `RELEASEDESK_URL` and `RELEASEDESK_TOKEN`. Raises NotSet, naming what is missing or wrong."""
        url, token = (os.environ.get(f"RELEASEDESK_{name}", "").strip() for name in ("URL", "TOKEN"))
        missing = [name for name, value in (("URL", url), ("TOKEN", token)) if not value]
        if missing:
            raise NotSet(f"Set {' and '.join(f'RELEASEDESK_{name}' for name in missing)}, or give --no-post.")
        if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
            raise NotSet(f"RELEASEDESK_URL must be an http:// or https:// address, not '{url}'.")
        if not (token.isascii() and token.isprintable()) or " " in token:
            raise NotSet("RELEASEDESK_TOKEN is not a token: it holds characters that no token has.")
        return cls(url.rstrip("/"), token, say)

    def post_snapshot(self, service: str, version: str, snapshot: object, key: str) -> Any:
        """Post a snapshot under an idempotency key: however often it is sent, it is kept once."""
        path = f"{release_path(service, version)}/snapshots"
        return self._ask("POST", path, json=snapshot, headers={"Idempotency-Key": key})

    def comparison(self, service: str, version: str, environment: str, route: str) -> Any:
        """Ask for the verdict on one route in one environment."""
        parameters = {"environment": environment, "route": route}
        return self._ask("GET", f"{release_path(service, version)}/comparison", params=parameters)

    def _ask(self, method: str, path: str, *, headers: dict[str, str] | None = None, **content: Any) -> Any:
        """Ask until it is answered, as long as asking again can help. Raises Unreachable or Refused."""
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Accept": "application/json, application/problem+json",
            "User-Agent": f"releasedesk/{installed_version('releasedesk')}",
            **(headers or {}),
        }
        with httpx.Client(headers=headers, timeout=30) as client:
            for attempt in range(TRIES):
                try:
                    response = client.request(method, self.url + path, **content)
                except httpx.RequestError as error:
                    trouble, asked_to_wait = (
                        f"{self.url} does not answer ({error or type(error).__name__})",
                        None,
                    )
                else:
                    if not may_retry(response):
                        return _answer(response)
                    trouble, asked_to_wait = in_words(response), retry_after(response)
                wait = backoff(attempt) if asked_to_wait is None else asked_to_wait
                if attempt + 1 == TRIES or wait > LONGEST_WAIT:
                    break
                self.say(f"{trouble}. Trying again in {wait:.1f} s.")
                self.sleep(wait)
        raise Unreachable(trouble)


def release_path(service: str, version: str) -> str:
    """Give the path of a release; `+`, `@` and `:` are legal in a version and are encoded in a path."""
    return f"/api/v1/services/{quote(service, safe='')}/releases/{quote(version, safe='')}"


def may_retry(response: httpx.Response) -> bool:
    """Whether the very same request can succeed later: the problem says so, else the status does."""
    said = problem(response).get("retryable")
    return said if isinstance(said, bool) else response.status_code in RETRYABLE


def retry_after(response: httpx.Response) -> float | None:
    """Read Retry-After, seconds or a date (RFC 9110, 10.2.3), as seconds from now, or None."""
    value = response.headers.get("retry-after", "").strip()
    if value.isdecimal():
        return float(value)
    try:
        then = parsedate_to_datetime(value)
    except ValueError:
        return None
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    return max(0.0, (then - datetime.now(UTC)).total_seconds())


def backoff(attempt: int) -> float:
    """Give the wait in seconds: doubled each time, half of it by chance, so that clients fall out of step."""
    full: float = min(FIRST_WAIT * 2**attempt, LONGEST_WAIT)
    return full / 2 + random.uniform(0, full / 2)  # noqa: S311 - to spread, not to hide


def problem(response: httpx.Response) -> dict[str, Any]:
    """Read the problem document (RFC 9457) of an answer; {} where there is none."""
    if not response.headers.get("content-type", "").startswith("application/problem+json"):
        return {}
    try:
        document = response.json()
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def in_words(response: httpx.Response) -> str:
    """Say what went wrong, then of each field what is wrong, what was expected, what was received."""
    document, status = problem(response), response.status_code
    if not document:
        to = f", to {response.headers['location']}" if "location" in response.headers else ""
        return f"{response.url} answered {status} {response.reason_phrase}{to}".rstrip()
    lines = [f"The desk answered {status}: {document.get('detail') or document.get('title') or 'no reason'}"]
    for error in document.get("errors") or []:
        lines.append(
            f"  {str(error.get('pointer', '#')).lstrip('#/') or 'the body'}: {error.get('detail', '')}"
        )
        lines += [
            f"    {name}: {error[name]}"
            for name in ("expected", "received")
            if error.get(name) not in {None, ""}
        ]
    return "\n".join(lines)


def _answer(response: httpx.Response) -> Any:
    if not response.is_success:
        raise Refused(response)
    try:
        return response.json()
    except ValueError:
        raise Refused(response, ", but not in JSON: is RELEASEDESK_URL the desk?") from None
