"""The desk's HTTP client: where it is, who asks, what may be sent again, and how a refusal reads."""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from importlib.metadata import version as installed_version
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx

from releasedesk.cli.config import Config
from releasedesk.cli.exits import Trouble

TRIES = 5
FIRST_WAIT = 0.5
LONGEST_WAIT = 30.0
TIMEOUT = 30.0
RETRYABLE = {429, 502, 503, 504}
UNJUDGED = {401, 404, 405}
FIRST_REFUSAL = 400
JSON = "application/json, application/problem+json"
TEXT = "text/plain, application/problem+json"


class Unreachable(Trouble):
    """No answer, or only answers that said "later", until the tries ran out."""


class Refused(Trouble):
    """The desk answered no. `str()` is that answer as a colleague would say it."""

    def __init__(self, said: str, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(said)
        self.status, self.problem = status, problem

    @classmethod
    def of(cls, response: httpx.Response, but: str = "") -> "Refused":
        """Make it of an answer."""
        return cls(in_words(response) + but, response.status_code, problem(response))

    @property
    def unjudged(self) -> bool:
        """Whether nobody has looked at the message: it is the token or the address that is wrong."""
        return self.status in UNJUDGED or self.status < FIRST_REFUSAL

    @classmethod
    def of_problem(cls, document: Mapping[str, Any], status: int) -> "Refused":
        """Make it of a problem document within an answer."""
        return cls(problem_in_words(document, status), status, document)

    def as_json(self) -> dict[str, Any]:
        """Give the desk's own problem document beside the words."""
        return {"trouble": str(self), "problem": self.problem or None}


@dataclass(frozen=True)
class Desk:
    """One desk, asked as one token. `say` is told of each wait."""

    url: str
    token: str = field(repr=False)
    say: Callable[[str], object] = lambda _: None
    sleep: Callable[[float], object] = time.sleep

    @classmethod
    def configured(cls, say: Callable[[str], object], otherwise: str = "") -> "Desk":
        """Find the desk in the environment or a file. Raises NotSet, naming what is missing or wrong."""
        config = Config.read(otherwise)
        return cls(config.url, config.token, say)

    @cached_property
    def client(self) -> httpx.Client:
        """One connection for all that a command asks."""
        agent = f"releasedesk/{installed_version('releasedesk')}"
        headers = {"Authorization": f"Bearer {self.token}", "User-Agent": agent}
        return httpx.Client(headers=headers, timeout=TIMEOUT)

    def post_snapshot(self, service: str, version: str, snapshot: object, key: str) -> Any:
        """Post a snapshot under an idempotency key: however often it is sent, it is kept once."""
        return self.post(f"{release_path(service, version)}/snapshots", snapshot, key=key)

    def comparison(self, service: str, version: str, environment: str, route: str) -> Any:
        """Ask for the verdict on one route in one environment."""
        return self.get(f"{release_path(service, version)}/comparison", environment=environment, route=route)

    def get(self, path: str, **parameters: str | None) -> Any:
        """Ask for JSON; parameters that are None are left out. Raises Unreachable or Refused."""
        return parsed(self.ask("GET", path, params=_given(parameters)))

    def text(self, path: str, **parameters: str | None) -> str:
        """Ask for the text a terminal shows. Raises Unreachable or Refused."""
        return self.ask("GET", path, params=_given(parameters), headers={"Accept": TEXT}).text

    def post(self, path: str, body: object, *, key: str | None = None) -> Any:
        """Post JSON under an idempotency key, or one made for this call: sent twice, it is done once.

        An empty key sends none: an event bears its own.
        """
        key = f"cli-{uuid4()}" if key is None else key
        return parsed(self.ask("POST", path, json=body, headers={"Idempotency-Key": key} if key else {}))

    def ask(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **content: Any
    ) -> httpx.Response:
        """Ask until it is answered well, as long as asking again can help. Raises Unreachable or Refused."""
        headers = {"Accept": JSON, **(headers or {})}
        for attempt in range(TRIES):
            try:
                response = self.client.request(method, self.url + path, headers=headers, **content)
            except httpx.RequestError as error:
                trouble = f"{self.url} does not answer ({error or type(error).__name__})"
                asked_to_wait = None
            else:
                if response.is_success:
                    return response
                if not may_retry(response):
                    raise Refused.of(response)
                trouble, asked_to_wait = in_words(response), retry_after(response)
            if attempt + 1 == TRIES or (asked_to_wait or 0) > LONGEST_WAIT:
                break
            # All who wait were told the same time: each comes a little later than it, by chance.
            wait = (asked_to_wait or 0) + backoff(attempt)
            self.say(f"{trouble.rstrip('.')}. Trying again in {wait:.1f} s.")
            self.sleep(wait)
        raise Unreachable(trouble)


def service_path(service: str) -> str:
    """Give the path of a service."""
    return f"/api/v1/services/{quote(service, safe='')}"


def release_path(service: str, version: str) -> str:
    """Give the path of a release; `+`, `@` and `:` are legal in a version and are encoded in a path."""
    return f"{service_path(service)}/releases/{quote(version, safe='')}"


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
    return problem_in_words(document, status)


def problem_in_words(document: Mapping[str, Any], status: int) -> str:
    """Say what a problem document says, a field a line."""
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


def parsed(response: httpx.Response) -> Any:
    """Read the JSON of a good answer. Raises Refused for one that cannot have come from a desk."""
    try:
        return response.json()
    except ValueError:
        raise Refused.of(response, ", but not in JSON: is RELEASEDESK_URL the desk?") from None


def _given(parameters: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in parameters.items() if value is not None}
