"""Typed readers of the process environment: a wrong value stops the start with one sentence."""

from __future__ import annotations

import os
import secrets
import tempfile
from contextlib import suppress
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
from django.core.exceptions import ImproperlyConfigured
from psycopg.conninfo import conninfo_to_dict

from releasedesk.operations.outgoing_rule import Allowed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

T = TypeVar("T")

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off"}
PARTS = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}


class WrongEnvironmentError(ImproperlyConfigured):
    """An environment variable is missing or wrong; the message is one sentence for whoever set it."""


class Environment:
    """Reads settings from environment variables. An empty value counts as not set."""

    def __init__(self, variables: Mapping[str, str] = os.environ) -> None:
        self._variables = variables

    def text(self, name: str, default: str = "") -> str:
        """Return the value as it stands, without the blanks around it."""
        return self._variables.get(name, "").strip() or default

    def choice(self, name: str, choices: Sequence[str]) -> str:
        """Return one of the choices; the first is the default."""
        if (value := self.text(name, choices[0])) not in choices:
            raise WrongEnvironmentError(f"{name} must be one of {', '.join(choices)}, not {value!r}.")
        return value

    def flag(self, name: str, default: bool) -> bool:
        """Return a yes or no."""
        value = self.text(name, str(default)).lower()
        if value not in TRUE | FALSE:
            raise WrongEnvironmentError(f"{name} must be true or false, not {value!r}.")
        return value in TRUE

    def whole(self, name: str, default: int) -> int:
        """Return a whole number of 0 or more; underscores may group its digits."""
        return _cast(name, self.text(name, str(default)), _natural, "a whole number of 0 or more")

    def words(self, name: str, default: Sequence[str] = ()) -> list[str]:
        """Return the parts between the commas."""
        return [word.strip() for word in self.text(name).split(",") if word.strip()] or list(default)

    def networks(self, name: str, default: Sequence[str]) -> list[IPv4Network | IPv6Network]:
        """Return the networks between the commas, like 10.0.0.0/8; a bare address is a network of one."""
        return [
            _cast(name, word, ip_network, "a list of networks like 10.0.0.0/8")
            for word in self.words(name, default)
        ]

    def allowed(self, name: str) -> Allowed:
        """Return whom the desk may call: names and networks between the commas; nobody by default."""
        try:
            return Allowed.read(self.words(name))
        except ValueError as error:
            wanted = "a list of hosts and networks like hooks.example.com, *.example.com or 10.0.0.0/8"
            raise WrongEnvironmentError(f"{name} must be {wanted}, not {str(error)!r}.") from None

    def database(self, name: str) -> dict[str, Any] | None:
        """Return Django's settings for the PostgreSQL database of this address, or None if none is named."""
        if not (url := self.text(name)):
            return None
        if not url.startswith(("postgres://", "postgresql://")):
            raise WrongEnvironmentError(f"{name} must begin with postgres:// or postgresql://.")
        try:
            parts = conninfo_to_dict(url)
        except psycopg.ProgrammingError as error:  # without the address: it may hold a password
            raise WrongEnvironmentError(f"{name} is not an address PostgreSQL understands.") from error
        named = {setting: parts.pop(part, "") for part, setting in PARTS.items()}
        return {"ENGINE": "releasedesk.operations.database", **named, "OPTIONS": parts}

    def require(self, names: Sequence[str], why: str) -> None:
        """Fail with one sentence that names all of these that are not set."""
        if missing := [name for name in names if not self.text(name)]:
            verb = "is" if len(missing) == 1 else "are"
            raise WrongEnvironmentError(f"{why}: {_spoken(missing)} {verb} not set.")


def kept_secret(path: Path) -> str:
    """Return the random secret kept in this file, readable by its owner alone; make it the first time.

    Two processes that start at once get the same one: the file appears whole, and only if it is not there.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}-") as draft:
            draft.write(secrets.token_urlsafe(64))
            draft.flush()
            with suppress(FileExistsError):  # the other process was first: its secret counts
                os.link(draft.name, path)
    return path.read_text()


def _cast(name: str, value: str, cast: Callable[[str], T], wanted: str) -> T:
    try:
        return cast(value)
    except ValueError:
        raise WrongEnvironmentError(f"{name} must be {wanted}, not {value!r}.") from None


def _natural(value: str) -> int:
    number = int(value)
    if number < 0:
        raise ValueError(value)
    return number


def _spoken(names: Sequence[str]) -> str:
    return ", ".join(names[:-1]) + " and " + names[-1] if len(names) > 1 else names[0]
