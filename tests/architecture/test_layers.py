"""What import-linter sees, and what it cannot see: foreign keys, signals, names."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.apps import apps
from django.conf import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import Model

PACKAGE = settings.ROOT / "releasedesk"
SOURCES = [path for path in sorted(PACKAGE.rglob("*.py")) if "migrations" not in path.parts]


def layers() -> list[set[str]]:
    """The rooms of each layer, from the top down, as import-linter reads them."""
    project = tomllib.loads((settings.ROOT / "pyproject.toml").read_text())
    (contract,) = (c for c in project["tool"]["importlinter"]["contracts"] if c["type"] == "layers")
    return [set(layer.replace(" ", "").split("|")) for layer in contract["layers"]]


def depth(room: str) -> int:
    (found,) = (number for number, rooms in enumerate(layers()) if room in rooms)
    return found


def room(model: type[Model]) -> str | None:
    """The room a model lives in, or None if it is not ours."""
    package, _, rest = model.__module__.partition(".")
    return rest.split(".")[0] if package == "releasedesk" else None


def relations() -> Iterator[tuple[str, str, str]]:
    """(room, room it points to, name) of every foreign key, one-to-one and many-to-many of ours."""
    for model in apps.get_models(include_auto_created=True):
        if (here := room(model)) is None:
            continue
        for field in model._meta.get_fields():
            target = field.related_model
            if field.auto_created or not isinstance(target, type) or (there := room(target)) is None:
                continue
            yield here, there, f"{model._meta.label}.{field.name}"


def may_point(here: str, there: str) -> bool:
    """Down, or within the room: rooms side by side do not know each other."""
    return here == there or depth(here) < depth(there)


def test_every_contract_of_import_linter_holds() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [linter, "--no-logo"], cwd=settings.ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_every_foreign_key_points_down_or_stays_in_its_room() -> None:
    found = list(relations())
    assert len(found) > 10, "the models were not found"
    assert [name for here, there, name in found if not may_point(here, there)] == []


def test_a_foreign_key_to_the_side_or_upwards_would_be_found() -> None:
    assert may_point("notes", "releases")
    assert may_point("notes", "notes")
    assert not may_point("notes", "checklists")
    assert not may_point("catalog", "releases")


def test_every_room_on_disk_is_in_a_layer() -> None:
    rooms = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    assert rooms <= set().union(*layers())


def test_nothing_listens_to_signals() -> None:
    forbidden = {
        "django.dispatch",
        "django.db.models.signals",
        "django.core.signals",
        "django.contrib.auth.signals",
    }
    found = [
        f"{path.relative_to(PACKAGE)}:{node.lineno}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if (isinstance(node, ast.ImportFrom) and node.module in forbidden)
        or (isinstance(node, ast.ImportFrom) and any(alias.name == "signals" for alias in node.names))
        or (isinstance(node, ast.Import) and any(alias.name in forbidden for alias in node.names))
    ]
    assert found == []


def test_no_model_does_more_than_saving_when_it_is_saved() -> None:
    overridden = [
        f"{model._meta.label}.{name}"
        for model in apps.get_models()
        if room(model)
        for name in ("save", "delete")
        if name in vars(model)
    ]
    assert overridden == []


@pytest.mark.parametrize("name", ["core", "common", "utils", "util", "helpers", "helper", "base", "misc"])
def test_no_room_is_named_for_nothing(name: str) -> None:
    backend = "operations/database/base.py"  # Django looks for it under this name
    named = [path for path in SOURCES if name in {path.stem, path.parent.name}]
    assert [path for path in named if not path.match(backend)] == []
