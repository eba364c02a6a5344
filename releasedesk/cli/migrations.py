"""`releasedesk migrations`: which migrations of this checkout cannot be taken back?"""

import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from releasedesk.cli import show
from releasedesk.cli.desk import Desk, release_path
from releasedesk.cli.exits import NO, YES, Trouble, finish
from releasedesk.cli.reversibility import Migration, Unreadable, read

PASSED_OVER = {".git", ".venv", "venv", "node_modules", "site-packages", "__pycache__", ".tox", "build"}
LARGEST = 1_000_000  # bytes; a migration is smaller, and a file of data is not read


def migrations(
    path: Annotated[Path, typer.Argument(help="A checkout, a folder or one file.")] = Path(),
    *,
    since: Annotated[
        str | None, typer.Option(help="Only those that are new or changed since this commit or tag (git).")
    ] = None,
    service: Annotated[str | None, typer.Option(help="With --post: the service's slug.")] = None,
    version: Annotated[str | None, typer.Option(help="With --post: the release's version.")] = None,
    post: Annotated[
        bool, typer.Option("--post", help="Mark the release as irreversible when one is found.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
) -> None:
    """Read Django's and Alembic's migrations and say which cannot be taken back. None of them is run.

    Exits 0 when all can be taken back, 1 when one cannot or loses data, 2 when a file cannot be read.
    """
    if post and not (service and version):
        raise Trouble("--post needs --service and --version.")
    try:
        found = [read_one for file in files(path, since) if (read_one := _read(file))]
    except Unreadable as error:
        raise Trouble(str(error)) from None
    one_way = [migration for migration in found if migration.is_one_way]
    if not as_json:
        _print(found, one_way)
    if post and one_way:
        desk = Desk.configured(show.say)
        desk.ask("PATCH", release_path(service or "", version or ""), json={"irreversible": True})
        show.say(f"{service} {version} is marked: there is no way back behind it without work by hand.")
    report = {"irreversible": bool(one_way), "migrations": [migration.as_json() for migration in found]}
    finish(report, NO if one_way else YES, as_json=as_json)


def files(path: Path, since: str | None) -> Iterator[Path]:
    """Find what may be a migration, in a steady order. Raises Trouble for a path or a commit that is none."""
    if not path.exists():
        raise Trouble(f"{path} does not exist.")
    if since is not None:
        yield from _changed(path, since)
    elif path.is_file():
        yield path
    else:
        for file in sorted(path.rglob("*.py")):
            if not PASSED_OVER.intersection(file.relative_to(path).parts):
                yield file


def _changed(path: Path, since: str) -> Iterator[Path]:
    if since.startswith("-"):
        raise Trouble(f"'{since}' is no commit.")
    folder = path if path.is_dir() else path.parent
    top = Path(_git(folder, "rev-parse", "--show-toplevel").strip())
    names = _git(folder, "diff", "--name-only", "-z", "--diff-filter=AMR", since, "--", str(path.resolve()))
    names += _git(folder, "ls-files", "-z", "--others", "--exclude-standard", "--full-name", ".")
    for name in sorted(set(filter(None, names.split("\0")))):
        if name.endswith(".py") and (top / name).is_file():
            yield top / name


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - no shell
    except FileNotFoundError:
        raise Trouble("--since needs git, and git is not installed.") from None
    if done.returncode:
        raise Trouble(f"git says: {done.stderr.strip()}")
    return done.stdout


def _read(file: Path) -> Migration | None:
    if file.stat().st_size > LARGEST:
        return None
    source = file.read_text(encoding="utf-8", errors="replace")
    if "migrations" not in source.lower() and "revision" not in source:
        return None  # spares the syntax tree of every other file of a checkout
    return read(source, _shown(file))


def _shown(file: Path) -> str:
    """The path as it is shorter to read: below the present folder where it lies there."""
    here = Path.cwd()
    return str(file.relative_to(here)) if file.is_relative_to(here) else str(file)


def _print(found: Sequence[Migration], one_way: Sequence[Migration]) -> None:
    for migration in found:
        for finding in migration.findings:
            words = finding.kind.replace("_", " ")
            typer.echo(f"{migration.path}:{finding.line}: {finding.operation}, {words}: {finding.detail}")
    what = "1 migration was" if len(found) == 1 else f"{len(found)} migrations were"
    typer.echo(f"{what} read; {len(one_way) or 'none'} cannot simply be taken back.")
