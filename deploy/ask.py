# ruff: noqa: INP001 (run by its path)
"""Ask the desk on this machine: `python deploy/ask.py /ready`. Ends with 0 for a 200, else with 1.

It goes past the proxy and asks under a name that ALLOWED_HOSTS has, so that pages answer too.
"""

import os
import sys
from http.client import HTTPConnection, HTTPException

ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 (where to ask instead)
TIMEOUT_SECONDS = 10  # a page waits 5 s for a database that is down, and so does /ready


def ask(path: str) -> tuple[int, str]:
    """Return status and body of one GET."""
    host = os.environ.get("HOST", "").strip() or "127.0.0.1"
    port = int(os.environ.get("PORT", "").strip() or 8000)
    name = os.environ.get("ALLOWED_HOSTS", "").split(",")[0].strip().lstrip(".")
    desk = HTTPConnection(ANYWHERE.get(host, host), port, timeout=TIMEOUT_SECONDS)
    # What the proxy says of a request that came by TLS; without it a page only answers where to go instead.
    desk.request("GET", path, headers={"Host": name or "localhost", "X-Forwarded-Proto": "https"})
    answer = desk.getresponse()
    return answer.status, answer.read().decode()


if __name__ == "__main__":
    try:
        status, body = ask(sys.argv[1] if len(sys.argv) > 1 else "/ready")
    except (OSError, HTTPException) as failure:
        sys.exit(f"The desk does not answer: {failure}")
    sys.stdout.write(body if body.endswith("\n") else f"{body}\n")
    sys.exit(0 if status == 200 else 1)  # noqa: PLR2004 (HTTP's own number)
