"""Drop-in for WSGI: `app.wsgi_app = Probe(app.wsgi_app)` in Flask, `app = Probe(app)` in any other.

The same headers, line and switch as `releasedesk.probe.asgi`. Flask's routes are known by themselves; another
framework may name its own: `environ["releasedesk.route"] = "/basket/{id}"`.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from sys import modules
from typing import Any

from releasedesk.probe.count import current, hook_sqlalchemy
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
        if "sqlalchemy" in modules:
            guarded(hook_sqlalchemy)
        watch = Watch()

        def start_with_headers(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            try:
                headers = _with_headers(watch, environ, status, headers)
            except Exception as fault:  # noqa: BLE001 - the service's own headers go on
                failed(_with_headers, fault)
            return start_response(status, headers, *error)

        token = current.set(watch.tally)
        try:
            body = self.app(environ, start_with_headers)
        except Exception as error:
            watch.raised(error)
            watch.once(_log, watch, environ)
            raise
        finally:
            current.reset(token)
        if isinstance(body, READY) or type(body) is environ.get("wsgi.file_wrapper"):
            # All of it is there already, or the server's own fast way sends it.
            watch.once(_log, watch, environ)
            return body
        return _Body(body, watch, environ)


class _Body:
    """The service's answer, piece by piece; it counts what each piece asks for and ends with the last."""

    def __init__(self, body: Iterable[bytes], watch: Watch, environ: Environ) -> None:
        self.body, self.watch, self.environ = body, watch, environ

    def __iter__(self) -> Iterator[bytes]:
        tally = self.watch.tally
        try:
            # Set for each piece: between them the server's thread belongs to nobody.
            current.set(tally)
            for piece in self.body:
                current.set(None)
                yield piece
                current.set(tally)
            current.set(None)
        except Exception as error:
            current.set(None)
            self.watch.raised(error)
            raise
        finally:  # also when it is closed half way, maybe by another thread: nothing is set here
            self._end()

    def close(self) -> None:
        """End it, also where the client has left half way."""
        try:
            if (close := getattr(self.body, "close", None)) is not None:
                close()
        finally:
            self._end()

    def _end(self) -> None:
        if not self.watch.logged:
            self.watch.once(_log, self.watch, self.environ)


def _with_headers(
    watch: Watch, environ: Environ, status: str, headers: list[tuple[str, str]]
) -> list[tuple[str, str]]:
    watch.status = int(status[:3])
    watch.template = route_template(environ)  # Flask forgets its request before the body is sent
    return [*headers, *watch.headers()]


def _log(watch: Watch, environ: Environ) -> None:
    path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    if not path.isascii():  # WSGI hands over bytes in the shape of latin-1 (PEP 3333)
        path = path.encode("latin-1", "replace").decode("utf-8", "replace")
    method = environ.get("REQUEST_METHOD", "GET")
    template = watch.template or route_template(environ)
    watch.log(method, template, path, environ.get("HTTP_X_REQUEST_ID"))


def route_template(environ: Environ) -> str | None:
    """Give the path as the service wrote it, such as `/basket/{id}`, or None where no route is known.

    >>> from types import SimpleNamespace as O
    >>> route_template({"werkzeug.request": O(url_rule=O(rule="/basket/<int:number>/<path:rest>"))})
    '/basket/{number}/{rest}'
    """
    named = environ.get("releasedesk.route")
    if isinstance(named, str):
        return named
    rule = getattr(getattr(environ.get("werkzeug.request"), "url_rule", None), "rule", None)
    if not isinstance(rule, str):
        return None
    # Flask hands the mounted prefix over as the script's name.
    prefix: str = environ.get("SCRIPT_NAME", "")
    return prefix + _template(rule)


@lru_cache(maxsize=1024)
def _template(rule: str) -> str:
    return RULE_PARAMETER.sub(r"{\1}", rule)
