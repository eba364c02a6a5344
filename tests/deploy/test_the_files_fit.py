"""Image, compose, units and proxy name files, settings and numbers that exist and agree with the desk's."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from django.conf import settings

from releasedesk.problems.problem import KINDS, RETRYABLE
from tests.api.asking import MEMBERS
from tests.deploy.image import DEPLOY, ROOT, command, each, environment, health_check, is_sent, stages
from tests.end_to_end.processes import free_port

COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
UNITS = ["releasedesk-web.service", "releasedesk-worker.service"]
REGISTRY = re.compile(r"^[\w-]+(\.[\w-]+)+(:\d+)?/|^localhost[:/]")


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


def _example() -> str:
    return (DEPLOY / "env.example").read_text()


# -- the image -----------------------------------------------------------------------------------------------


def test_the_image_stands_on_a_named_version_of_no_particular_registry() -> None:
    assert "ARG PYTHON_IMAGE=python:3.13-slim-bookworm" in (DEPLOY / "Dockerfile").read_text()
    images = [each("FROM", number)[0].split()[0] for number in range(len(stages()))]
    images += [service["image"] for service in COMPOSE["services"].values()]
    assert [image for image in images if REGISTRY.match(image)] == []


def test_packages_are_installed_by_hash_and_never_built() -> None:
    (install,) = each("RUN", 0)
    assert "--require-hashes --only-binary :all: -r /requirements.txt" in install


def test_everything_the_image_copies_is_sent_to_the_build() -> None:
    sources = [line.split()[0] for number in (0, 1) for line in each("COPY", number)]
    pages = {"templates", "static"}
    assert set(sources) == {"deploy/requirements.txt", "manage.py", "deploy", "releasedesk", *pages}
    for source in sources:
        path = ROOT / source
        inside = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
        assert source in pages or any(is_sent(file.relative_to(ROOT)) for file in inside)


@pytest.mark.parametrize(
    "path", [".env", "deploy/.env", ".git/config", "var/secret-key", "tests/conftest.py"]
)
def test_secrets_and_what_is_not_needed_stay_out_of_the_build(path: str) -> None:
    assert not is_sent(Path(path))


def test_what_docker_ignores_not_exists() -> None:
    named = re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE)
    assert [
        name for name in named if not (ROOT / name).exists() and name not in {"static", "templates"}
    ] == []


def test_the_image_runs_as_nobody_in_particular() -> None:
    words = [word for word, _ in stages()[-1]]
    assert each("USER", -1) == ["10001:10001"]
    assert words.index("USER") < words.index("CMD")
    assert words.index("USER") < words.index("HEALTHCHECK")


def test_what_the_image_starts_exists() -> None:
    assert command() == ["gunicorn", "-c", "deploy/gunicorn.conf.py", "releasedesk.wsgi"]
    for path in (command()[2], health_check()[1]):
        assert (ROOT / path).is_file()
        assert is_sent(Path(path))


# -- compose -------------------------------------------------------------------------------------------------


def test_no_container_of_ours_may_write_but_to_memory() -> None:
    for name in ("migrate", "web", "worker"):
        service = COMPOSE["services"][name]
        assert service["read_only"] is True
        assert [place.partition(":")[0] for place in service["tmpfs"]] == ["/tmp", environment()["DESK_HOME"]]
        assert "volumes" not in service
        assert service["cap_drop"] == ["ALL"]


def test_memory_belongs_to_the_account_of_the_image() -> None:
    uid, gid = each("USER", -1)[0].split(":")
    assert f"uid={uid},gid={gid}" in COMPOSE["services"]["web"]["tmpfs"][1]


def test_web_and_worker_wait_for_the_migrations_and_these_for_the_database() -> None:
    services = COMPOSE["services"]
    assert services["migrate"]["depends_on"] == {"database": {"condition": "service_healthy"}}
    for name in ("web", "worker"):
        assert services[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}


def test_the_port_is_the_proxys_alone() -> None:
    assert COMPOSE["services"]["web"]["ports"] == [f"127.0.0.1:8000:{environment()['PORT']}"]
    assert [name for name, service in COMPOSE["services"].items() if "ports" in service] == ["web"]


def test_every_service_is_asked_whether_it_is_well_or_says_that_it_cannot_be() -> None:
    services = COMPOSE["services"]
    assert "healthcheck" not in services["web"], "the image's own"
    assert [services[name]["healthcheck"] for name in ("migrate", "worker")] == [{"disable": True}] * 2
    assert services["database"]["healthcheck"]["test"][1] == "pg_isready"


def test_the_commands_are_commands_of_the_desk() -> None:
    from django.core.management import get_commands

    for name in ("migrate", "worker"):
        assert COMPOSE["services"][name]["command"][:2] == ["python", "manage.py"]
        assert COMPOSE["services"][name]["command"][2] in get_commands()


@needs("docker-compose")
def test_compose_accepts_its_file(tmp_path: Path) -> None:
    text = (DEPLOY / "compose.yaml").read_text().replace("name: releasedesk\n", "")  # Debian 12's is too old
    (tmp_path / "docker-compose.yaml").write_text(text)
    (tmp_path / ".env").write_text(_example().replace("PASSWORD=\n", "PASSWORD=abc\n"))
    checked = subprocess.run(
        ["docker-compose", "config"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr
    assert "postgres://releasedesk:abc@database/releasedesk" in checked.stdout


# -- units, proxy, scripts -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_starts_what_exists(name: str) -> None:
    (line,) = re.findall(r"^ExecStart=(.+)$", (DEPLOY / name).read_text(), re.MULTILINE)
    expected = {"web": f"-m {' '.join(command())}", "worker": "manage.py work"}
    assert line == f"/srv/releasedesk/current/.venv/bin/python {expected[name[12:-8]]}"


def test_the_units_differ_only_in_what_they_start() -> None:
    web, worker = (set((DEPLOY / name).read_text().splitlines()) for name in UNITS)
    kinds = {line.partition("=")[0] for line in web ^ worker if "=" in line}
    assert kinds == {"Description", "Type", "NotifyAccess", "ExecStart"}


def test_the_units_give_the_desk_the_home_of_the_example() -> None:
    assert f"\nDESK_HOME={environment()['DESK_HOME']}\n" in _example()
    assert all("StateDirectory=releasedesk\n" in (DEPLOY / name).read_text() for name in UNITS)


@needs("systemd-analyze")
@pytest.mark.parametrize("name", UNITS)
def test_systemd_accepts_the_unit_and_calls_it_safe(name: str, tmp_path: Path) -> None:
    text = (DEPLOY / name).read_text().replace("/srv/releasedesk/current/.venv/bin/python", sys.executable)
    unit = tmp_path / name
    unit.write_text(text)
    for check in ("verify --man=no", "security --offline=yes --threshold=20"):
        asked = ["systemd-analyze", *check.split(), str(unit)]
        done = subprocess.run(asked, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert name not in done.stderr, "a warning about the unit"


def test_the_proxy_lets_through_what_the_desk_wants_to_refuse_itself() -> None:
    (size,) = re.findall(r"client_max_body_size (\d+)m;", (DEPLOY / "nginx.conf").read_text())
    assert int(size) * 1024 * 1024 > settings.LIMIT_DISCARD_BYTES


def site(tmp_path: Path, port: int | None = None) -> Path:
    """Our file within a whole configuration; with a port it can really be served there, without TLS."""
    asked = "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=desk -keyout privkey.pem -out fullchain.pem"
    subprocess.run(asked.split(), cwd=tmp_path, capture_output=True, check=True)
    text = (DEPLOY / "nginx.conf").read_text().replace("/etc/ssl/desk.example.com/", f"{tmp_path}/")
    if port:
        text = re.sub(r"listen \[::\].*;", "", text.replace("127.0.0.1:8000", "127.0.0.1:9"))
        text = text.replace("listen 443 ssl http2", f"listen 127.0.0.1:{port}")
        text = text.replace("listen 80", f"listen 127.0.0.1:{free_port()}")
    (tmp_path / "site.conf").write_text(text)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    places = "".join(f"{kind}_temp_path {tmp_path}/{kind}; " for kind in kinds)
    http = f"access_log off; {places} include {tmp_path}/site.conf;"
    whole = f"daemon off; pid {tmp_path}/pid; error_log stderr; events {{}} http {{ {http} }}"
    (tmp_path / "whole.conf").write_text(whole)
    return tmp_path / "whole.conf"


@needs("nginx")
@needs("openssl")
def test_nginx_accepts_its_file(tmp_path: Path) -> None:
    check = ["nginx", "-t", "-c", str(site(tmp_path)), "-p", str(tmp_path)]
    checked = subprocess.run(check, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr


@needs("nginx")
@needs("openssl")
def test_nginx_tells_of_a_desk_that_is_away_as_the_desk_would(tmp_path: Path) -> None:
    port = free_port()
    started = ["nginx", "-c", str(site(tmp_path, port)), "-p", str(tmp_path)]
    with subprocess.Popen(started, stderr=subprocess.DEVNULL) as nginx:
        try:
            with httpx.Client(
                base_url=f"http://127.0.0.1:{port}", transport=httpx.HTTPTransport(retries=6)
            ) as client:
                away = client.post("/api/v1/events", content=b"{}")
                page = client.get("/")
                large = client.post("/api/v1/events", content=b" " * 35_000_000)
        finally:
            nginx.terminate()
    assert (away.status_code, away.headers["Retry-After"], page.status_code) == (503, "5", 502)
    for answer, kind in ((away, "unavailable"), (large, "too-large")):
        document = answer.json()
        assert list(document) == MEMBERS
        assert (answer.status_code, document["title"]) == KINDS[kind]
        assert document["retryable"] is (document["status"] in RETRYABLE)
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert document["request_id"]
    assert not page.headers["Content-Type"].startswith("application/problem+json")


@pytest.mark.parametrize("script", sorted(DEPLOY.glob("*.sh")), ids=lambda path: path.name)
def test_a_script_is_one_that_any_shell_reads(script: Path) -> None:
    assert script.read_text().startswith("#!/bin/sh\n")
    read = subprocess.run(["sh", "-n", script], capture_output=True, text=True, check=False)
    assert read.returncode == 0, read.stderr


@needs("shellcheck")
def test_shellcheck_finds_nothing() -> None:
    found = subprocess.run(
        ["shellcheck", *map(str, DEPLOY.glob("*.sh"))], capture_output=True, text=True, check=False
    )
    assert found.stdout == ""
