r"""The way back as text for a terminal: all of it, at most 80 columns wide. Pure and without Django.

Each command stands alone on a line, never wrapped, after four spaces, a dollar sign and a space. No other
line begins so, whatever people typed. The last line says how to take the commands out, with
`sed -n 's/^    \$ //p'`; add `| sh -e` to run them. What cannot be run as it stands, because a value is
missing or a control character is in it, begins with a question mark and is not taken out. Then the line
before the last names the steps that would be left out.
"""

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from releasedesk.problems.text import has_control, is_control
from releasedesk.rollbacks.commands import Finished
from releasedesk.rollbacks.readiness import Fix, Readiness, Severity
from releasedesk.rollbacks.wording import duration, listed, moment

WIDTH = 80
EXTRACT = r"sed -n 's/^    \$ //p'"

_LABEL = 14
# Three, for no line but a command may begin with four spaces: wrapped text could go on with a dollar sign.
_INDENT = "   "


@dataclass(frozen=True, slots=True)
class Step:
    """One step, its command finished. `seconds` is what the plan expects, `done` who has done it."""

    instruction: str
    command: Finished | None = None
    check: str = ""
    seconds: float | None = None
    irreversible: bool = False
    expected: str = ""
    done: str = ""

    @property
    def runnable(self) -> bool:
        """Whether the command can be run as it is printed."""
        return self.command is not None and not self.command.missing and not has_control(self.command.command)


@dataclass(frozen=True, slots=True, kw_only=True)
class Runbook:
    """What the text tells. All texts are as people typed them; times carry a zone.

    `why_target` ends the sentence that the target begins ("the last good one, live 9 days"). `may_name` are
    the other releases that `?to=` may name. `between` has a line for each release or change that is taken
    back, `triggers` the plan's in words, `met` a sentence for each that is met. `last_command` is the one by
    which the target was last deployed, as reported; it is told only where the plan has no steps. `running`
    says who is on the way already, and what to do next. `fixes` are the addresses where reasons are mended.
    """

    service: str
    environment: str
    now: datetime
    readiness: Readiness
    fixes: Mapping[Fix, str] = field(default_factory=dict)
    live: str | None = None
    live_since: datetime | None = None
    live_by: str = ""
    target: str | None = None
    why_target: str = ""
    may_name: tuple[str, ...] = ()
    between: tuple[str, ...] = ()
    data: str = ""
    data_note: str = ""
    triggers: tuple[str, ...] = ()
    met: tuple[str, ...] = ()
    plan_version: int | None = None
    plan_owner: str = ""
    plan_stand_in: str = ""
    steps: tuple[Step, ...] = ()
    rehearsed_seconds: float | None = None
    rehearsed_at: datetime | None = None
    last_command: str = ""
    last_command_at: datetime | None = None
    running: tuple[str, ...] = ()


def runbook(page: Runbook) -> str:
    """Write the runbook, ASCII but for what people typed, with a line end after its last line."""
    sections = (
        _head(page),
        _section("SOMEBODY IS ROLLING BACK", _items(page.running)),
        _section("YOUR OWN TRIGGER IS MET", _items(page.met)),
        _section("CAN WE GO BACK?", _ready(page)),
        _section("IN BETWEEN", _items(page.between)),
        _section("DATA", _data(page)),
        _section("WHEN TO GO BACK", _items(page.triggers)),
        _section("STEPS", _steps(page.steps)) if page.steps else _section("WITHOUT A PLAN", _unplanned(page)),
        _foot(page),
    )
    written = ("\n".join(lines) for lines in map(list, sections) if lines)
    return "\n\n".join(written) + "\n"


def _head(page: Runbook) -> Iterator[str]:
    title = _wrapped(f"Roll back {page.service} in {page.environment}")
    yield from title
    yield "=" * max(map(len, title))
    yield from _labelled("As of", moment(page.now))
    yield from _labelled("Live now", _live(page))
    yield from _labelled("Goes back to", _target(page))
    if page.may_name:
        yield from _labelled("Or with ?to=", ", ".join(page.may_name))
    if page.plan_version is not None:
        owner = f", owner {page.plan_owner}" if page.plan_owner else ", without owner"
        stand_in = f", stand-in {page.plan_stand_in}" if page.plan_stand_in else ""
        yield from _labelled("Plan", f"version {page.plan_version}{owner}{stand_in}")
    yield from _labelled("In rehearsal", _rehearsed(page))


def _live(page: Runbook) -> str:
    if page.live is None:
        return "nothing: no release has succeeded here yet"
    since = f", since {moment(page.live_since)}" if page.live_since else ""
    by = f", by {page.live_by}" if page.live_by else ""
    return f"{page.live}{since}{by}"


def _target(page: Runbook) -> str:
    if page.target is None:
        return "no release was found to go back to"
    return f"{page.target}: {page.why_target}" if page.why_target else page.target


def _rehearsed(page: Runbook) -> str:
    if page.rehearsed_seconds is None:
        return "not rehearsed, so nobody knows how long it takes"
    on = f", on {moment(page.rehearsed_at)}" if page.rehearsed_at else ""
    return f"{duration(page.rehearsed_seconds)}{on}"


def _ready(page: Runbook) -> Iterator[str]:
    readiness = page.readiness
    if readiness.ready:
        yield f"{_INDENT}Yes: ready."
        return
    count = len(readiness.reasons)
    reasons = "1 reason" if count == 1 else f"{count} reasons"
    yield f"{_INDENT}Not ready, for {reasons}. Going back is still never stopped."
    for reason in readiness.reasons:
        mark = "!" if reason.severity is Severity.BLOCKING else "-"
        yield from _wrapped(f"{reason.severity}: {reason.detail}", f" {mark} ", _INDENT)
        if fix := page.fixes.get(reason.fix):
            yield from _link(fix)


def _link(address: str) -> list[str]:
    """An address on a line of its own: one that is torn apart cannot be opened."""
    return _wrapped(address, _INDENT)


def _data(page: Runbook) -> Iterator[str]:
    if page.data or page.data_note:
        yield from _wrapped(": ".join(text for text in (page.data, page.data_note) if text), _INDENT)
    else:
        yield f"{_INDENT}The plan does not say what happens to the data."


def _steps(steps: tuple[Step, ...]) -> Iterator[str]:
    for number, step in enumerate(steps, 1):
        if number > 1:
            yield ""
        about = f" (about {duration(step.seconds)})" if step.seconds else ""
        yield from _wrapped(f"{step.instruction}{about}", f"{number}. ", _INDENT)
        if step.done:
            yield from _wrapped(f"DONE by {step.done}.", _INDENT)
        if step.irreversible:
            yield f"{_INDENT}THIS CANNOT BE UNDONE."
        if step.command:
            yield from _command(step.command)
        if step.expected:
            yield from _wrapped(f"Expect: {step.expected}", _INDENT)
        if step.check:
            yield from _wrapped(f"Check: {step.check}", _INDENT)


def _command(finished: Finished) -> Iterator[str]:
    if has_control(finished.command):
        yield f"    ? {_shown(finished.command)}"
        yield f"{_INDENT}It has control characters in it: do not copy it, type what you mean."
    elif finished.missing:
        yield f"    ? {finished.command}"
        names = listed([f"{{{name}}}" for name in finished.missing])
        yield from _wrapped(
            f"Put in {names} yourself: the desk has no value that can stand there.", "   ", "   "
        )
    else:
        yield f"    $ {finished.command}"


def _unplanned(page: Runbook) -> Iterator[str]:
    nobody = "Nobody wrote down how to go back." if page.plan_version is None else "The plan has no steps."
    target = page.target or "the release to go back to"
    if not page.last_command:
        yield from _wrapped(
            f"{nobody} The command that deployed {target} was not reported either. Deploy {target} the way "
            "this service is always deployed, check what is live, and write the command down as its plan.",
            _INDENT,
        )
        return
    on = f", on {moment(page.last_command_at)}" if page.last_command_at else ""
    yield from _wrapped(f"{nobody} {target} was last deployed by this command{on}:", _INDENT)
    yield from _command(Finished(page.last_command))
    yield from _wrapped("It was not rehearsed. Read it before you run it, then check what is live.", _INDENT)


def _foot(page: Runbook) -> Iterator[str]:
    left_out = [str(number) for number, step in enumerate(page.steps, 1) if not step.runnable]
    if left_out:
        steps = f"{'step' if len(left_out) == 1 else 'steps'} {listed(left_out)}"
        yield from _wrapped(f"The commands alone are not the whole way back: {steps} must be done by hand.")
    yield f"The commands alone: {EXTRACT}"


def _section(heading: str, lines: Iterable[str]) -> Iterator[str]:
    written = list(lines)
    if written:
        yield heading
        yield from written


def _items(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        yield from _wrapped(text, " - ", _INDENT)


def _labelled(label: str, text: str) -> list[str]:
    return _wrapped(text, f"{label:{_LABEL}}", " " * _LABEL)


def _wrapped(text: str, first: str = "", rest: str | None = None) -> list[str]:
    """Wrap prose. Line ends and tabs become spaces, other control characters are shown escaped."""
    words = " ".join(_shown(word) for word in re.split(r"[ \t\r\n]+", text) if word)
    after = first if rest is None else rest
    return textwrap.wrap(
        words, WIDTH, initial_indent=first, subsequent_indent=after, break_on_hyphens=False
    ) or [first.rstrip()]


def _shown(text: str) -> str:
    r"""Show control characters as \x1b and the like, so that no text can command the terminal."""
    return "".join(c.encode("unicode_escape").decode() if is_control(c) else c for c in text)
