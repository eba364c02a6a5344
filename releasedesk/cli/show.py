"""What the terminal shows: results on standard output, progress and trouble on standard error."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from releasedesk.cli.deliver import Delivery
from releasedesk.cli.summary import Summary

NOT_MEASURED = "not measured"
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


def summary(numbers: Summary, route: str) -> None:
    """Print the four numbers."""
    table = Table(title=Text(route), title_justify="left", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for name, value in _rows(numbers):
        table.add_row(name, value)
    Console().print(table)


def _rows(numbers: Summary) -> Iterator[tuple[str, str]]:
    yield "requests", f"{numbers.requests:,}"
    yield "errors", f"{numbers.errors:,} ({numbers.errors / numbers.requests:.2%})"
    yield "response time p50", f"{numbers.response_ms_p50:,.1f} ms"
    yield "response time p95", f"{numbers.response_ms_p95:,.1f} ms"
    yield "response time p99", f"{numbers.response_ms_p99:,.1f} ms"
    yield "cache hits", NOT_MEASURED if numbers.cache_hit_rate is None else f"{numbers.cache_hit_rate:.1%}"
    yield "database calls, mean", NOT_MEASURED if numbers.db_calls is None else f"{numbers.db_calls:,.1f}"
    yield "answers", ", ".join(f"{status} ({count:,})" for status, count in numbers.statuses.items())


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
    """Print the verdict, its sentence, the warnings and one line for each metric."""
    console = Console(soft_wrap=True, highlight=False)
    console.print(_judged(answer, "bold"))
    for warning in answer.get("warnings") or []:
        console.print(Text(f"  warning: {warning if isinstance(warning, str) else _sentence(warning)}"))
    for metric in answer.get("metrics") or []:
        console.print(Text("  ").append_text(_judged(metric)))


def _judged(part: dict[str, Any], otherwise: str = "") -> Text:
    verdict = str(part.get("verdict"))
    return Text.assemble((verdict.replace("_", " "), STYLES.get(verdict, otherwise)), f": {_sentence(part)}")


def _sentence(part: dict[str, Any]) -> str:
    return str(part.get("sentence") or part.get("detail") or "")
