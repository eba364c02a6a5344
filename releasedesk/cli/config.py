"""Where the desk is and who asks: the environment, else `./.releasedesk.toml`, else the one in ~/.config.

    url = "https://desk.example"
    token = "rdk_…"

A token is sent only where the same hand has said so: one from a file goes to the address that this file or
the environment names. Otherwise a `.releasedesk.toml` in somebody's repository could collect the tokens of
all who work in it.
"""

import os
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import urlsplit

from releasedesk.cli.exits import Trouble

NAMES = ("url", "token")
HERE = Path(".releasedesk.toml")


class NotSet(Trouble):
    """Nothing says where the desk is, or who asks, or what says so is not to be trusted."""


@dataclass(frozen=True)
class Config:
    """One desk and one token. The token is never shown."""

    url: str
    token: str = field(repr=False)

    @classmethod
    def read(cls, otherwise: str = "") -> "Config":
        """Find both. Raises NotSet, naming what is missing or wrong; `otherwise` is what else may be done."""
        environment = _environment()
        found = dict(environment)
        for path in () if all(name in found for name in NAMES) else (HERE, home_file()):
            kept = _file(path)
            _refuse_a_foreign_address(path, kept, found, environment)
            found = {**kept, **found}
        missing = [f"RELEASEDESK_{name.upper()}" for name in NAMES if name not in found]
        if missing:
            raise NotSet(f"Set {' and '.join(missing)}{otherwise}. A file can say it too: {home_file()}.")
        if not (found["token"].isascii() and found["token"].isprintable()) or " " in found["token"]:
            raise NotSet("RELEASEDESK_TOKEN is not a token: it holds characters that no token has.")
        return cls(found["url"].rstrip("/"), found["token"])


def home_file() -> Path:
    """Give the person's own file (XDG Base Directory: `$XDG_CONFIG_HOME`, else ~/.config)."""
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "releasedesk" / "config.toml"


def _environment() -> dict[str, str]:
    said = {name: os.environ.get(f"RELEASEDESK_{name.upper()}", "").strip() for name in NAMES}
    if said["url"]:
        _refuse_what_is_no_address(said["url"], "RELEASEDESK_URL")
    return {name: value for name, value in said.items() if value}


def _file(path: Path) -> dict[str, str]:
    try:
        with path.open("rb") as opened:
            mode = stat.S_IMODE(os.fstat(opened.fileno()).st_mode)
            # Windows' tools put a byte order mark before what they write.
            kept = tomllib.loads(opened.read().decode("utf-8-sig"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise NotSet(f"{path} cannot be read: {error}.") from None
    for name, value in kept.items():
        if name not in NAMES:
            near = get_close_matches(name, NAMES, n=1)
            meant = f" Did you mean '{near[0]}'?" if near else ""
            raise NotSet(f"{path} holds '{name}'; it may hold {' and '.join(NAMES)}.{meant}")
        if not isinstance(value, str):
            raise NotSet(f"{path}: '{name}' must be text in quotes.")
    if "token" in kept and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise NotSet(f"{path} holds a token, and others can read it. Run: chmod 600 {path}")
    said = {name: value.strip() for name, value in kept.items() if value.strip()}
    if "url" in said:
        _refuse_what_is_no_address(said["url"], f"{path}: 'url'")
    return said


def _refuse_a_foreign_address(
    path: Path, kept: Mapping[str, str], found: Mapping[str, str], environment: Mapping[str, str]
) -> None:
    """Refuse to send this file's token to an address that only another file has named."""
    if "token" not in kept or "token" in found or "url" not in found or "url" in environment:
        return
    if kept.get("url", "").rstrip("/") != found["url"].rstrip("/"):
        raise NotSet(
            f"{HERE} says {found['url']}, and the token in {path} is not meant for it. "
            "Set RELEASEDESK_URL to that address if you trust it, or put a token for it beside it."
        )


def _refuse_what_is_no_address(url: str, said_by: str) -> None:
    """Raise NotSet for what cannot be the desk's address. What may be a password in it is not repeated."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    if "@" in (parts.netloc or url):
        raise NotSet(f"{said_by} holds a user or a password: the desk is asked with a token alone.")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise NotSet(f"{said_by} must be an http:// or https:// address, not '{url}'.")
    if "?" in url or "#" in url:
        raise NotSet(f"{said_by} must end before any ? or #: paths of the desk follow it.")
