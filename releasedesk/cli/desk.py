"""The desk's HTTP client: where it is, who asks, what may be sent again, and what a refusal means."""

import json
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
from releasedesk.cli.exits import COULD_NOT_TELL, NO, Trouble
from releasedesk.cli.refusals import in_words, problem, problem_in_words
from releasedesk.cli.surroundings import Misled, open_client

TRIES = 5
FIRST_WAIT = 0.5
LONGEST_WAIT = 30.0
TIMEOUT = 30.0
NOT_FOUND, TIMED_OUT, TOO_MANY = 404, 408, 429
RETRYABLE = {TIMED_OUT, TOO_MANY, 502, 503, 504}
WHO_ASKS = 401
UNJUDGED = {WHO_ASKS, NOT_FOUND, 405, TIMED_OUT, TOO_MANY}
SUCCESS, FIRST_REFUSAL, FIRST_FAILURE = 200, 400, 500
NO_DESK = "That is no answer of a desk: look whether RELEASEDESK_URL is the desk."
JSON = "application/json, application/problem+json"
TEXT = "text/plain, application/problem+json"


class Unreachable(Trouble):
    """No answer, or only answers that said "later", until the tries ran out."""


class Hopeless(Unreachable):
    """It cannot even be asked, and asking again changes nothing: something here has to be mended."""


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
        """Whether no desk has looked at the message.

        The token or the address is wrong, the desk has failed, or somebody else has answered: a desk gives a
        problem document with each refusal.
        """
        refusal = FIRST_REFUSAL <= self.status < FIRST_FAILURE
        return not (refusal and self.problem) or self.status in UNJUDGED

    @property
    def passing(self) -> bool:
        """Whether it is the moment that is wrong, and not what somebody has to mend."""
        return self.status == TIMED_OUT or self.status >= FIRST_FAILURE

    @property
    def code(self) -> int:
        """Give the exit code of a question that was answered so: no, unless no desk has said it.

        A name that the desk does not know is a no.
        """
        judged = not self.unjudged or (self.status == NOT_FOUND and self.problem)
        return NO if judged else COULD_NOT_TELL

    @classmethod
    def of_problem(cls, document: Mapping[str, Any], status: int) -> "Refused":
        """Make it of a problem document within an answer."""
        return cls(problem_in_words(document, status), status, document)

    def as_json(self) -> dict[str, Any]:
        """Give the desk's own problem document beside the words."""
        return {"trouble": str(self), "problem": self.problem or None}


class Unsendable(Refused):
    """JSON has no way to say it, so nobody was asked: it is as wrong as if the desk had refused it."""

    def __init__(self, said: str) -> None:
        super().__init__(said, 0, {})

    @property
    def unjudged(self) -> bool:
        """No: another token or address changes nothing."""
        return False


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
        """One connection for all that a command asks. Raises Misled."""
        agent = f"releasedesk/{installed_version('releasedesk')}"
        headers = {"Authorization": f"Bearer {self.token}", "User-Agent": agent}
        return open_client(headers, TIMEOUT)

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
        if (body := content.pop("json", None)) is not None:
            content["content"] = encoded(body)
            headers["Content-Type"] = "application/json"
        for attempt in range(TRIES):
            try:
                response = self._request(method, path, headers=headers, **content)
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

    def _request(self, method: str, path: str, **content: Any) -> httpx.Response:
        """Ask once. What will fail again in the same way is not left to httpx's own words."""
        try:
            return self.client.request(method, self.url + path, **content)
        except Misled as error:
            raise Hopeless(str(error)) from None
        except httpx.InvalidURL as error:
            raise Hopeless(f"{self.url} is no address that can be asked ({error})") from None
        except UnicodeError:
            raise Unsendable("What is asked for is no text: it holds bytes that are not UTF-8.") from None


def encoded(body: object) -> bytes:
    """Write JSON. Half of a surrogate pair goes as its escape: the desk names the field that holds it.

    Raises Unsendable for what JSON cannot say.
    """
    try:
        try:
            return json.dumps(body, allow_nan=False, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            return json.dumps(body, allow_nan=False).encode()
    except RecursionError:
        raise Unsendable("It is nested too deeply.") from None
    except ValueError:
        raise Unsendable("It holds what JSON has no word for, such as NaN or Infinity.") from None


def service_path(service: str) -> str:
    """Give the path of a service."""
    return f"/api/v1/services/{quoted(service)}"


def release_path(service: str, version: str) -> str:
    """Give the path of a release; `+`, `@` and `:` are legal in a version and are encoded in a path."""
    return f"{service_path(service)}/releases/{quoted(version)}"


def quoted(name: str) -> str:
    """Encode a name for a path; a byte that is no UTF-8 goes as it was typed."""
    return quote(name, safe="", errors="surrogateescape")


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
    except (ValueError, OverflowError):
        return None
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    return max(0.0, (then - datetime.now(UTC)).total_seconds())


def backoff(attempt: int) -> float:
    """Give the wait in seconds: doubled each time, half of it by chance, so that clients fall out of step."""
    full: float = min(FIRST_WAIT * 2**attempt, LONGEST_WAIT)
    return full / 2 + random.uniform(0, full / 2)  # noqa: S311 - to spread, not to hide


def parsed(response: httpx.Response) -> dict[str, Any]:
    """Read the JSON object of a good answer. Raises Refused for one that cannot have come from a desk."""
    try:
        answer = response.json()
    except (ValueError, RecursionError):
        raise Refused.of(response, ", but not in JSON: is RELEASEDESK_URL the desk?") from None
    if not isinstance(answer, dict):
        raise Refused.of(response, f". {NO_DESK}")
    return answer


def expect(answer: Mapping[str, Any], **kinds: type) -> None:
    """Raise Refused where an answer lacks what a desk would say, or says it in another form."""
    if not all(isinstance(answer.get(name), kind) for name, kind in kinds.items()):
        raise Refused(NO_DESK, SUCCESS, {})


def _given(parameters: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in parameters.items() if value is not None}
