"""Clearing a cache before it is measured, by a command of the person's own."""

import os
import subprocess

from releasedesk.cli.masking import Masking
from releasedesk.cli.targets import Mistyped
from releasedesk.cli.typed import shell_command

SECONDS_AT_MOST = 600
TAIL = 500
OURS = {"RELEASEDESK_TOKEN", "RELEASEDESK_URL"}


def clear_cache(command: str) -> str:
    """Run the command by the shell and give what the snapshot may say of it. Raises Mistyped where it fails.

    Our token is no business of the command's, and what it prints is shown only when it fails.
    """
    environment = {name: value for name, value in os.environ.items() if name not in OURS}
    mask = Masking(os.environ)
    shown = mask(shell_command(command))
    try:
        done = subprocess.run(  # noqa: S602 - a shell command is what the person gave
            command,
            shell=True,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=SECONDS_AT_MOST,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Mistyped(f"--clear-cache did not end within {SECONDS_AT_MOST} s: {shown}") from error
    if done.returncode:
        said = mask(done.stdout.decode(errors="replace"))[-TAIL:].strip()
        raise Mistyped(
            f"--clear-cache ended with {done.returncode}, so nothing was measured: {shown}\n{said}"
        )
    return shown
