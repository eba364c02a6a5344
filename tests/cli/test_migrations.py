"""Which migrations cannot be taken back, read from the source alone."""

import json
import subprocess
from pathlib import Path

import pytest

from releasedesk.cli.reversibility import Kind, read

from .servers import Desk, command

DJANGO = """
from django.db import migrations, models
class Migration(migrations.Migration):
    dependencies = [("shop", "0001")]
    operations = [
        {operations}
    ]
"""
ALEMBIC = '''
"""Revision {name}."""
from alembic import op
import sqlalchemy as sa
revision = "1f2a"
def upgrade() -> None:
    {upgrade}
{downgrade}
'''
RENAMED = 'op.alter_column("basket", "total", new_column_name="sum")'


def django(operations: str) -> list[tuple[str, str]]:
    found = read(DJANGO.format(operations=operations), "0002.py")
    assert found is not None
    assert found.framework == "django"
    return [(finding.operation, finding.kind) for finding in found.findings]


def alembic(upgrade: str, downgrade: str) -> list[tuple[str, str]]:
    found = read(ALEMBIC.format(name="x", upgrade=upgrade, downgrade=downgrade), "1f2a.py")
    assert found is not None
    assert found.framework == "alembic"
    return [(finding.operation, finding.kind) for finding in found.findings]


@pytest.mark.parametrize(
    "operations",
    [
        "",
        'migrations.AddField("basket", "total", models.IntegerField(null=True)),',
        "migrations.RunPython(fill, migrations.RunPython.noop),",
        "migrations.RunPython(code=fill, reverse_code=empty),",
        'migrations.RunSQL("create index i on t (c)", "drop index i"),',
        'migrations.SeparateDatabaseAndState(state_operations=[migrations.DeleteModel("Basket")]),',
    ],
)
def test_django_operations_that_can_be_taken_back(operations: str) -> None:
    assert django(operations) == []


@pytest.mark.parametrize(
    ("operations", "operation", "kind"),
    [
        ("migrations.RunPython(fill),", "RunPython", Kind.IRREVERSIBLE),
        ("migrations.RunPython(fill, None),", "RunPython", Kind.IRREVERSIBLE),
        ("migrations.RunPython(fill, reverse_code=None),", "RunPython", Kind.IRREVERSIBLE),
        ('migrations.RunSQL("update t set a = 1"),', "RunSQL", Kind.IRREVERSIBLE),
        ('migrations.RemoveField("basket", "total"),', "RemoveField", Kind.LOSES_DATA),
        ('migrations.DeleteModel("Basket"),', "DeleteModel", Kind.LOSES_DATA),
        ('MergeBaskets("basket"),', "MergeBaskets", Kind.UNKNOWN),
        (
            "migrations.SeparateDatabaseAndState([migrations.RunSQL('drop table t')], []),",
            "RunSQL",
            Kind.IRREVERSIBLE,
        ),
    ],
)
def test_django_operations_that_cannot(operations: str, operation: str, kind: Kind) -> None:
    assert django(operations) == [(operation, kind)]


def test_computed_operations_are_not_called_harmless() -> None:
    source = "class Migration(migrations.Migration):\n    operations = make_them()\n"
    found = read(source, "0003.py")
    assert found is not None
    assert [finding.kind for finding in found.findings] == [Kind.UNKNOWN]
    assert not found.is_one_way


@pytest.mark.parametrize(
    ("upgrade", "downgrade", "expected"),
    [
        (RENAMED, "def downgrade():\n    op.alter_column('basket', 'sum')", []),
        ("pass", "def downgrade():\n    pass", []),
        (RENAMED, "def downgrade():\n    pass", [("downgrade", Kind.IRREVERSIBLE)]),
        (RENAMED, "def downgrade():\n    raise NotImplementedError", [("downgrade", Kind.IRREVERSIBLE)]),
        (RENAMED, "", [("downgrade", Kind.IRREVERSIBLE)]),
        (
            'op.drop_column("basket", "total")',
            "def downgrade():\n    op.add_column('basket', sa.Column('total'))",
            [("drop_column", Kind.LOSES_DATA)],
        ),
        (
            'op.execute(sa.text("DELETE FROM basket"))',
            "def downgrade():\n    op.execute('select 1')",
            [("execute", Kind.LOSES_DATA)],
        ),
    ],
)
def test_alembic(upgrade: str, downgrade: str, expected: list[tuple[str, Kind]]) -> None:
    assert alembic(upgrade, downgrade) == expected


def test_what_is_no_migration_is_passed_over() -> None:
    assert read("class Migration: ...\n", "models.py") is None
    assert read("def upgrade(): ...\n", "upgrade.py") is None


def git(folder: Path, *arguments: str) -> None:
    names = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(folder), *names, *arguments], check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """An old migration that loses data, committed; a new one that does not, and one that is not committed."""
    folder = tmp_path / "shop" / "migrations"
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "0001.py").write_text(DJANGO.format(operations='migrations.DeleteModel("Old"),'))
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "one")
    git(tmp_path, "tag", "v1")
    (folder / "0002.py").write_text(DJANGO.format(operations="migrations.RunPython(a, b),"))
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "two")
    return tmp_path


def test_all_of_a_checkout_are_read(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("migrations") == 1
    assert capsys.readouterr().out == (
        "shop/migrations/0001.py:6: DeleteModel, loses data: "
        "Going back makes the table again, without its rows.\n"
        "2 migrations were read; 1 cannot simply be taken back.\n"
    )


def test_only_what_is_new_counts_since_a_tag(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("migrations", "--since", "v1") == 0
    assert capsys.readouterr().out == "1 migration was read; none cannot simply be taken back.\n"
    (checkout / "shop" / "migrations" / "0003.py").write_text(
        DJANGO.format(operations="migrations.RunPython(a),")
    )
    assert command("migrations", "--since", "v1", "--json") == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["irreversible"] is True
    assert [one["path"] for one in answer["migrations"]] == [
        "shop/migrations/0002.py",
        "shop/migrations/0003.py",
    ]


def test_the_release_is_marked_only_when_one_is_found(checkout: Path, desk: Desk) -> None:
    named = ["--post", "--service", "checkout-api", "--version", "2.0"]
    assert command("migrations", "--since", "v1", *named) == 0
    assert desk.asked == []
    assert command("migrations", *named) == 1
    [asked] = desk.asked
    assert (asked.method, asked.path) == ("PATCH", "/api/v1/services/checkout-api/releases/2.0")
    assert asked.body == {"irreversible": True}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "nowhere does not exist."),
        (["--since", "v9"], "git says:"),
        (["--since", "--output=x"], "is no commit"),
        (["--post"], "--post needs --service and --version."),
    ],
)
def test_what_cannot_be_told_is_no_answer(
    checkout: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("migrations", *arguments) == 2
    assert said in capsys.readouterr().err


def test_a_broken_migration_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "0001.py").write_text("class Migration(migrations.Migration:\n")
    assert command("migrations", "0001.py") == 2
    assert "0001.py cannot be read as Python" in capsys.readouterr().err
