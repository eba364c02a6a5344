"""Drop-in for WSGI: `app.wsgi_app = Probe(app.wsgi_app)` in Flask, `app = Probe(app)` in any other.

The same headers, line and switch as `releasedesk.probe.asgi`. Flask's routes are known by themselves; another
framework may name its own: `environ["releasedesk.route"] = "/basket/{id}"`.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from sys import modules
from typing import Any

from releasedesk.probe.count import current, hook_sqlalchemy, sources
from releasedesk.probe.log import failed, guarded
from releasedesk.probe.watch import Watch, switched_on

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
App = Callable[[Environ, StartResponse], Iterable[bytes]]
READY = (list, tuple)
RULE_PARAMETER = re.compile(r"<(?:[^<>:]+:)?([^<>]+)>")


class Probe:
    """WSGI middleware. What the service returns is passed on piece by piece."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.on = switched_on()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request, watched. What the service raises is raised again, unchanged."""
        if not self.on:
            return self.app(environ, start_response)
        if "sqlalchemy" in modules and "sqlalchemy" not in sources:
            guarded(hook_sqlalchemy)
        answer = _Answer(environ, start_response)
        token = current.set(answer)
        try:
            body = answer.body = self.app(environ, answer.start)
        except Exception as error:
            answer.raised(error)
            answer.once(answer.write)
            raise
        finally:
            current.reset(token)
        if isinstance(body, READY) or type(body) is environ.get("wsgi.file_wrapper"):
            # All of it is there already, or the server's own fast way sends it.
            answer.once(answer.write)
            return body
        return answer


class _Answer(Watch):
    """The service's answer, piece by piece; it counts what each piece asks for and ends with the last."""

    body: Iterable[bytes]

    def __init__(self, environ: Environ, start_response: StartResponse) -> None:
        super().__init__()
        self.environ, self.start_response = environ, start_response

    def start(self, status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
        """Stand in for `start_response`."""
        try:
            self.status = int(status[:3])
            self.template = route_template(self.environ)  # Flask forgets its request before the body is sent
            headers = [*headers, *self.headers()]
        except Exception as fault:  # noqa: BLE001 - the service's own headers go on
            failed(self.start, fault)
        return self.start_response(status, headers, *error)

    def __iter__(self) -> Iterator[bytes]:
        try:
            # Set for each piece: between them the server's thread belongs to nobody.
            current.set(self)
            for piece in self.body:
                current.set(None)
                yield piece
                current.set(self)
            current.set(None)
        except Exception as error:
            current.set(None)
            self.raised(error)
            raise
        finally:  # also when it is closed half way, maybe by another thread: nothing is set here
            self.once(self.write)

    def close(self) -> None:
        """End it, also where the client has left half way."""
        try:
            if (close := getattr(self.body, "close", None)) is not None:
                close()
        finally:
            if not self.logged:
                self.once(self.write)

    def write(self) -> None:
        """Write the line."""
        environ = self.environ
        path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
        if not path.isascii():  # WSGI hands over bytes in the shape of latin-1 (PEP 3333)
            path = path.encode("latin-1", "replace").decode("utf-8", "replace")
        template = self.template or route_template(environ)
        self.log(environ.get("REQUEST_METHOD", "GET"), template, path, environ.get("HTTP_X_REQUEST_ID"))


def route_template(environ: Environ) -> str | None:
    """Give the path as the service wrote it, such as `/basket/{id}`, or None where no route is known.

    >>> from types import SimpleNamespace as O
    >>> route_template({"werkzeug.request": O(url_rule=O(rule="/basket/<int:number>/<path:rest>"))})
    '/basket/{number}/{rest}'
    """
    named = environ.get("releasedesk.route")
    if isinstance(named, str):
        return named
    if (request := environ.get("werkzeug.request")) is None:
        return None
    rule = getattr(getattr(request, "url_rule", None), "rule", None)
    # Flask hands the mounted prefix over as the script's name.
    return environ.get("SCRIPT_NAME", "") + _template(rule) if isinstance(rule, str) else None


@lru_cache(maxsize=1024)
def _template(rule: str) -> str:
    return RULE_PARAMETER.sub(r"{\1}", rule)
