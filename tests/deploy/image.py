"""The image by its parts: what the Dockerfile copies, sets and runs, read from the file itself."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from fnmatch import fnmatch
from pathlib import Path

from django.conf import settings

ROOT: Path = settings.ROOT
DEPLOY = ROOT / "deploy"
CONTINUED = re.compile(r"\\\n\s*")


def stages() -> list[list[tuple[str, str]]]:
    """The instructions (word, rest) of each stage; what stands before the first FROM is none."""
    text = CONTINUED.sub(" ", (DEPLOY / "Dockerfile").read_text())
    found: list[list[tuple[str, str]]] = []
    for line in text.splitlines():
        word, _, rest = line.partition(" ")
        if word == "FROM":
            found.append([])
        if found and word and not word.startswith("#"):
            found[-1].append((word, rest.strip()))
    return found


def each(word: str, stage: int) -> list[str]:
    return [rest for found, rest in stages()[stage] if found == word]


def environment() -> dict[str, str]:
    """What the image sets for every process, except its PATH."""
    pairs = (pair.partition("=") for line in each("ENV", -1) for pair in shlex.split(line))
    return {name: value for name, _, value in pairs if name != "PATH"}


def command() -> list[str]:
    (found,) = each("CMD", -1)
    return list(json.loads(found))


def health_check() -> list[str]:
    (found,) = each("HEALTHCHECK", -1)
    return list(json.loads(found.partition("CMD ")[2]))


def is_sent(path: Path) -> bool:
    """Say whether `.dockerignore` lets this file (from the top of the repository) into the build."""
    rules = [line for line in (ROOT / ".dockerignore").read_text().split("\n") if line and line[0] != "#"]
    assert rules[0] == "*", "nothing goes in that is not named"
    kept = any(
        part.as_posix() == rule[1:] for part in (path, *path.parents) for rule in rules if rule[0] == "!"
    )
    dropped = any(
        fnmatch(part, rule.removeprefix("**/")) for part in path.parts for rule in rules if rule[:3] == "**/"
    )
    return kept and not dropped


def lay_out(app: Path) -> None:
    """Copy into this folder what the image holds in its /app before anything is run there."""
    for line in each("COPY", 1):
        source, target = line.split()
        for path in sorted((ROOT / source).rglob("*")) if (ROOT / source).is_dir() else [ROOT / source]:
            inside = path.relative_to(ROOT)
            if path.is_file() and is_sent(inside):
                place = app / target / inside.relative_to(source) if source != "manage.py" else app / inside
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, place)
    for empty in ("static", "templates"):
        (app / empty).mkdir(exist_ok=True)
