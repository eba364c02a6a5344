"""Carrying a plan out, step by step: shown, confirmed, run, kept; it stops at the first that fails."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic

import typer

from releasedesk.cli.exits import Trouble
from releasedesk.cli.progress_file import Progress, ProgressFile
from releasedesk.cli.steps import Ran, Step, run

Told = Callable[[int, Ran], object]


@dataclass(frozen=True)
class Confirmed:
    """How each step is agreed to: by the person at the terminal, or beforehand (`--yes`)."""

    beforehand: bool

    @classmethod
    def by(cls, *, yes: bool, asked_version: int | None, current: int) -> "Confirmed":
        """Confirm this version of the plan and no other. Raises Trouble."""
        if yes and asked_version is None:
            raise Trouble(
                f"--yes needs --plan-version: what you have read. The plan is at version {current}."
            )
        if asked_version not in {None, current}:
            raise Trouble(f"The plan is at version {current}, not {asked_version}. Read it, then try again.")
        if not yes and not sys.stdin.isatty():
            raise Trouble(f"Nobody is here to confirm. Give --yes --plan-version {current}.")
        return cls(yes)

    def ask(self, question: str) -> bool:
        """Ask the person; what was agreed to beforehand is not asked again."""
        return self.beforehand or typer.confirm(question, default=True, err=True)


def carry_out(
    steps: Sequence[Step],
    progress: Progress,
    file: ProgressFile,
    confirmed: Confirmed,
    told: Told = lambda _number, _ran: None,
) -> Progress:
    """Carry out what is still to do; after each step `told` hears of it and the progress is kept.

    Raises Trouble when the person stops, and KeyboardInterrupt; what was done until then is kept.
    """
    refuse_what_is_missing(steps)
    for number in range(len(progress.done), len(steps)):
        step = steps[number]
        announce(number, len(steps), step)
        ran = _run(step, confirmed) if step.command else _by_hand(confirmed)
        progress = progress.after(ran)
        file.write(progress)
        told(number, ran)
        typer.echo(f"      {_ended(ran)}", err=True)
        if ran.failed:
            break
    return progress


def refuse_what_is_missing(steps: Sequence[Step]) -> None:
    """Raise Trouble for a command that lacks a value: half of one must never run."""
    for number, step in enumerate(steps, start=1):
        if step.missing:
            raise Trouble(
                f"Step {number} cannot be run: the desk has no value for {', '.join(step.missing)}."
            )


def announce(number: int, of: int, step: Step) -> None:
    """Show a step before anything of it happens."""
    typer.echo(f"\n[{number + 1}/{of}] {step.instruction}", err=True)
    if step.irreversible:
        typer.echo("      This cannot be undone.", err=True)
    if step.command:
        typer.echo(f"      $ {step.command}", err=True)
    if step.check:
        typer.echo(f"      Check: {step.check}", err=True)


def _run(step: Step, confirmed: Confirmed) -> Ran:
    if not confirmed.ask("      Run it?"):
        raise Trouble("Stopped by you. Nothing more was run; --resume goes on here.")
    return run(step.command or "", lambda line: typer.echo(line, nl=False, err=True))


def _by_hand(confirmed: Confirmed) -> Ran:
    """A step without a command: a person does it, and says whether it went well."""
    began = monotonic()
    if confirmed.beforehand:
        typer.echo("      By hand; nobody was asked.", err=True)
    well = confirmed.ask("      Done, and well?")
    seconds = round(monotonic() - began, 1)
    return Ran(None, seconds) if well else Ran(1, seconds, "Said by hand: it did not go well.")


def _ended(ran: Ran) -> str:
    if ran.exit_code is None:
        return f"by hand, {ran.seconds:.0f} s"
    return f"{'failed with' if ran.failed else 'ended with'} {ran.exit_code}, {ran.seconds:.1f} s"
