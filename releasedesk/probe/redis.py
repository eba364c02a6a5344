"""Cache status from redis-py, sync and asyncio: one client is one cache, under a name of your own.

    basket = watched(redis.Redis(), "basket")

A look-up of one or several keys is a hit when all of them were there. Other commands say nothing about it.
"""

from inspect import isawaitable
from typing import Any, TypeVar

from releasedesk.probe.count import cache_hit, cache_miss
from releasedesk.probe.log import guarded

Client = TypeVar("Client")
LOOK_UPS = {"GET", "GETEX", "MGET", "HGET", "HMGET"}


def watched(client: Client, name: str = "redis") -> Client:
    """Note what this client finds. The client itself is given back, for its own methods stay as they are."""
    asked: Any = client
    execute = asked.execute_command

    def counted(*arguments: Any, **options: Any) -> Any:
        answer = execute(*arguments, **options)
        if not arguments or str(arguments[0]).upper() not in LOOK_UPS:
            return answer
        if isawaitable(answer):
            return _later(answer, name)
        guarded(_note, answer, name)
        return answer

    asked.execute_command = counted
    return client


async def _later(answer: Any, name: str) -> Any:
    found = await answer
    guarded(_note, found, name)
    return found


def _note(found: Any, name: str) -> None:
    missed = any(value is None for value in found) if isinstance(found, list) else found is None
    (cache_miss if missed else cache_hit)(name)
