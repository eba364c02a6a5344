"""What the repository may not hold, and what its pins must."""

from __future__ import annotations

import re
import subprocess
import tomllib
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

if TYPE_CHECKING:
    from pathlib import Path

PINS = ["requirements.txt", "requirements-dev.txt"]
INDEX = re.compile(r"index-url|find-links|trusted-host|/simple\b", re.IGNORECASE)
SOMEBODYS_PATH = re.compile(r"(?<![\w.$}/~])/(?:root|work|home/\w+|Users/\w+|opt/\w+|tmp/lab)/\w")
THIS_FILE = "tests/architecture/test_the_repository.py"


def tracked() -> list[Path]:
    """The text files git keeps."""
    if not (settings.ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=settings.ROOT, capture_output=True, text=True, check=True
    )
    names = [name for name in listed.stdout.split("\0") if name and name != THIS_FILE]
    return [path for name in names if (path := settings.ROOT / name).is_file()]


def matches(pattern: re.Pattern[str], paths: list[Path]) -> list[str]:
    return [
        f"{path.relative_to(settings.ROOT)}:{number}: {found.group()}"
        for path in paths
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if (found := pattern.search(line))
    ]


def pins(name: str) -> dict[str, set[Version]]:
    """Every pinned version by package: there may be one for each of several Python versions."""
    found: dict[str, set[Version]] = {}
    text = (settings.ROOT / "deploy" / name).read_text()
    for package, version in re.findall(r"^([A-Za-z0-9._-]+)==([^\s;]+)", text, re.MULTILINE):
        found.setdefault(canonicalize_name(package), set()).add(Version(version))
    return found


def asked_for(*, dev: bool) -> list[Requirement]:
    project = tomllib.loads((settings.ROOT / "pyproject.toml").read_text())
    lines = [
        line for extra in ("cli", "server") for line in project["project"]["optional-dependencies"][extra]
    ]
    return [Requirement(line) for line in lines + (project["dependency-groups"]["dev"] if dev else [])]


def test_no_tracked_file_names_a_package_index() -> None:
    paths = [path for path in tracked() if path.name != "Makefile"]  # it says --no-emit-index-url
    assert matches(INDEX, paths) == []


def test_no_tracked_file_knows_the_machine_it_was_written_on() -> None:
    assert matches(SOMEBODYS_PATH, tracked()) == []


@pytest.mark.parametrize("name", PINS)
def test_the_pins_name_no_address_and_every_one_has_a_hash(name: str) -> None:
    text = (settings.ROOT / "deploy" / name).read_text()
    assert "://" not in text
    blocks = re.split(r"\n(?=\S)", text.strip())
    assert len(blocks) == sum(map(len, pins(name).values())), "every line is a pin"
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []


@pytest.mark.parametrize(("name", "dev"), [("requirements.txt", False), ("requirements-dev.txt", True)])
def test_the_pins_are_what_pyproject_asks_for(name: str, dev: bool) -> None:
    pinned = pins(name)
    wrong = [
        str(asked)
        for asked in asked_for(dev=dev)
        if not (versions := pinned.get(canonicalize_name(asked.name)))
        or not all(asked.specifier.contains(version, prereleases=True) for version in versions)
    ]
    assert wrong == [], "run 'make requirements'"


def test_development_and_production_pin_the_same_versions() -> None:
    development = pins("requirements-dev.txt")
    assert {name: development.get(name) for name in pins("requirements.txt")} == pins("requirements.txt")
