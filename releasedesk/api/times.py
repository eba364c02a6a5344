"""Times as the API writes them."""

from datetime import datetime


def stamp(value: datetime | None) -> str | None:
    """ISO 8601 in UTC with `Z`."""
    return value.isoformat().replace("+00:00", "Z") if value else None
