"""What a person has carried out of a plan so far, kept until it is told: what was interrupted can go on.

One file a (desk, service, environment, what) in `~/.local/state/releasedesk/progress`, for its owner alone.
"""

import hashlib
import json
import os
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from releasedesk.cli.exits import Trouble
from releasedesk.cli.steps import Ran


@dataclass(frozen=True)
class Progress:
    """How far it is. `key` makes telling the desk safe to repeat; `fingerprint` is of the very commands."""

    fingerprint: str
    plan_version: int
    began: str = field(default_factory=lambda: datetime.now(UTC).isoformat())
    key: str = field(default_factory=lambda: f"cli-{uuid4()}")
    done: tuple[Ran, ...] = ()
    resumed: bool = False

    def after(self, ran: Ran) -> "Progress":
        """Give the progress with one more step."""
        return replace(self, done=(*self.done, ran))

    def again(self) -> "Progress":
        """Go on behind the steps that went well, as an attempt of its own."""
        good = tuple(ran for ran in self.done if not ran.failed)
        return replace(self, done=good, resumed=True, key=f"cli-{uuid4()}")

    @property
    def seconds(self) -> float:
        """The time that the steps themselves took."""
        return sum(ran.seconds for ran in self.done)


class ProgressFile:
    """Where one is kept."""

    def __init__(self, *names: str) -> None:
        base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
        name = hashlib.sha256("\0".join(names).encode()).hexdigest()[:24]
        self.path = Path(base) / "releasedesk" / "progress" / f"{name}.json"

    def read(self) -> Progress | None:
        """Read it, or None where there is none. Raises Trouble for a file that is not ours."""
        try:
            kept = json.loads(self.path.read_text(encoding="utf-8"))
            done = tuple(Ran(**ran) for ran in kept.pop("done"))
            return Progress(**kept, done=done)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise Trouble(f"{self.path} cannot be read ({error}). Remove it to begin anew.") from None

    def write(self, progress: Progress) -> None:
        """Keep it, whole or not at all. Raises Trouble where nothing can be written."""
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            unfinished = self.path.with_suffix(".tmp")
            with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as opened:
                json.dump(asdict(progress), opened)
            unfinished.replace(self.path)
        except OSError as error:
            raise Trouble(f"{self.path} cannot be written: {error}.") from None

    def forget(self) -> None:
        """It is told, or begun anew."""
        self.path.unlink(missing_ok=True)
