"""Notifications through apprise, held to the one client's rule although apprise opens its own connections.

Its hundred services talk by HTTP, SMTP and more, each in its own way. So the rule is kept where all of them
must pass: an audit hook of the interpreter (PEP 578) sees every name that is looked up and every address that
is connected to, and refuses what `OUTGOING_ALLOWED` does not list. The address it sees is the one connected
to, so neither a redirect nor a name that changes its mind leads elsewhere. It watches only the thread that
sends, only while it sends. Nothing is run and nothing local is notified.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import apprise
from django.conf import settings

from releasedesk.operations.outgoing import SECONDS, OutgoingError
from releasedesk.operations.outgoing_rule import address_of

# They notify the desk's own machine, or run a program there.
LOCAL = {"dbus", "glib", "gio", "gnome", "kde", "macosx", "qt", "syslog", "windows", "exec", "file"}
EACH_SECONDS = 4.0  # to connect, and for each read
_RUN = {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "pty.spawn"}
_CONNECT = {"socket.connect", "socket.sendto", "socket.sendmsg"}
_watched = threading.local()


def check(url: str) -> None:
    """See that apprise knows what to do with this address. Raises `OutgoingError`; calls nobody."""
    _plugin(url)


def send(url: str, *, title: str, body: str) -> None:
    """Send one notification. Raises `OutgoingError`. Blocks for up to ten seconds: only jobs call it.

    Apprise's own limits are for each read, and an address may raise them. So it sends in a thread of its own
    that nobody waits for any longer once the time is over.
    """
    plugin = _plugin(url)
    plugin.socket_connect_timeout = plugin.socket_read_timeout = EACH_SECONDS
    went: list[OutgoingError | None] = []
    sending = threading.Thread(
        target=lambda: went.append(_sent(plugin, title, body)), name="apprise", daemon=True
    )
    sending.start()
    sending.join(SECONDS)
    if not went:
        detail = f"{plugin.service_name} did not take the notification within {SECONDS:g} seconds."
        raise OutgoingError(detail, retryable=True)
    if went[0] is not None:
        raise went[0]


def _sent(plugin: Any, title: str, body: str) -> OutgoingError | None:
    """Send, held to the rule. Returns why it did not work."""
    with _held_to_the_rule():
        try:
            sent = plugin.notify(title=title, body=body)
        except OutgoingError as error:
            return error
        except Exception as error:  # noqa: BLE001 - a plugin may raise anything, and the job must go on
            detail = f"{plugin.service_name} could not be notified: {type(error).__name__}."
            return OutgoingError(detail, retryable=True)
        refused: OutgoingError | None = _watched.refused
    if refused is not None or sent:
        return refused
    return OutgoingError(f"{plugin.service_name} did not take the notification.", retryable=True)


def _plugin(url: str) -> Any:
    if url.partition("://")[0].lower() in LOCAL:
        detail = "This would notify the desk's own machine. Name a service that people read."
        raise OutgoingError(detail, retryable=False)
    plugin = apprise.Apprise.instantiate(url, suppress_exceptions=True)
    if plugin is None:
        raise OutgoingError("Apprise does not know this kind of address.", retryable=False)
    return plugin


@contextmanager
def _held_to_the_rule() -> Iterator[None]:
    _install()
    _watched.on, _watched.refused = True, None
    try:
        yield
    finally:
        _watched.on = False


@cache
def _install() -> None:
    """Once a process: a hook of this kind cannot be taken away again, only be told not to look."""
    sys.addaudithook(_look)


def _look(event: str, args: tuple[Any, ...]) -> None:
    if not getattr(_watched, "on", False):
        return
    if event == "socket.getaddrinfo":
        host = args[0].decode() if isinstance(args[0], bytes) else str(args[0] or "")
        if not settings.OUTGOING_ALLOWED.may_name(host):
            _refuse(f"The desk may not call {host}: OUTGOING_ALLOWED does not list it.")
    elif event in _CONNECT and isinstance(args[1], tuple):
        address = address_of(str(args[1][0]))
        if address is None or not settings.OUTGOING_ALLOWED.may_reach(address):
            _refuse(f"{args[1][0]} is an address inside the network, and OUTGOING_ALLOWED does not list it.")
    elif event in _CONNECT or event in _RUN:
        _refuse("A notification may only be sent over the network.")


def _refuse(detail: str) -> None:
    _watched.refused = OutgoingError(detail, retryable=False)
    raise _watched.refused
