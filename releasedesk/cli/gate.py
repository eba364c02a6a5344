"""`releasedesk gate`: may it ship?"""

import re
import time
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlencode

import typer

from releasedesk.cli import show
from releasedesk.cli.desk import Desk, Refused, release_path
from releasedesk.cli.exits import NO, YES, Trouble, finish

CONFLICT = 409
EVERY_SECONDS = 5.0
UNITS = {"s": 1, "m": 60, "h": 3600}


def gate(
    service: Annotated[str, typer.Argument(help="The service's slug.")],
    version: Annotated[str, typer.Argument(help="The version that is to ship.")],
    *,
    environment: Annotated[str, typer.Option(help="Where it is to ship.")],
    wait: Annotated[
        str, typer.Option(help="How long to wait for the gate to open, such as 90s, 10m or 1h.")
    ] = "0s",
    ask: Annotated[
        bool, typer.Option("--ask", help="Ask to ship: the desk keeps the answer beside the deployment.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
) -> None:
    """Say whether a release may ship, and if not what stands in the way and where it is mended.

    Exits 0 when the gate is open, 1 when it is closed, with the reasons, 2 when the desk cannot tell.
    """
    deadline = time.monotonic() + _seconds(wait)
    desk, path = Desk.configured(show.say), f"{release_path(service, version)}/gate"
    answer = _wait(desk, path, environment, deadline)
    if ask:
        answer = _ask(desk, path, environment)
    if not as_json:
        typer.echo(in_words(answer))
    finish(answer, YES if answer["open"] else NO, as_json=as_json)


def _wait(desk: Desk, path: str, environment: str, deadline: float) -> Mapping[str, Any]:
    """Look until it is open or the time is over; what stands in the way is told whenever it changes."""
    told = ""
    while True:
        answer: dict[str, Any] = desk.get(path, environment=environment)
        left = deadline - time.monotonic()
        if answer["open"] or left <= 0:
            return answer
        if told != (told := str(answer["sentence"])):
            show.say(f"{told} Waiting up to {left:.0f} s.")
        desk.sleep(min(EVERY_SECONDS, left))


def _ask(desk: Desk, path: str, environment: str) -> Mapping[str, Any]:
    """Ask to ship. A closed gate is an answer, not a trouble."""
    try:
        answer: dict[str, Any] = desk.post(f"{path}?{urlencode({'environment': environment})}", None)
    except Refused as refused:
        if refused.status == CONFLICT and "open" in refused.problem:
            return refused.problem
        raise
    return answer


def in_words(answer: Mapping[str, Any]) -> str:
    """Tell the answer as a person reads it: the sentence, then each condition, and where it is mended."""
    lines = [str(answer["sentence"])]
    for one in answer["conditions"]:
        sign = {"met": "ok", "overridden": "overridden"}.get(one["state"])
        sign = sign or ("STOPS" if one["level"] == "required" else "advised")
        lines.append(f"  {sign:10} {one['label']}: {one['detail']}")
        if one["fix"]:
            lines.append(f"  {'':10} {one['fix']}")
    lines += [
        f"  {one['by']} overrode {one['gate']}: {one['reason']}"
        + (" (another lead must too)" if one["awaits_second"] else "")
        for one in answer["overrides"]
    ]
    return "\n".join(lines)


def _seconds(text: str) -> float:
    """Read "90s", "10m" or "1h". Raises Trouble for anything else."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text.strip())
    if found is None:
        raise Trouble(f"--wait is a time such as 90s, 10m or 1h, not '{text}'.")
    return float(found[1]) * UNITS[found[2] or "s"]
