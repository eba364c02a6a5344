"""Counting for drivers used without SQLAlchemy: sqlite3, psycopg and any other that follows PEP 249."""

from collections.abc import Callable, Iterator
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any, ParamSpec, TypeVar, cast

from releasedesk.probe.count import Call, counts

P = ParamSpec("P")
T = TypeVar("T")
OWN = "_releasedesk_inner"


def count_calls(connect: Callable[P, T]) -> Callable[P, T]:
    """Wrap a driver's `connect`, so that the calls made through its connections are counted.

        connect = count_calls(sqlite3.connect)

    What comes back stands in for the connection; its cursors stand in for the driver's. Do not also give it
    to SQLAlchemy, whose engines are counted already.
    """
    if iscoroutinefunction(connect):
        raise TypeError("count_calls counts blocking drivers; this `connect` is a coroutine function.")
    counts("dbapi")

    @wraps(connect)
    def counted(*args: P.args, **kwargs: P.kwargs) -> T:
        return cast("T", _Counted(connect(*args, **kwargs)))

    return counted


class _Counted:
    """A stand-in for a connection or a cursor: `execute` and its kin are timed, all else is passed on."""

    def __init__(self, inner: Any) -> None:
        object.__setattr__(self, OWN, inner)

    def __getattr__(self, name: str) -> Any:
        found = getattr(object.__getattribute__(self, OWN), name)
        if name in {"execute", "executemany", "executescript", "callproc"}:
            return self._timed(found)
        if name == "cursor":
            return lambda *args, **kwargs: _Counted(found(*args, **kwargs))
        return found

    def _timed(self, execute: Callable[..., Any]) -> Callable[..., Any]:
        inner = object.__getattribute__(self, OWN)

        def timed(*args: Any, **kwargs: Any) -> Any:
            with Call():
                answer = execute(*args, **kwargs)
            if answer is inner:  # a cursor that answers itself, for chaining
                return self
            # A connection's `execute` answers a new cursor; callproc answers plain values.
            return _Counted(answer) if hasattr(answer, "fetchone") else answer

        return timed

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(object.__getattribute__(self, OWN), name, value)

    def __delattr__(self, name: str) -> None:
        delattr(object.__getattribute__(self, OWN), name)

    def __enter__(self) -> Any:
        inner = object.__getattribute__(self, OWN)
        entered = inner.__enter__()
        return self if entered is inner else entered

    def __exit__(self, *failure: object) -> Any:
        return object.__getattribute__(self, OWN).__exit__(*failure)

    def __iter__(self) -> Iterator[Any]:
        return iter(object.__getattribute__(self, OWN))

    def __next__(self) -> Any:
        return next(object.__getattribute__(self, OWN))

    def __repr__(self) -> str:
        return f"<counted {object.__getattribute__(self, OWN)!r}>"
