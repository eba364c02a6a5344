"""A snapshot on its way to the desk: the body, where it belongs, and the key under which it is sent."""

import json
import tempfile
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from releasedesk.cli.taken import Taken


@dataclass(frozen=True)
class Snapshot:
    """What is posted and what is kept in a file; the key is made once, so that sending twice keeps one."""

    service: str
    version: str
    body: dict[str, Any]
    idempotency_key: str = field(default_factory=lambda: f"measure-{uuid4()}")

    @property
    def is_after(self) -> bool:
        """Whether there may be a comparison now."""
        return self.body.get("phase") == "after"

    @classmethod
    def read(cls, path: Path) -> "Snapshot":
        """Read a kept file. Raises ValueError, saying what is wrong with it."""
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
            texts = [kept[name] for name in ("service", "version", "idempotency_key")]
            body = kept["body"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{path} is not a kept snapshot ({type(error).__name__}: {error}).") from error
        if not all(isinstance(text, str) and text for text in texts) or not isinstance(body, dict):
            raise ValueError(f"{path} is not a kept snapshot: service, version, key and body must be there.")
        return cls(texts[0], texts[1], body, texts[2])

    def keep(self, path: Path | None = None) -> Path:
        """Write it to `path`, else beside us, else among the temporary files; return where it is."""
        phase, now = self.body["phase"], datetime.now().astimezone()
        name = f"releasedesk-{self.service}-{quote(self.version, safe='')}-{phase}-{now:%Y%m%dT%H%M%S}.json"
        text = json.dumps(asdict(self), indent=1)
        for place in filter(None, (path, Path(name))):
            try:
                place.write_text(text, encoding="utf-8")
            except OSError:  # a full or read-only disk must not cost the measurement: the next place is tried
                continue
            return place
        last = Path(tempfile.mkdtemp(prefix="releasedesk-")) / name
        last.write_text(text, encoding="utf-8")
        return last


def body(taken: Taken, *, assumptions: str | None, **said: str | None) -> dict[str, Any]:
    """Give the snapshot body; what was not said is left out. How it was measured is an assumption too."""
    all_said = {
        "phase": taken.phase,
        "route": taken.route,
        **said,
        "assumptions": "\n".join(filter(None, [assumptions, *taken.notes])) or None,
    }
    return {
        **{name: value for name, value in all_said.items() if value is not None},
        "taken_from": utc(taken.taken_from),
        "taken_until": utc(taken.taken_until),
        **taken.form,
    }


def utc(moment: datetime) -> str:
    """Write an aware time in UTC, milliseconds, with Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
