"""`deploy/env.example` has every setting there is, and no other; what it calls a default is one."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.deploy.image import DEPLOY, ROOT

if TYPE_CHECKING:
    from pathlib import Path

LINE = re.compile(r"^(?P<off>#?)(?P<name>[A-Z][A-Z0-9_]*)=(?P<value>.*)$")
READERS = {"text", "choice", "flag", "whole", "words", "networks", "allowed", "database"}
PLACEHOLDERS = {
    "RELEASEDESK_ENV": "production",
    "SECRET_KEY": "k" * 60,
    "ALLOWED_HOSTS": "desk.example.com",
    "DATABASE_URL": "postgres://desk@db.example.com/desk",
}
SHOW = """
import json, runpy
from releasedesk import settings
started = runpy.run_path("deploy/gunicorn.conf.py")
read = {name: repr(getattr(settings, name)) for name in dir(settings) if name.isupper() and name != "LOGGING"}
read |= {name: repr(started[name]) for name in ("bind", "workers", "threads")}
read["level"] = settings.LOGGING["loggers"]["releasedesk"]["level"]
print(json.dumps({name: value for name, value in read.items() if " object at 0x" not in value}))
"""


def example() -> list[re.Match[str]]:
    return [
        found for line in (DEPLOY / "env.example").read_text().splitlines() if (found := LINE.match(line))
    ]


def read_in(path: Path) -> set[str]:
    """The names that this file reads through `env` or `settings.env`."""
    return {
        call.args[0].value
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in READERS
        and ast.unparse(call.func.value) in {"env", "settings.env"}
        and isinstance(call.args[0], ast.Constant)
        and isinstance(call.args[0].value, str)
    }


def settings_read() -> set[str]:
    files = [*(ROOT / "releasedesk").rglob("*.py"), *DEPLOY.glob("*.py")]
    return set().union(*map(read_in, files))


def interpolated() -> set[str]:
    return set(re.findall(r"\$\{([A-Z_]+)", (DEPLOY / "compose.yaml").read_text()))


def started_with(tmp_path: Path, **given: str) -> dict[str, str]:
    """What settings and server come to with these variables and no others."""
    shown = subprocess.run(
        [sys.executable, "-c", SHOW],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **PLACEHOLDERS, "DESK_HOME": str(tmp_path), **given},
        capture_output=True,
        text=True,
        check=False,
    )
    assert shown.returncode == 0, shown.stderr
    return dict(json.loads(shown.stdout))


def test_every_setting_is_in_the_example_and_the_example_has_no_other() -> None:
    assert {found["name"] for found in example()} == settings_read() | interpolated()


def test_no_setting_is_there_twice() -> None:
    names = [found["name"] for found in example()]
    assert len(names) == len(set(names))


def test_every_setting_has_an_explanation() -> None:
    text = (DEPLOY / "env.example").read_text()
    blocks = [block.splitlines() for block in text.split("\n\n")]
    settings = [block for block in blocks if any(map(LINE.match, block))]
    assert [block for block in settings if not block[0].startswith("# ")] == []


def test_what_production_asks_for_is_not_commented_out() -> None:
    given = {found["name"] for found in example() if not found["off"]}
    assert given == {*PLACEHOLDERS, "DESK_HOME", "POSTGRES_PASSWORD"}


def test_what_the_example_calls_a_default_is_the_default(tmp_path: Path) -> None:
    shown = {found["name"]: found["value"] for found in example() if found["off"]}
    assert started_with(tmp_path, **shown) == started_with(tmp_path)


def test_another_value_than_the_default_would_be_noticed(tmp_path: Path) -> None:
    assert started_with(tmp_path, WEB_THREADS="5") != started_with(tmp_path)


@pytest.mark.parametrize("reader", ["sh", "compose", "systemd"])
def test_whoever_reads_the_file_reads_the_same(reader: str) -> None:
    trouble = {"sh": r"[\s'\"$`\\;&|<>()*?~]", "compose": r"['\"$]|\s#", "systemd": r"['\"\\]|\s$"}[reader]
    assert [found[0] for found in example() if re.search(trouble, found["value"])] == []
