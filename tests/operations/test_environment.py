from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.conf import settings

from releasedesk.operations.environment import Environment, WrongEnvironmentError, kept_secret

PRODUCTION = {
    "RELEASEDESK_ENV": "production",
    "SECRET_KEY": "k" * 30 + "0123456789-abcdefghijklmnopqrstuv",
    "ALLOWED_HOSTS": "desk.example.com",
    "DATABASE_URL": "postgres://desk@db.example.com/desk",
}


def start(tmp_path: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a management command in a clean environment."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=settings.ROOT,
        env={"PATH": os.environ["PATH"], "DESK_HOME": str(tmp_path), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_empty_value_counts_as_not_set() -> None:
    assert Environment({"PORT": " "}).whole("PORT", 8000) == 8000


@pytest.mark.parametrize(("value", "read"), [("true", True), ("0", False), ("Yes", True), ("OFF", False)])
def test_a_flag_is_read_in_any_usual_spelling(value: str, read: bool) -> None:
    assert Environment({"DEBUG": value}).flag("DEBUG", default=not read) is read


def test_a_misspelt_flag_is_refused_and_never_taken_for_false() -> None:
    with pytest.raises(WrongEnvironmentError, match=r"^DEBUG must be true or false, not 'ture'\.$"):
        Environment({"DEBUG": "ture"}).flag("DEBUG", default=False)


@pytest.mark.parametrize("value", ["abc", "-1", "1.5", "8000;"])
def test_a_number_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(WrongEnvironmentError, match=r"^PORT must be a whole number of 0 or more, not "):
        Environment({"PORT": value}).whole("PORT", 8000)


def test_networks_are_checked_when_the_desk_starts() -> None:
    with pytest.raises(WrongEnvironmentError, match="METRICS_ALLOWED must be a list of networks"):
        Environment({"METRICS_ALLOWED": "10.0.0.0/8, office"}).networks("METRICS_ALLOWED", [])


def test_a_database_address_is_read_with_its_password_and_options() -> None:
    address = Environment({"URL": "postgres://desk:p%40ss@db:5433/live?sslmode=require"}).database("URL")
    assert address == {
        "ENGINE": "releasedesk.operations.database",
        "NAME": "live",
        "USER": "desk",
        "PASSWORD": "p@ss",
        "HOST": "db",
        "PORT": "5433",
        "OPTIONS": {"sslmode": "require"},
    }


def test_a_database_at_a_socket_can_be_named() -> None:
    address = Environment({"URL": "postgresql://desk@%2Frun%2Fpostgresql/live"}).database("URL")
    assert address
    assert address["HOST"] == "/run/postgresql"


@pytest.mark.parametrize("url", ["mysql://desk@db/live", "sqlite:///desk.db", "db.example.com"])
def test_another_kind_of_database_is_refused(url: str) -> None:
    with pytest.raises(WrongEnvironmentError, match="must begin with postgres://"):
        Environment({"URL": url}).database("URL")


def test_a_wrong_address_is_refused_without_repeating_its_password() -> None:
    with pytest.raises(WrongEnvironmentError) as refusal:
        Environment({"URL": "postgres://desk:hunter2@db/live?no_such_option=1"}).database("URL")
    assert "hunter2" not in str(refusal.value)


def test_a_kept_secret_is_its_owners_alone_and_stays_the_same(tmp_path: Path) -> None:
    first = kept_secret(tmp_path / "home" / "secret-key")
    assert len(first) >= 50
    assert kept_secret(tmp_path / "home" / "secret-key") == first
    assert (tmp_path / "home" / "secret-key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["secret-key"]


def test_processes_that_start_at_once_keep_the_same_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(kept_secret, [tmp_path / "secret-key"] * 8))) == 1


@pytest.mark.parametrize(
    ("missing", "sentence"),
    [
        (["SECRET_KEY"], "SECRET_KEY is not set."),
        (["ALLOWED_HOSTS", "DATABASE_URL"], "ALLOWED_HOSTS and DATABASE_URL are not set."),
        (
            ["SECRET_KEY", "ALLOWED_HOSTS", "DATABASE_URL"],
            "SECRET_KEY, ALLOWED_HOSTS and DATABASE_URL are not set.",
        ),
    ],
)
def test_production_without_its_settings_ends_with_one_sentence(
    tmp_path: Path, missing: list[str], sentence: str
) -> None:
    given = {name: value for name, value in PRODUCTION.items() if name not in missing}
    ended = start(tmp_path, "check", **given)
    assert ended.returncode == 1
    assert ended.stderr == f"ReleaseDesk cannot start in production: {sentence}\n"


def test_gunicorn_ends_with_the_same_sentence(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "releasedesk.wsgi"],
        cwd=settings.ROOT,
        env={"PATH": os.environ["PATH"], "DESK_HOME": str(tmp_path), "RELEASEDESK_ENV": "production"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode != 0
    assert ended.stderr.splitlines()[-1].startswith("ReleaseDesk cannot start in production: SECRET_KEY, ")
    assert "Traceback" not in ended.stderr


def test_debug_is_refused_in_production(tmp_path: Path) -> None:
    ended = start(tmp_path, "check", **PRODUCTION, DEBUG="true")
    assert ended.stderr == "DEBUG shows secrets in error pages and must be off in production.\n"


def test_production_settings_pass_djangos_own_check(tmp_path: Path) -> None:
    ended = start(tmp_path, "check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)
    assert ended.returncode == 0, ended.stderr


def test_a_named_database_leaves_the_embedded_one_untouched(tmp_path: Path) -> None:
    start(tmp_path, "migrate", DATABASE_URL="postgres://nobody@127.0.0.1:1/nowhere")
    assert not (tmp_path / "postgres").exists()


def test_importing_the_settings_starts_nothing(tmp_path: Path) -> None:
    assert start(tmp_path, "check").returncode == 0
    assert [path.name for path in tmp_path.iterdir()] == ["secret-key"]


@pytest.mark.parametrize(
    ("behind", "prepared", "cursors"), [("false", "1", "False"), ("true", "None", "True")]
)
def test_behind_a_pooler_nothing_outlives_its_transaction(
    tmp_path: Path, behind: str, prepared: str, cursors: str
) -> None:
    show = (
        "from django.conf import settings; d = settings.DATABASES['default']; "
        "print(d['OPTIONS']['prepare_threshold'], d['DISABLE_SERVER_SIDE_CURSORS'])"
    )
    asked = start(tmp_path, "shell", "--no-imports", "-c", show, DATABASE_BEHIND_POOLER=behind)
    assert asked.stdout.split() == [prepared, cursors], asked.stderr
