"""Drop-in for Django: `"releasedesk.probe.django.Probe"` as the first of `MIDDLEWARE`.

The same headers, line and switch as `releasedesk.probe.asgi`; sync and async. Queries of the ORM and raw
cursors are counted, and look-ups in every cache of `CACHES`. A service that writes a request line of its own
sets `RELEASEDESK_PROBE_LINE = False` and takes `request.releasedesk_probe.fields()` into that line.
"""

import re
from collections.abc import AsyncIterator, Callable, Iterator
from functools import lru_cache, partial, wraps
from sys import modules
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.core.cache import caches
from django.db import connections
from django.db.backends.signals import connection_created

from releasedesk.probe.count import Call, cache_hit, cache_miss, counts, current, hook_sqlalchemy, sources
from releasedesk.probe.log import guarded
from releasedesk.probe.watch import Watch, switched_on

PARAMETER = re.compile(r"<(?:[^<>:]+:)?([^<>]+)>")
NAMED_GROUP = re.compile(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)")
MISSING = object()
WATCHED = "_releasedesk_probe"


class Probe:
    """Middleware."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[Any], Any]) -> None:
        self.get_response = get_response
        self.on = switched_on()
        self.writes = getattr(settings, "RELEASEDESK_PROBE_LINE", True)
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)
        if self.on:
            guarded(watch_database)
            guarded(watch_caches)

    def __call__(self, request: Any) -> Any:
        """Answer one request, watched."""
        if self.is_async:
            return self._answer_later(request)
        if not self.on:
            return self.get_response(request)
        watch = self._begin(request)
        token = current.set(watch)
        try:
            response = self.get_response(request)
        except Exception as error:
            watch.raised(error)
            watch.once(self._log, watch, request)
            raise
        finally:
            current.reset(token)
        guarded(self._end, watch, request, response)
        return response

    async def _answer_later(self, request: Any) -> Any:
        if not self.on:
            return await self.get_response(request)
        watch = self._begin(request)
        token = current.set(watch)
        try:
            response = await self.get_response(request)
        except Exception as error:
            watch.raised(error)
            watch.once(self._log, watch, request)
            raise
        finally:
            guarded(current.reset, token)
        guarded(self._end, watch, request, response)
        return response

    def process_exception(self, request: Any, exception: Exception) -> None:
        """Note what the view raised; Django turns it into an answer before we see it."""
        if (watch := getattr(request, "releasedesk_probe", None)) is not None:
            watch.error = type(exception).__name__

    def _begin(self, request: Any) -> Watch:
        if "sqlalchemy" in modules and "sqlalchemy" not in sources:
            guarded(hook_sqlalchemy)
        watch = request.releasedesk_probe = Watch()
        return watch

    def _end(self, watch: Watch, request: Any, response: Any) -> None:
        watch.status = response.status_code
        for name, value in watch.headers():
            before = response.headers.get(name)
            response.headers[name] = f"{before}, {value}" if before else value
        if not response.streaming:
            watch.once(self._log, watch, request)
            return
        pieces = _pieces_later if response.is_async else _pieces
        end = partial(watch.once, self._log, watch, request)
        response.streaming_content = pieces(response.streaming_content, watch, end)

    def _log(self, watch: Watch, request: Any) -> None:
        watch.end()
        if self.writes:
            request_id = request.META.get("HTTP_X_REQUEST_ID")  # request.headers would be built for it
            watch.log(request.method, route_template(request), request.path, request_id)


def _pieces(pieces: Iterator[bytes], watch: Watch, end: Callable[[], None]) -> Iterator[bytes]:
    try:
        while True:
            token = current.set(watch)
            try:
                piece = next(pieces)
            except StopIteration:
                return
            finally:
                current.reset(token)
            yield piece
    except Exception as error:
        watch.raised(error)
        raise
    finally:
        end()


async def _pieces_later(
    pieces: AsyncIterator[bytes], watch: Watch, end: Callable[[], None]
) -> AsyncIterator[bytes]:
    token = current.set(watch)
    try:
        async for piece in pieces:
            yield piece
    except Exception as error:
        watch.raised(error)
        raise
    finally:
        guarded(current.reset, token)  # a stream that is dropped may be closed from another context
        end()


def route_template(request: Any) -> str | None:
    """Give the path as the service wrote it, such as `/basket/{number}`, or None where no route is known.

    >>> from types import SimpleNamespace as O
    >>> route_template(O(resolver_match=O(route="basket/<int:number>/")))
    '/basket/{number}/'
    >>> route_template(O(resolver_match=O(route=r"^year/(?P<year>[0-9]{4})/$")))
    '/year/{year}/'
    """
    match = getattr(request, "resolver_match", None)
    return None if match is None else _template(match.route)


@lru_cache(maxsize=1024)
def _template(pattern: str) -> str:
    route = NAMED_GROUP.sub(r"{\1}", pattern)
    return "/" + PARAMETER.sub(r"{\1}", route).replace("^", "").removesuffix("$").replace("\\Z", "")


def watch_database() -> None:
    """Count the queries of every connection, those of this thread and those that are opened later."""
    counts("django")
    for connection in connections.all(initialized_only=True):
        _watch_connection(connection=connection)
    connection_created.connect(_watch_connection, dispatch_uid=WATCHED)


def _watch_connection(*, connection: Any, **_: Any) -> None:
    if _count_query not in connection.execute_wrappers:
        # First, as `execute_wrapper()` takes the last away at its end, whoever's that is.
        connection.execute_wrappers.insert(0, _count_query)


def _count_query(execute: Callable[..., Any], *arguments: Any) -> Any:
    with Call():
        return execute(*arguments)


def watch_caches() -> None:
    """Note hits and misses of every configured cache under its alias."""
    for alias in settings.CACHES:
        backend = type(caches[alias])
        if WATCHED not in vars(backend):
            setattr(backend, WATCHED, True)
            backend.get = _counted_get(backend.get)  # type: ignore[method-assign]
            backend.get_many = _counted_get_many(backend.get_many)  # type: ignore[method-assign]


def _counted_get(get: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(get)
    def counted(cache: Any, key: Any, default: Any = None, version: Any = None) -> Any:
        found = get(cache, key, MISSING, version)
        guarded(_note, cache, found is not MISSING)
        return default if found is MISSING else found

    return counted


def _counted_get_many(get_many: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(get_many)
    def counted(cache: Any, keys: Any, version: Any = None) -> Any:
        asked = list(keys)
        found = get_many(cache, asked, version)
        if asked:
            guarded(_note, cache, len(found) == len(set(asked)))
        return found

    return counted


def _note(cache: Any, hit: bool) -> None:
    """The alias is not known to a backend: its instances are looked through, a handful."""
    if current.get() is None:
        return
    aliases = [alias for alias in settings.CACHES if caches[alias] is cache]
    (cache_hit if hit else cache_miss)(aliases[0] if aliases else "django")
