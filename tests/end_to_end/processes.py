"""Running programs: bounded in time, and telling what they said when they fail."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path


def run(
    command: Sequence[str | Path],
    *,
    environment: Mapping[str, str],
    at: Path | None = None,
    stdin: str = "",
    codes: Collection[int] = (0,),
    seconds: float = 60,
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end. AssertionError, with all it said, for an exit code that is not in `codes`."""
    done = subprocess.run(
        command,
        cwd=at,
        env=dict(environment),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    said = f"{done.stdout}{done.stderr}"
    assert done.returncode in codes, f"{' '.join(map(str, command))} ended with {done.returncode}:\n{said}"
    return done


def free_port() -> int:
    """Give a port that nobody listens on just now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def tail(path: Path, lines: int = 60) -> str:
    """Give the end of a log; pytest shows it beside a failure and keeps it to itself otherwise."""
    text = path.read_text(errors="replace") if path.exists() else "(there is none)"
    return "\n".join([f"-- {path.name} --", *text.splitlines()[-lines:]])
