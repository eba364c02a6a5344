"""Which migrations cannot be taken back. One file a framework; the source is read, never imported or run."""

from releasedesk.cli.reversibility.alembic import read as read_alembic
from releasedesk.cli.reversibility.django import read as read_django
from releasedesk.cli.reversibility.findings import Finding, Kind, Migration
from releasedesk.cli.reversibility.parsing import Unreadable, parse

READERS = (read_django, read_alembic)

__all__ = ["READERS", "Finding", "Kind", "Migration", "Unreadable", "parse", "read"]


def read(source: str, name: str) -> Migration | None:
    """Read one file; None for one that is no migration. Raises Unreadable for what is not Python."""
    tree = parse(source, name)
    return next((found for reader in READERS if (found := reader(tree, name))), None)
