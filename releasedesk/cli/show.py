"""What the terminal shows: results on standard output, progress and trouble on standard error."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from releasedesk.cli.deliver import Delivery
from releasedesk.cli.summary import Summary
from releasedesk.cli.taken import Taken

NOT_MEASURED = "not measured"
NAMES = (
    "requests",
    "errors",
    "response time p50",
    "response time p95",
    "response time p99",
    "cache hits",
    "database calls, mean",
    "answers",
)
STYLES = {"verified": "bold green", "suspect": "bold red", "regressed": "red", "improved": "green"}


def say(text: str) -> None:
    """Tell the person, on standard error. Never as markup: a server's words may hold brackets."""
    Console(stderr=True, soft_wrap=True).print(text, markup=False, highlight=False)


@contextmanager
def progress(total: int) -> Iterator[Callable[[], None]]:
    """Show a bar on standard error while requests are sent, only to a terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("Sending"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    # Drawn four times a second only: drawing takes the interpreter away from the clock.
    with Progress(*columns, console=console, disable=not console.is_terminal, refresh_per_second=4) as bar:
        task = bar.add_task("Sending", total=total)
        yield lambda: bar.advance(task)


@contextmanager
def reading(size: int | None) -> Iterator[Callable[[int], None]]:
    """Show on standard error how many bytes of so many (None: nobody knows) are read, only to a terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("Reading"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, refresh_per_second=4) as bar:
        task = bar.add_task("Reading", total=size)
        yield lambda read: bar.update(task, completed=read)


def summaries(taken: Sequence[Taken]) -> None:
    """Print the four numbers of each route; two sides of one route stand side by side."""
    if len(taken) > 1 and all(one.label for one in taken):
        _table(taken[0].route, taken)
    else:
        for one in taken:
            _table(one.name, [one])
    for note in dict.fromkeys(note for one in taken for note in one.notes):
        Console(soft_wrap=True).print(note, markup=False, highlight=False)


def _table(title: str, columns: Sequence[Taken]) -> None:
    several = len(columns) > 1
    table = Table(title=Text(title), title_justify="left", show_header=several)
    table.add_column()
    for one in columns:
        table.add_column(Text(one.label), justify="right")
    for name, *values in zip(NAMES, *(_values(one.summary) for one in columns), strict=True):
        table.add_row(name, *values)
    Console().print(table)


def _values(numbers: Summary) -> Iterator[str]:
    yield f"{numbers.requests:,}"
    yield _or_not(numbers.errors, lambda errors: f"{errors:,.0f} ({errors / numbers.requests:.2%})")
    for time in (numbers.response_ms_p50, numbers.response_ms_p95, numbers.response_ms_p99):
        yield _or_not(time, lambda time: f"{time:,.1f} ms")
    yield _or_not(numbers.cache_hit_rate, lambda rate: f"{rate:.1%}")
    yield _or_not(numbers.db_calls, lambda calls: f"{calls:,.1f}")
    answers = [f"{status} ({count:,})" for status, count in numbers.statuses.items()]
    yield ", ".join(answers) or NOT_MEASURED


def _or_not(value: float | None, shown: Callable[[float], str]) -> str:
    return NOT_MEASURED if value is None else shown(value)


def delivery(made: Delivery) -> None:
    """Print what came of handing the snapshot over."""
    if made.kept_in:
        say(f"The desk did not take the snapshot. {made.trouble}")
        say(f"It is kept in {made.kept_in}. Send it later: releasedesk measure --post-file {made.kept_in}")
    elif made.trouble:
        say(f"The desk has the snapshot. There is no verdict yet. {made.trouble}")
    elif made.comparison:
        comparison(made.comparison)
    else:
        say("The desk has the snapshot.")


def comparison(answer: dict[str, Any]) -> None:
    """Print the verdict, its sentence, the warnings, what other routes say, and one line for each metric."""
    console = Console(soft_wrap=True, highlight=False)
    console.print(_judged(answer, "bold"))
    for warning in answer.get("warnings") or []:
        console.print(Text(f"  warning: {warning if isinstance(warning, str) else _sentence(warning)}"))
    if answer.get("routes"):
        console.print(Text(f"  {answer['routes']}"))
    for promise in answer.get("expected") or []:
        console.print(Text(f"  {_sentence(promise)}"))
    for metric in answer.get("metrics") or []:
        console.print(Text("  ").append_text(_judged(metric)))


def _judged(part: dict[str, Any], otherwise: str = "") -> Text:
    verdict = str(part.get("verdict"))
    return Text.assemble((verdict.replace("_", " "), STYLES.get(verdict, otherwise)), f": {_sentence(part)}")


def _sentence(part: dict[str, Any]) -> str:
    return str(part.get("sentence") or part.get("detail") or "")
