# ruff: noqa: INP001 (run by its path)
"""Keep every way back outside of the desk, for the night in which the desk itself is down.

    RELEASEDESK_URL=https://desk.example.com RELEASEDESK_TOKEN=... python save_runbooks.py FOLDER

writes FOLDER/<service>-<environment>.txt for every place in which something is live. It needs Python and this
file alone, a token with the scope `read`, and is meant for cron on another machine. A runbook that cannot be
fetched leaves the one of last time where it is, and the end is 1.
"""

import json
import os
import sys
from http.client import HTTPException
from pathlib import Path
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

TIMEOUT_SECONDS = 30


def fetch(path: str, kind: str) -> str:
    """Return the body the desk's API answers as this kind of content."""
    headers = {"Authorization": f"Bearer {os.environ['RELEASEDESK_TOKEN']}", "Accept": kind}
    url = f"{os.environ['RELEASEDESK_URL'].rstrip('/')}/api/v1/{path}"
    if not url.startswith(("http://", "https://")):
        raise ValueError("RELEASEDESK_URL must begin with http:// or https://.")
    with urlopen(Request(url, headers=headers), timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 (checked above)
        return str(answer.read().decode())


def save(service: str, environment: str, folder: Path) -> None:
    """Write one runbook, whole or not at all."""
    path = f"services/{quote(service)}/rollback?{urlencode({'environment': environment})}"
    file = folder / f"{service}-{environment}.txt"
    draft = file.with_suffix(".part")
    draft.write_text(fetch(path, "text/plain"))
    draft.replace(file)


def save_all(folder: Path) -> list[str]:
    """Write the runbook of every place that has something live; return a line for each that failed."""
    failed = []
    for row in json.loads(fetch("board", "application/json"))["rows"]:
        for environment in row["live"]:
            try:
                save(row["service"], environment, folder)
            except (OSError, HTTPException) as failure:
                failed.append(f"{row['service']} {environment}: {failure}")
    return failed


if __name__ == "__main__":
    try:
        target = Path(sys.argv[1])
        target.mkdir(parents=True, exist_ok=True)
        failures = save_all(target)
    except IndexError:
        sys.exit("Usage: save_runbooks.py FOLDER")
    except KeyError as missing:
        sys.exit(f"{missing.args[0]} is not set.")
    except (OSError, HTTPException, ValueError) as failure:
        sys.exit(f"The desk cannot be asked: {failure}")
    sys.exit("\n".join(failures) or 0)
