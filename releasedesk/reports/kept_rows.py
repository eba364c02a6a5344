"""Rows that still hold are kept in the process: after one report, one service is read anew and not a hundred.

`Service.revision` counts every change below a service in the transaction that makes it. A row read at one
revision therefore says what is true until the revision rises or the row's own time is up; nothing has to be
told to forget it, and no two processes have to agree. The names of its team and owner, which change without
the service, are part of what a row is kept under.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

from releasedesk.catalog.models import Environment
from releasedesk.reports.board_facts import Listed
from releasedesk.reports.board_rows import Row, rows_of

KEPT = 2_000  # about 10 kB each

_Key = tuple[object, ...]


@dataclass(slots=True)
class KeptRows:
    """The rows used last, each with the time it was read at."""

    rows: OrderedDict[_Key, tuple[datetime, Row]] = field(default_factory=OrderedDict)
    lock: Lock = field(default_factory=Lock)

    def of(self, services: Sequence[Listed], environments: Sequence[Environment], now: datetime) -> list[Row]:
        """Return the services' rows, reading only those that are not kept or no longer hold."""
        shown = tuple((place.pk, place.name, place.tier, place.order) for place in environments)
        keys = {service.pk: (service, shown) for service in services}
        held = {pk: row for pk, key in keys.items() if (row := self._holding(key, now))}
        missing = [service for service in services if service.pk not in held]
        for row in rows_of(missing, environments, now) if missing else ():
            held[row.service.pk] = row
            self._keep(keys[row.service.pk], row, now)
        return [held[service.pk] for service in services]

    def _holding(self, key: _Key, now: datetime) -> Row | None:
        with self.lock:
            read_at, row = self.rows.get(key, (None, None))
            if row is None or read_at is None or not read_at <= now <= row.until:
                return None
            self.rows.move_to_end(key)
            return row

    def _keep(self, key: _Key, row: Row, now: datetime) -> None:
        with self.lock:
            self.rows[key] = now, row
            self.rows.move_to_end(key)
            while len(self.rows) > KEPT:
                self.rows.popitem(last=False)


kept_rows = KeptRows()
