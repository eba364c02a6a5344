"""What is asked for: addresses, the route each stands for, and whose turn it is. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from urllib.parse import urlsplit

from releasedesk.cli.exits import Trouble
from releasedesk.cli.typed import without_secrets

RANGE_AT_MOST = 20_000
RANGE = re.compile(r"\[(\d{1,9})-(\d{1,9})\]")
WEIGHT = re.compile(r"[0-9]{1,6}")
METHOD = re.compile(r"[A-Za-z]{1,20}")


class Mistyped(Trouble):
    """What was typed cannot be done; `str()` is the sentence that says why."""


@dataclass(frozen=True)
class Target:
    """One route: its addresses are asked in turn, `weight` times as often as one of weight 1."""

    route: str
    method: str
    urls: Sequence[str]
    weight: int = 1


@dataclass(frozen=True)
class Turn:
    """One request to be sent: to which of the targets, and to which of its addresses."""

    target: int
    url: str


def target(url: str, method: str = "GET", route: str | None = None, weight: int = 1) -> Target:
    """Check an address. Raises Mistyped."""
    shown = without_secrets(url)
    try:
        parts, urls = urlsplit(url), addresses(url)
    except ValueError as error:
        raise Mistyped(f"'{shown}' cannot be asked for: {error}.") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Mistyped(f"'{shown}' is not an http:// or https:// address.")
    return Target(route or default_route(method, url), method.upper(), urls, weight)


def addresses(url: str) -> list[str]:
    """Write out a range, so that not every request asks for the same thing.

    Raises ValueError for one that runs backwards or holds more numbers than a snapshot holds requests.

    >>> addresses("http://shop/basket/[7-9]")
    ['http://shop/basket/7', 'http://shop/basket/8', 'http://shop/basket/9']
    """
    if (found := RANGE.search(url)) is None:
        return [url]
    first, last = int(found[1]), int(found[2])
    if not first <= last < first + RANGE_AT_MOST:
        raise ValueError(f"{found[0]} must run upwards over at most {RANGE_AT_MOST:,} numbers")
    return [url[: found.start()] + str(number) + url[found.end() :] for number in range(first, last + 1)]


def default_route(method: str, url: str) -> str:
    """Name a route by its method and path, without the query; a range is `{n}`.

    >>> default_route("GET", "http://shop/basket/[7-9]?full=1")
    'GET /basket/{n}'
    """
    return f"{method.upper()} {RANGE.sub('{n}', urlsplit(url).path) or '/'}"


def read_routes(text: str, name: str) -> list[Target]:
    """Read a file of routes, one a line: `[WEIGHT] METHOD URL [ROUTE]`. `#` begins a comment line.

    Raises Mistyped, naming file and line.

    >>> [(found.weight, found.route) for found in read_routes("3 GET http://shop/basket/[1-9]", "routes")]
    [(3, 'GET /basket/{n}')]
    """
    found: list[Target] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            one = _route(line, {other.route for other in found})
        except Mistyped as error:
            raise Mistyped(f"{name}, line {number}: {error}") from error
        found.append(one)
    if not found:
        raise Mistyped(f"{name} names no route. A line is: [WEIGHT] METHOD URL [ROUTE].")
    return found


def _route(line: str, named: set[str]) -> Target:
    words = line.split()
    weight = int(words.pop(0)) if WEIGHT.fullmatch(words[0]) else 1
    if weight == 0:
        raise Mistyped("A weight is at least 1.")
    if len(words) < 2 or not METHOD.fullmatch(words[0]):  # noqa: PLR2004 - a method and an address
        raise Mistyped("Expected: [WEIGHT] METHOD URL [ROUTE], as in '3 GET https://shop/basket/[1-200]'.")
    method, url, *route = words
    one = target(url, method, " ".join(route) or None, weight)
    if one.route in named:
        raise Mistyped(f"The route '{one.route}' is there already; name this one at the line's end.")
    return one


def by_weight(targets: Sequence[Target]) -> Iterator[Turn]:
    """Take turns for ever, smoothly: of weights 3 and 1 the order is a, a, b, a, and never a, a, a, b."""
    urls = [cycle(one.urls) for one in targets]
    owed, total = [0] * len(targets), sum(one.weight for one in targets)
    while True:
        for index, one in enumerate(targets):
            owed[index] += one.weight
        chosen = max(range(len(targets)), key=owed.__getitem__)
        owed[chosen] -= total
        yield Turn(chosen, next(urls[chosen]))


def side_by_side(a: Target, b: Target) -> Iterator[Turn]:
    """Take turns for ever in the order a, b, b, a: what drifts or comes second falls on both alike."""
    urls = [cycle(a.urls), cycle(b.urls)]
    for chosen in cycle((0, 1, 1, 0)):
        yield Turn(chosen, next(urls[chosen]))
