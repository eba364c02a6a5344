"""Real servers on 127.0.0.1 for the command to talk to, and the command itself."""

import json
import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

import pytest

from releasedesk.cli.main import main

PROBLEM = {"Content-Type": "application/problem+json"}


class Asked(NamedTuple):
    method: str
    path: str
    headers: dict[str, str]
    body: Any


class Reply(NamedTuple):
    status: int = 200
    body: Any = None
    headers: dict[str, str] | None = None


class Server:
    """Answers by `reply`, and remembers what it was asked."""

    def __init__(self, reply: Callable[[Asked], Reply]) -> None:
        self.asked: list[Asked] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                asked = Asked(self.command, self.path, headers, json.loads(body) if body else None)
                server.asked.append(asked)
                said = reply(asked)
                content = b"" if said.body is None else json.dumps(said.body).encode()
                self.send_response(said.status)
                for name, value in {"Content-Type": "application/json", **(said.headers or {})}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PATCH = do_PUT = answer  # noqa: N815 - the names http.server looks for

            def log_message(self, *_: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        ).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


VERDICT = {
    "verdict": "verified",
    "sentence": "p95 fell from 25.8 to 2.9 ms.",
    "warnings": ["The window lies before the deployment."],
    "metrics": [
        {"metric": "db_calls", "verdict": "improved", "sentence": "DB calls fell from 31 to 1 [sic]."}
    ],
}


class Desk(Server):
    """Answers with the script first, then as a desk does when all is well."""

    def __init__(self) -> None:
        self.script: list[Reply | Callable[[Asked], Reply]] = []
        self.verdict = Reply(200, VERDICT)
        super().__init__(self.next_reply)

    def scripted(self, asked: Asked) -> Reply:
        said = self.script.pop(0)
        return said if isinstance(said, Reply) else said(asked)

    def next_reply(self, asked: Asked) -> Reply:
        if self.script:
            return self.scripted(asked)
        if isinstance(asked.body, list):
            return each(asked, {})
        if asked.path.endswith("/events"):
            return Reply(201, {"id": asked.body.get("id"), "outcome": "applied"})
        return Reply(201, {"id": 1}) if asked.method == "POST" else self.verdict

    @property
    def told(self) -> list[list[str]]:
        """The ids of the events of each request."""
        bodies = [asked.body if isinstance(asked.body, list) else [asked.body] for asked in self.posts]
        return [[event["id"] for event in body] for body in bodies]

    @property
    def posts(self) -> list[Asked]:
        return [asked for asked in self.asked if asked.method == "POST"]


def each(asked: Asked, problems: dict[str, dict[str, Any]]) -> Reply:
    """Answer a list of events as a desk does: all applied but those, by id, that have a problem."""
    results = [
        {
            "index": index,
            "id": event["id"],
            "status": problems.get(event["id"], {}).get("status", 201),
            "outcome": "rejected" if event["id"] in problems else "applied",
            "problem": problems.get(event["id"]),
        }
        for index, event in enumerate(asked.body)
    ]
    return Reply(207, {"results": results})


def command(*arguments: str) -> int:
    """Run `releasedesk …`; give its exit code."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert isinstance(ended.value.code, int)
    return ended.value.code


def run(*arguments: str) -> int:
    """Run `releasedesk measure …`; give its exit code."""
    return command("measure", *arguments)


def options(phase: str = "before", version: str = "v2", requests: int = 30) -> list[str]:
    names = {"phase": phase, "service": "basket", "version": version, "environment": "staging"}
    return [f"--{name}={value}" for name, value in names.items()] + [f"--requests={requests}"]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
