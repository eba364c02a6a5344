"""`releasedesk gate`: may it ship?"""

import re
import time
from collections.abc import Callable, Mapping
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import uuid4

import typer

from releasedesk.cli import show
from releasedesk.cli.desk import WHO_ASKS, Desk, Hopeless, Refused, Unreachable, expect, release_path
from releasedesk.cli.exits import COULD_NOT_TELL, NO, YES, finish

CONFLICT = 409
EVERY_SECONDS = 5.0
SHAPE = {"open": bool, "sentence": str, "conditions": list, "overrides": list}
Answer = Mapping[str, Any]
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

    Exits 0 when the gate is open; 1 when it is closed, with the reasons, or the question is wrong: this token
    may not ask it, or nothing is called so; 2 when the desk cannot be asked or does not know the token.
    With --wait a desk that is away is asked again until the time is over.
    """
    deadline = time.monotonic() + _seconds(wait)
    desk, path = Desk.configured(show.say), f"{release_path(service, version)}/gate"
    answer = _wait(desk, lambda: _look(desk, path, environment), deadline)
    if ask:
        key = f"cli-{uuid4()}"  # one for all tries: asked twice, it is kept once
        answer = _wait(desk, lambda: _ask(desk, path, environment, key), deadline, closed_is_final=True)
    if not as_json:
        typer.echo(in_words(answer))
    finish(answer, YES if answer["open"] else NO, as_json=as_json)


def _wait(
    desk: Desk, question: Callable[[], Answer], deadline: float, *, closed_is_final: bool = False
) -> Answer:
    """Ask until it is open or the time is over; what stands in the way is told whenever it changes.

    At the end the desk's last word counts, also where it is away by then.
    """
    told, closed = "", None
    while True:
        try:
            answer = question()
        except (Unreachable, Refused) as error:
            if not _may_pass(error):
                raise
            if deadline <= time.monotonic():
                if closed is None:
                    raise
                show.say(str(error))
                return closed
            why = f"{str(error).rstrip('.')}."
        else:
            if answer["open"] or closed_is_final or deadline <= time.monotonic():
                return answer
            closed, why = answer, str(answer["sentence"])
        left = max(0.0, deadline - time.monotonic())
        if told != (told := why):
            show.say(f"{why} Waiting up to {left:.0f} s.")
        desk.sleep(min(EVERY_SECONDS, left))


def _may_pass(error: Unreachable | Refused) -> bool:
    """Whether the desk is only away just now: it is not for us to mend."""
    if isinstance(error, Refused):
        return error.code == COULD_NOT_TELL and error.status != WHO_ASKS
    return not isinstance(error, Hopeless)


def _look(desk: Desk, path: str, environment: str) -> Answer:
    answer: Answer = desk.get(path, environment=environment)
    expect(answer, **SHAPE)
    return answer


def _ask(desk: Desk, path: str, environment: str, key: str) -> Answer:
    """Ask to ship. A closed gate is an answer, not a trouble."""
    try:
        answer: Answer = desk.post(f"{path}?{urlencode({'environment': environment})}", None, key=key)
    except Refused as refused:
        if refused.status != CONFLICT or refused.problem.get("open") is not False:
            raise
        answer = refused.problem
    expect(answer, **SHAPE)
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
    """Read "90s", "10m" or "1h". Raises BadParameter for anything else."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text.strip())
    if found is None:
        raise typer.BadParameter(f"--wait is a time such as 90s, 10m or 1h, not '{text}'.")
    return float(found[1]) * UNITS[found[2] or "s"]
