"""`releasedesk rehearse`: carry the plan out on staging, and hand over the evidence."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from releasedesk.cli import show
from releasedesk.cli.carry_out import Confirmed, carry_out, refuse_what_is_missing
from releasedesk.cli.desk import Desk, Refused, Unreachable, expect, release_path, service_path
from releasedesk.cli.exits import COULD_NOT_TELL, NO, YES, Trouble, finish
from releasedesk.cli.message import Message
from releasedesk.cli.progress_file import Progress, ProgressFile
from releasedesk.cli.spool import Spool
from releasedesk.cli.steps import Step
from releasedesk.cli.typed import command_as_typed


def rehearse(
    context: typer.Context,
    service: Annotated[str, typer.Argument(help="The service's slug.")],
    version: Annotated[
        str, typer.Argument(help="The release whose way back is rehearsed; it is live there.")
    ],
    *,
    environment: Annotated[str, typer.Option(help="Where: not production.")] = "staging",
    plan_version: Annotated[int | None, typer.Option(help="The version of the plan you have read.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing; needs --plan-version.")] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on behind the last step that went well.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
) -> None:
    """Run the plan's steps one by one, each timed, stop at the first that fails, and tell the desk.

    Secrets are masked in what is kept; the commands do not get RELEASEDESK_TOKEN. Exits 0 when it succeeded,
    1 when a step failed or the desk refused, 2 when it could not be carried out or the desk was not told yet.
    """
    desk = Desk.configured(show.say)
    way = read_way(desk, service, version, environment)
    steps = [Step.read(step) for step in way["steps"]]
    if not steps:
        raise Trouble(f"The plan of {service} {version} has no steps to carry out.")
    refuse_what_is_missing(steps)
    _introduce(way, service, version, environment)
    confirmed = Confirmed.by(yes=yes, asked_version=plan_version, current=way["plan_version"])
    file = ProgressFile("rehearse", desk.url, service, version, environment)
    progress = begin(file, way, resume=resume)
    file.write(progress)
    progress = carry_out(steps, progress, file, confirmed)
    body = evidence(progress, environment, command_as_typed(context.obj or []))
    report = tell(desk, Message(f"{release_path(service, version)}/rehearsals", body, progress.key))
    succeeded = body["outcome"] == "succeeded"
    if succeeded:
        file.forget()
    if not as_json:
        _conclude(body, progress, report)
    code = (YES if succeeded else NO) if report.get("kept_in") is None else COULD_NOT_TELL
    finish({"rehearsal": body, **report}, code, as_json=as_json)


def read_way(desk: Desk, service: str, version: str, environment: str) -> dict[str, Any]:
    """Ask for the plan and its finished commands. Raises Trouble unless the release is live there."""
    plan = desk.get(f"{release_path(service, version)}/rollback-plan")
    way: dict[str, Any] = desk.get(f"{service_path(service)}/rollback", environment=environment)
    expect(way, steps=list, reasons=list)
    live = (way.get("live") or {}).get("version")
    if live != version:
        what = f"{live} is live there" if live else "nothing is live there"
        raise Trouble(
            f"{version} is not live in {environment}: {what}. Deploy it there first, then rehearse."
        )
    if way.get("target") is None:
        detail = next((reason["detail"] for reason in way["reasons"]), "The desk knows no target.")
        raise Trouble(f"There is nothing to go back to in {environment}. {detail}")
    if way.get("plan_version") != plan["plan_version"]:
        raise Trouble("The plan is being changed just now. Try again.")
    return {**way, "plan_by": plan["created_by"], "plan_at": plan["created_at"]}


def begin(file: ProgressFile, way: Mapping[str, Any], *, resume: bool) -> Progress:
    """Begin anew, or go on where the last attempt stopped. Raises Trouble where that cannot be."""
    print_of = fingerprint(way["steps"])
    kept = file.read() if resume else None
    if not resume:
        return Progress(print_of, way["plan_version"])
    if kept is None:
        raise Trouble("There is nothing to resume. Leave --resume out.")
    if kept.fingerprint != print_of:
        raise Trouble("The commands have changed since: the plan, or what is live. Leave --resume out.")
    return kept.again()


def fingerprint(steps: Sequence[Mapping[str, Any]]) -> str:
    """Tell one list of finished commands from another."""
    said = [[step["instruction"], step.get("command")] for step in steps]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def evidence(progress: Progress, environment: str, command: str) -> dict[str, Any]:
    """Give the body of a rehearsal. A resumed one lasted as long as its steps: the pause is left out."""
    failed = any(ran.failed for ran in progress.done)
    finished = datetime.now(UTC)
    began = datetime.fromisoformat(progress.began)
    if progress.resumed:
        began = finished - timedelta(seconds=progress.seconds)
    return {
        "environment": environment,
        "started_at": began.isoformat(),
        "finished_at": finished.isoformat(),
        "outcome": "failed" if failed else "succeeded",
        "command": command,
        "steps": [ran.as_json() for ran in progress.done],
        "plan_version": progress.plan_version,
    }


def tell(desk: Desk, message: Message) -> dict[str, Any]:
    """Hand something over, or keep it for `releasedesk send --flush` while the desk is silent."""
    try:
        return {"answer": message.send(desk), "kept_in": None, "trouble": None}
    except (Unreachable, Refused) as error:
        if isinstance(error, Refused) and not error.unjudged:
            raise
        kept = Spool.of(desk).keep(message)
        return {"answer": None, "kept_in": str(kept), "trouble": str(error)}


def _introduce(way: Mapping[str, Any], service: str, version: str, environment: str) -> None:
    show.say(f"{service} in {environment}: from {version} back to {way['target']['version']}.")
    show.say(f"Plan version {way['plan_version']}, by {way['plan_by']}, {way['plan_at']}.")
    for number, step in enumerate(way["steps"], start=1):
        show.say(f"  {number}. {step['instruction']}")


def _conclude(body: Mapping[str, Any], progress: Progress, report: Mapping[str, Any]) -> None:
    seconds = progress.seconds
    if body["outcome"] == "succeeded":
        typer.echo(f"\nRehearsed: {len(progress.done)} steps, {seconds:.1f} s.")
    else:
        typer.echo(f"\nStep {len(progress.done)} failed. Mend it, then: the same command with --resume.")
    if report["kept_in"]:
        show.say(f"{report['trouble']}. The evidence is kept in {report['kept_in']}; send it later with")
        show.say("  releasedesk send --flush")
