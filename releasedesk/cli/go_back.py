"""Going back for real, from the terminal: the same run that the page shows, step by step."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import typer

from releasedesk.cli import show
from releasedesk.cli.carry_out import Confirmed, carry_out, refuse_what_is_missing
from releasedesk.cli.desk import Desk, Refused, Unreachable, expect, release_path, service_path
from releasedesk.cli.exits import NO, YES, Trouble
from releasedesk.cli.message import Message
from releasedesk.cli.progress_file import ProgressFile
from releasedesk.cli.rehearse import begin
from releasedesk.cli.spool import Spool
from releasedesk.cli.steps import Ran, Step


@dataclass
class Told:
    """Keeps the desk informed of a run. Once it is silent, what follows is kept and nobody waits for it."""

    desk: Desk
    path: str
    key: str
    run: Mapping[str, Any] = field(default_factory=dict)
    silent: str = ""

    def started(self, environment: str, to: str, reason: str) -> None:
        """Begin the run, or join the one that somebody has begun."""
        body = {"environment": environment, "to": to, "reason": reason}
        self.run = self._tell(Message(self.path, body, f"{self.key}-start")) or {}
        if self.run.get("joined"):
            show.say(f"{self.run.get('started_by')} has begun this rollback already; you join it.")

    def step(self, number: int, ran: Ran) -> None:
        """Tick a step that went well."""
        if not ran.failed and self.run:
            body = {"step": number + 1, "exit_code": ran.exit_code, "seconds": ran.seconds}
            self._tell(Message(f"{self._of_run}/ticks", body, f"{self.key}-{number + 1}"))

    def done(self) -> None:
        """End the run."""
        if self.run:
            self._tell(Message(f"{self._of_run}/end", {"outcome": "done"}, f"{self.key}-end"))

    @property
    def _of_run(self) -> str:
        return f"{self.path}/runs/{self.run['id']}"

    def _tell(self, message: Message) -> Any:
        if self.silent:
            self._keep(message)
            return None
        try:
            return message.send(self.desk)
        except Unreachable as error:
            self.silent = str(error)
            show.say(f"{error}. Going on without the desk; it is told later (releasedesk send --flush).")
            self._keep(message)
        except Refused as error:  # what is done is done; nothing of it is worth stopping the way back for
            show.say(str(error))
        return None

    def _keep(self, message: Message) -> None:
        try:
            Spool.of(self.desk).keep(message)
        except Trouble as error:  # no more than a refusal is
            show.say(str(error))


def go_back(
    desk: Desk,
    service: str,
    environment: str,
    *,
    to: str | None,
    reason: str,
    plan_version: int | None,
    yes: bool,
    resume: bool,
) -> tuple[dict[str, Any], int]:
    """Carry the way back out and tell the desk of each step. Gives the report and the exit code.

    Nothing but a missing value or a missing plan stops it before it begins: no lock, no gate, no rehearsal.
    """
    path = f"{service_path(service)}/rollback"
    way = desk.get(path, environment=environment, to=to)
    expect(way, steps=list, reasons=list)
    live, target = way.get("live"), way.get("target")
    steps = [Step.read(step) for step in way["steps"]]
    if not live or not target or not steps:
        raise Trouble(_why_not(way))
    refuse_what_is_missing(steps)
    plan = desk.get(f"{release_path(service, live['version'])}/rollback-plan")
    _introduce(way, plan, service, environment)
    confirmed = Confirmed.by(yes=yes, asked_version=plan_version, current=way["plan_version"])
    file = ProgressFile("rollback", desk.url, service, environment, target["version"])
    progress = begin(file, way, resume=resume)
    told = Told(desk, path, progress.key)
    told.started(environment, target["version"], reason)
    file.write(progress)
    progress = carry_out(steps, progress, file, confirmed, told.step)
    failed = any(ran.failed for ran in progress.done)
    if failed:
        show.say(f"Step {len(progress.done)} failed. Mend it, then: the same command with --resume.")
    else:
        told.done()
        file.forget()
        typer.echo(f"Back on {target['version']}: {len(steps)} steps, {progress.seconds:.1f} s.", err=True)
    report = {
        "run": told.run.get("id"),
        "target": target["version"],
        "steps": [ran.as_json() for ran in progress.done],
        "trouble": told.silent or None,
    }
    return report, NO if failed else YES


def _why_not(way: Mapping[str, Any]) -> str:
    """Say what is missing, and the last known command where there is no plan."""
    told = "\n".join(f"  {reason['detail']}" for reason in way["reasons"]) or "  The plan has no steps."
    last = way.get("last_command")
    help_text = (
        f"\nThe target was last deployed by this command; read it before you run it:\n  {last}"
        if last
        else ""
    )
    return f"There is nothing that could be run:\n{told}{help_text}"


def _introduce(way: Mapping[str, Any], plan: Mapping[str, Any], service: str, environment: str) -> None:
    show.say(f"{service} in {environment}: from {way['live']['version']} back to {way['target']['version']}.")
    show.say(f"  {way['target'].get('why') or ''}".rstrip())
    show.say(f"Plan version {way['plan_version']}, by {plan['created_by']}, {plan['created_at']}.")
    for reason in way["reasons"]:
        show.say(f"  not ready: {reason['detail']}")
    if seconds := way.get("rehearsed_seconds"):
        show.say(f"In rehearsal it took {seconds:.0f} s.")
