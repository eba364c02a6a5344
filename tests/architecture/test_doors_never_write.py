"""Doors translate and call one action or report. Whatever is changed is changed in `actions/`."""

from __future__ import annotations

import ast

import pytest
from django.conf import settings

DOORS = ["web", "api", "jobs", "console", "cli", "ingest", "reports"]
ALWAYS = {
    "save",
    "create",
    "create_user",
    "create_superuser",
    "set_password",
    "get_or_create",
    "update_or_create",
    "bulk_create",
    "bulk_update",
    "select_for_update",
    "cursor",
    "executemany",
}
# A QuerySet's take no positional argument; those of a dict, a set, a hash or an HTTP client take one.
WITHOUT_POSITION = {"update", "delete"}

# (file, the call as it is written): why it is not a write to a model of ours.
EXCEPTIONS: dict[tuple[str, str], str] = {}


def writes(source: str) -> list[tuple[int, str]]:
    """Line and text of every call that looks like a write to the database."""
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    return [
        (call.lineno, ast.unparse(call.func))
        for call in calls
        if isinstance(call.func, ast.Attribute) and is_write(call, call.func.attr)
    ]


def is_write(call: ast.Call, name: str) -> bool:
    plain = name[1:] if name[1:] in ALWAYS | WITHOUT_POSITION and name.startswith("a") else name
    return plain in ALWAYS or (plain in WITHOUT_POSITION and not call.args)


def found_in(door: str) -> set[tuple[str, str]]:
    package = settings.ROOT / "releasedesk"
    return {
        (str(path.relative_to(package)), call)
        for path in sorted((package / door).rglob("*.py"))
        for _, call in writes(path.read_text())
    }


@pytest.mark.parametrize("door", DOORS)
def test_a_door_never_writes(door: str) -> None:
    assert sorted(found_in(door) - EXCEPTIONS.keys()) == []


def test_every_exception_is_still_needed_and_has_its_reason() -> None:
    assert EXCEPTIONS.keys() <= set().union(*map(found_in, DOORS))
    assert all(reason.strip() for reason in EXCEPTIONS.values())


@pytest.mark.parametrize(
    "source",
    [
        "release.save()",
        "await release.asave(update_fields=['title'])",
        "Release.objects.create(version='v1')",
        "Release.objects.filter(pk=1).update(title='x')",
        "Release.objects.all().delete()",
        "Release.objects.bulk_create(rows)",
        "Service.objects.get_or_create(slug='x')",
        "connection.cursor().execute('DELETE FROM releases_release')",
    ],
)
def test_a_write_would_be_found(source: str) -> None:
    assert writes(source)


@pytest.mark.parametrize(
    "source",
    [
        "known.update(other)",
        "digest.update(b'x')",
        "client.delete('/locks/1')",
        "progress.update(task, advance=1)",
    ],
)
def test_what_only_looks_like_one_is_left_alone(source: str) -> None:
    assert not writes(source)
