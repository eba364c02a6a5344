"""The bare distribution is the probe: it must install and import where nothing else is."""

import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

WATCH_ONE_REQUEST = """
import asyncio
import releasedesk.probe
from releasedesk.probe.asgi import Probe

sent = []

async def app(scope, receive, send):
    releasedesk.probe.cache_hit("basket")
    await send({"type": "http.response.start", "status": 204})
    await send({"type": "http.response.body"})

async def send(message):
    sent.append(message)

asyncio.run(Probe(app)({"type": "http", "method": "GET", "path": "/", "headers": []}, None, send))
print(dict(sent[0]["headers"])[b"cache-status"].decode())
"""


@pytest.fixture(scope="module")
def clean_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from a copy of the sources and install it alone: `--no-index` finds no dependency."""
    at = tmp_path_factory.mktemp("bare")
    sources, wheels, home = at / "sources", at / "wheels", at / "venv"
    shutil.copytree(
        ROOT / "releasedesk", sources / "releasedesk", ignore=shutil.ignore_patterns("__pycache__")
    )
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, sources)
    build = "import sys; from setuptools.build_meta import build_wheel; build_wheel(sys.argv[1])"
    wheels.mkdir()
    subprocess.run([sys.executable, "-c", build, str(wheels)], cwd=sources, check=True, capture_output=True)
    venv.create(home, with_pip=True)
    (wheel,) = wheels.glob("releasedesk-*.whl")
    python = home / "bin" / "python"
    install = ["-m", "pip", "install", "--quiet", "--no-index", "--isolated", str(wheel)]
    subprocess.run([str(python), *install], check=True, capture_output=True)
    return python


def run(python: Path, program: str) -> subprocess.CompletedProcess[str]:
    """Run away from the sources and, by `-I`, without this environment's own paths."""
    command = [str(python), "-I", "-c", program]
    return subprocess.run(command, cwd=python.parent, capture_output=True, text=True, check=False)


def test_the_bare_install_watches_a_request(clean_python: Path) -> None:
    done = run(clean_python, WATCH_ONE_REQUEST)
    assert (done.returncode, done.stdout) == (0, "basket; hit\n"), done.stderr
    assert '"status":204' in done.stderr


def test_nothing_else_was_installed_with_it(clean_python: Path) -> None:
    program = "import importlib.metadata as m; print(*sorted({d.name.lower() for d in m.distributions()}))"
    assert set(run(clean_python, program).stdout.split()) - {"pip", "setuptools", "wheel"} == {"releasedesk"}


@pytest.mark.parametrize("module", ["django", "sqlalchemy", "httpx"])
def test_the_environment_is_clean(clean_python: Path, module: str) -> None:
    done = run(clean_python, f"import {module}")
    assert f"No module named '{module}'" in done.stderr


def test_the_command_says_what_it_lacks(clean_python: Path) -> None:
    command = [str(clean_python.with_name("releasedesk")), "--help"]
    done = subprocess.run(command, cwd=clean_python.parent, capture_output=True, text=True, check=False)
    said = 'The command needs its extra: pip install "releasedesk[cli]"\n'
    assert (done.returncode, done.stdout, done.stderr) == (2, "", said)
