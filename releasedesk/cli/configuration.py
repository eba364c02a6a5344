"""`releasedesk config`: report names and fingerprints of settings; ask whether staging is like production.

A value never leaves this machine: what is sent of it is HMAC-SHA256 under the service's own key.
"""

import hashlib
import hmac
import os
from base64 import b64decode
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from releasedesk.cli import env_file, events, show
from releasedesk.cli.ci import detect
from releasedesk.cli.desk import Desk, expect, service_path
from releasedesk.cli.exits import NO, YES, Trouble, finish
from releasedesk.cli.send import show_flushed
from releasedesk.cli.telling import Sender

config = typer.Typer(help="Compare configurations without telling a value.", no_args_is_help=True)


@config.command()
def send(
    service: Annotated[str, typer.Argument(help="The service's slug.")],
    *,
    environment: Annotated[str, typer.Option(help="Where it runs with these settings.")],
    env_file_: Annotated[Path | None, typer.Option("--env-file", help="A file of NAME=value lines.")] = None,
    from_env: Annotated[
        bool, typer.Option("--from-env", help="Take this process's own variables; needs --only.")
    ] = False,
    only: Annotated[
        str | None, typer.Option(help="Only these names, with commas between; * and ? are allowed.")
    ] = None,
    version: Annotated[str | None, typer.Option(help="The release that runs with them.")] = None,
    id_: Annotated[str | None, typer.Option("--id", help="Sent twice under one id, it counts once.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of a line.")] = False,
) -> None:
    """Report which settings there are, each with a fingerprint of its value. No value is sent.

    Exits 0 when the desk has them, 1 when it refused them, 2 when it could not be told.
    """
    settings = _settings(env_file_, from_env=from_env, only=only)
    desk = Desk.configured(show.say)
    answer = desk.get(f"{service_path(service)}/config-key")
    expect(answer, key=str)
    key = b64decode(answer["key"])
    options = {
        "type": "config.reported", "service": service, "environment": environment,
        "version": version, "id": id_,
    }  # fmt: skip
    said = {"config": fingerprints(key, settings)}
    whole = events.complete([said], options, detect(os.environ), datetime.now(UTC))
    sender = Sender.to(desk)
    sender.tell(whole)
    (told,) = sender.told
    if not as_json:
        show_flushed(sender.flushed)
        count = "" if told.repeated else f": {_counted(settings)}"
        show.say(told.in_words()) if told.trouble else typer.echo(f"{told.in_words()}{count}")
    report = {**told.as_json(), "names": sorted(settings)}
    finish(report, sender.code(later_is_fine=False), as_json=as_json)


@config.command()
def compare(
    service: Annotated[str, typer.Argument(help="The service's slug.")],
    *,
    environment: Annotated[str | None, typer.Option(help="Where; else the one nearest to users.")] = None,
    with_: Annotated[str | None, typer.Option("--with", help="With which; else the one before it.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
) -> None:
    """Say which settings differ or are missing, by name.

    Exits 0 when none do, 1 when some do or the desk refuses the question.
    """
    desk = Desk.configured(show.say)
    answer = desk.get(f"{service_path(service)}/config", environment=environment, **{"with": with_})
    expect(answer, same=bool, sentence=str)
    if not as_json:
        typer.echo(answer["sentence"])
    finish(answer, YES if answer["same"] else NO, as_json=as_json)


def fingerprints(key: bytes, settings: Mapping[str, str]) -> dict[str, str]:
    """Fingerprint each value: HMAC-SHA256 over the name, one NUL byte and the value.

    The name is part of it, so that two settings of one value do not show that they are equal.
    """
    return {
        name: "hmac-sha256:"
        + hmac.new(key, f"{name}\0{value}".encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()
        for name, value in settings.items()
    }


def _settings(path: Path | None, *, from_env: bool, only: str | None) -> dict[str, str]:
    """Read them from where the options say. Raises Trouble for both, neither, or a whole environment."""
    names = [name.strip() for name in (only or "").split(",") if name.strip()]
    if (path is None) is not from_env:
        raise Trouble("Say where the settings are: --env-file FILE, or --from-env with --only.")
    if path is None:
        if not names:
            raise Trouble(
                "--from-env needs --only: most variables of a process are no settings of the service."
            )
        return env_file.only(dict(os.environ), names, "The environment")
    try:
        settings = env_file.read(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise Trouble(f"{path} cannot be read: {error}.") from None
    return env_file.only(settings, names, str(path)) if names else settings


def _counted(settings: Mapping[str, str]) -> str:
    return f"{len(settings)} setting{'' if len(settings) == 1 else 's'}, no value"
