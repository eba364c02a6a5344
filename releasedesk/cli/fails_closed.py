"""A command that a pipeline stands behind: what was typed wrong must not open it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from typer.core import TyperCommand

from releasedesk.cli.exits import COULD_NOT_TELL, NO


class FailsClosed(TyperCommand):
    """Exits with 1 for what was typed wrong. Others exit with 2, which says that the desk could not tell."""

    def make_context(self, *arguments: Any, **more: Any) -> Any:
        """Read what was typed."""
        with _mistakes_are_a_no():
            return super().make_context(*arguments, **more)

    def invoke(self, *arguments: Any, **more: Any) -> Any:
        """Run the command."""
        with _mistakes_are_a_no():
            return super().invoke(*arguments, **more)


@contextmanager
def _mistakes_are_a_no() -> Iterator[None]:
    """Change the exit code of typer's usage errors, a class that it does not name in public."""
    try:
        yield
    except Exception as error:
        if getattr(error, "exit_code", None) == COULD_NOT_TELL:
            vars(error)["exit_code"] = NO
        raise
