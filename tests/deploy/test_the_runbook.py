"""What `docs/runbook.md` tells somebody to type at night exists, and what it promises holds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from django.core.management import get_commands
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from releasedesk.operations import readiness
from tests.deploy.image import ROOT

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()


def found(pattern: str) -> AbstractSet[str]:
    names = set(re.findall(pattern, RUNBOOK, re.MULTILINE))
    assert names, f"the runbook no longer has {pattern}"
    return names


def test_the_commands_exist() -> None:
    assert found(r"manage\.py ([a-z_]+)") <= set(get_commands())


def test_the_files_exist() -> None:
    named = found(r"(?<![\w/.])((?:deploy|tests)/[\w./*-]*\w)") - {"deploy/.env"}
    assert {name for name in named if not list(ROOT.glob(name))} == set()


def test_the_links_lead_somewhere() -> None:
    files = {link for link in found(r"\]\(([^)#]+)\)") if not (ROOT / "docs" / link).exists()}
    headings = {re.sub(r"[^a-z0-9 -]", "", line.lower()).replace(" ", "-") for line in found(r"^#+ (.+)$")}
    assert files == set()
    assert found(r"\]\(#([^)]+)\)") <= headings


def test_the_sentences_it_explains_are_the_desks_own() -> None:
    said = (ROOT / "releasedesk/operations/readiness.py").read_text()
    for sentence in (
        "The database does not answer.",
        "No worker has been seen",
        "Migrations are missing in ",
    ):
        assert sentence in RUNBOOK
        assert sentence in said


@pytest.mark.django_db
def test_old_code_is_ready_on_a_newer_schema() -> None:
    MigrationRecorder(connection).record_applied("releases", "9999_from_a_later_version")
    assert readiness.missing_migrations() == frozenset()
