"""A worker that outlives its database: procrastinate's ends with the first connection that it loses."""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from contextlib import suppress
from typing import Any

import psycopg
import structlog
from procrastinate import PsycopgConnector
from procrastinate.contrib.django import app
from procrastinate.contrib.django.utils import connector_params
from procrastinate.exceptions import ConnectorException

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 10.0
CONNECTION_SECONDS = 5
log = structlog.get_logger(__name__)


def work_until_told(*, known_address: bool = False, **worker: Any) -> None:
    """Run procrastinate's worker, with these options, until SIGTERM or SIGINT; begin again after an outage.

    Raises whatever else ends it, and psycopg.OperationalError if the database is not there at the start: an
    address that is wrong would never become right. Who has used it before says so: it is waited for then.
    """
    asyncio.run(_until_told(worker, known_address=known_address))


def is_outage(error: BaseException | None) -> bool:
    """Say whether the database went away, as against a statement of ours that it refused."""
    cause = error.__cause__ if isinstance(error, ConnectorException) else error
    return isinstance(cause, psycopg.OperationalError)


class _Listener(logging.Handler):
    """Hears why a worker ends, which procrastinate only logs, and passes on all but the outages."""

    def __init__(self) -> None:
        super().__init__()
        self.reason: BaseException | None = None

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if getattr(record, "action", "") == "side_task_failed":
            self.reason = error
        if not is_outage(error):
            logging.getLogger().handle(record)


async def _until_told(worker: dict[str, Any], *, known_address: bool) -> None:
    told, listener = asyncio.Event(), _listen()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    if not known_address:
        await _reach()
    pause = FIRST_PAUSE_SECONDS
    while not told.is_set():
        began = time.monotonic()
        ended = await _one_life(worker, told, listener)
        if ended is None:
            return
        if not is_outage(ended):
            raise ended
        if time.monotonic() - began > LONGEST_PAUSE_SECONDS:  # it had worked
            pause = FIRST_PAUSE_SECONDS
        log.warning("The database does not answer; the worker will try again.", in_seconds=pause)
        with suppress(TimeoutError):
            await asyncio.wait_for(told.wait(), pause)
        pause = min(2 * pause, LONGEST_PAUSE_SECONDS)


def _listen() -> _Listener:
    listener, logger = _Listener(), logging.getLogger("procrastinate")
    logger.addHandler(listener)
    logger.propagate = False
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)  # it warns of every try to connect
    return listener


async def _reach() -> None:
    """Connect once: a pool would wait for long, and then say no more than that it did."""
    parameters = {**connector_params(), "connect_timeout": CONNECTION_SECONDS}
    connection = await psycopg.AsyncConnection.connect(**parameters)
    await connection.close()


async def _one_life(worker: dict[str, Any], told: asyncio.Event, listener: _Listener) -> Exception | None:
    """Run one worker to its end: what ended it, or None if it was told to."""
    listener.reason = None
    working, stop = asyncio.create_task(_work(worker)), asyncio.create_task(told.wait())
    await asyncio.wait({working, stop}, return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    if told.is_set():
        working.cancel()  # procrastinate lets the jobs that run come to their end
    try:
        await working
    except asyncio.CancelledError:
        return None
    except Exception as error:  # noqa: BLE001 (the caller tells an outage from a fault, and raises the fault)
        return None if told.is_set() and is_outage(error) else error
    if told.is_set():
        return None
    reason = listener.reason
    return (
        reason if isinstance(reason, Exception) else RuntimeError("The worker ended, and nobody knows why.")
    )


async def _work(worker: dict[str, Any]) -> None:
    await _reach()
    # Django's own connections know no event loop: a worker has its own, made from the same settings. They
    # are new for each: a pool that has waited in vain is closed for good.
    connector = PsycopgConnector(kwargs=connector_params(), timeout=CONNECTION_SECONDS)
    with app.replace_connector(connector):
        async with app.open_async():
            await app.run_worker_async(**worker, install_signal_handlers=False)
