"""What a response's headers say about caches and database calls. Pure.

Headers are (name, value) pairs, one for each line received, names in any case. None always means "it does not
say", never "no" and never 0.
"""

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

Headers = Sequence[tuple[str, str]]
Outcome = Literal["hit", "miss"]

# One grammar for both lists: Server-Timing (W3C) and Cache-Status (RFC 9211, structured fields). A value is
# quoted or bare; a bare one may hold ':', '/', '=' and the like, as structured fields allow.
QUOTED = r'"(?:[^"\\]|\\.)*"'
NAME = r'[^\s,;="]+'
PARAMETER = rf'[ \t]*;[ \t]*({NAME})(?:[ \t]*=[ \t]*({QUOTED}|[^\s,;"]+))?'
ONE_PARAMETER = re.compile(PARAMETER)
MEMBER = re.compile(rf"[ \t]*({QUOTED}|{NAME})((?:{PARAMETER})*)[ \t]*(?:,|\Z)")
EMPTY = re.compile(r"[ \t]*(?:,|\Z)")  # RFC 9110, 5.6.1: empty members are skipped

TRUE, FALSE = "?1", "?0"
SERVED = {"hit", "stale", "updating"}
FORWARDED = {"miss", "pass", "expired", "bypass", "dynamic"}
ASKED_AGAIN = {"refresh", "refreshhit", "revalidated"}


class Member(NamedTuple):
    """One member of a list header; a parameter without a value is `?1`, true in structured fields."""

    name: str
    parameters: dict[str, str]


def members(headers: Headers, name: str) -> list[Member]:
    """Split a list header, all its lines together. A value that breaks the grammar is no evidence: []."""
    text, found, at = ", ".join(_lines(headers, name)), [], 0
    while at < len(text):
        if empty := EMPTY.match(text, at):
            at = empty.end()
        elif member := MEMBER.match(text, at):
            found.append(Member(_plain(member[1]), _parameters(member[2])))
            at = member.end()
        else:
            return []
    return found


def db_calls(headers: Headers) -> int | None:
    """Read the number of database calls, `Server-Timing: db;desc="12"`; the last is the outermost's."""
    counts = [
        int(described)
        for member in members(headers, "server-timing")
        if member.name == "db" and re.fullmatch(r"[0-9]{1,9}", described := member.parameters.get("desc", ""))
    ]
    return counts[-1] if counts else None


def cache_outcome(headers: Headers) -> Outcome | None:
    """Tell whether a cache answered: by Cache-Status, else X-Cache, else CF-Cache-Status, else Age."""
    return (
        _by_cache_status(headers)
        or _by_words(_lines(headers, "x-cache"))
        or _by_words(_lines(headers, "cf-cache-status"))
        or by_age(headers)
    )


def by_age(headers: Headers) -> Outcome | None:
    """Read Age, which a cache must send with a stored answer (RFC 9111, 5.1).

    0 is a miss: caches that always send Age send it when they have just asked the origin.
    """
    ages = [line.strip() for line in _lines(headers, "age")]
    if not ages or not re.fullmatch(r"[0-9]{1,10}", ages[0]):
        return None
    return "hit" if int(ages[0]) else "miss"


def _by_cache_status(headers: Headers) -> Outcome | None:
    """RFC 9211, 2: the first member is the cache nearest the origin, the last the one nearest to us.

    Seen from our end, a cache either hit, and nothing behind it was asked, or went forward to the one before
    it. So one hit anywhere is the answer; a stale answer that had to be validated (`fwd=stale`) is no hit.
    """
    chain = [member.parameters for member in members(headers, "cache-status")]
    if any(cache.get("hit", FALSE) == TRUE for cache in chain):
        return "hit"
    return "miss" if any("fwd" in cache or "hit" in cache for cache in chain) else None


def _by_words(lines: list[str]) -> Outcome | None:
    """Read `HIT`, `TCP_MEM_HIT`, `Hit from cloudfront`, `MISS, HIT`: the words of no standard."""
    outcomes = {_by_word(part) for line in lines for part in line.split(",")}
    return "hit" if "hit" in outcomes else "miss" if "miss" in outcomes else None


def _by_word(text: str) -> Outcome | None:
    first = text.lower().split()[:1]  # what follows may be a host's name, and hosts are called anything
    parts = {part for word in first for part in re.split(r"[^a-z]+", word)}
    if parts & ASKED_AGAIN:
        return "miss"
    return "hit" if parts & SERVED else "miss" if parts & FORWARDED else None


def _lines(headers: Headers, name: str) -> list[str]:
    return [value for key, value in headers if key.lower() == name]


def _parameters(text: str) -> dict[str, str]:
    """Server-Timing keeps the first of two equal names; the lists we read have no use for a second."""
    found: dict[str, str] = {}
    for name, value in ONE_PARAMETER.findall(text):
        found.setdefault(name.lower(), _plain(value) if value else TRUE)
    return found


def _plain(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
