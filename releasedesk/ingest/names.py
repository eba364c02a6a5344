"""What other systems call things, in our words: slugs, versions, times, checks. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from unicodedata import combining, normalize
from urllib.parse import unquote, urlsplit

SLUG_AT_MOST, VERSION_AT_MOST, PLACE_AT_MOST, LINE_AT_MOST, SHA_SHOWN = 64, 128, 200, 500, 12
ADDRESS_AT_MOST = 2000
SHA = re.compile(r"[0-9a-fA-F]{7,64}")
# The domainId of CDEvents 0.6: provider, its id, namespace, groups, type and the resource itself.
DOMAIN_ID = re.compile(r"cdevents:v0:(?:[^:]*:){4}[^:]+:(.+)")
NO_COMMIT = re.compile(r"0+")
# A name that says by itself that it is a version: it has three numbers, or a `v` and two, or is a day.
# Branches are called `1.2` and `2.x`, hardly ever `1.2.3`; those that somebody works on are, as
# `release/1.2.3` and `hotfix-1.2.3`.
OF_WORK = "releases?|(?:hot|bug)?fix|support|feat(?:ure)?|bug|chore|test|backport|revert|dependabot|renovate"
VERSION_LIKE = re.compile(
    rf"(?!(?:{OF_WORK})-)(?:[\w-]+[@-])?(?:v\d+\.\d+|\d+\.\d+\.\d+)[\w.+~-]*(?<!-branch)"
    r"|\d{4}-\d\d-\d\d(?:[.-]\d+)*",
    re.ASCII | re.IGNORECASE,
)
# The first that is found in the name of a job decides; a service maps its own names beside these.
CHECKS = tuple(
    (item, re.compile(rf"(?<![a-z])(?:{words})(?![a-z])", re.IGNORECASE))
    for item, words in {
        "integration": r"(?:integration|acceptance)(?:.tests?)?|e2e|end.to.end|smoke|functional",
        "lint": r"[a-z]*lint(?:s|er|ers|ing)?|ruff|flake8|(?:code.)?style|format(?:s|ting)?|pre.commit|mypy"
        r"|static.(?:analysis|checks?)|analy[sz](?:e|is)",
        "unit_tests": r"unit|(?:unit|py)?tests?|tox|nox|ci",
    }.items()
)
# What is also the name of a place is no test where a job brings something there.
PLACES = {"integration", "acceptance"}
BRINGS = re.compile(r"(?<![a-z])(?:deploy|rollout|promote|publish|release)", re.IGNORECASE)


class UnwantedError(Exception):
    """The team wants nothing of what goes by this name."""

    def __init__(self, what: str, name: str) -> None:
        super().__init__(f"The team wants nothing of the {what} '{name}'.")


class UnexplainedError(Exception):
    """A repository that no service names, though one is called like it: that one names another."""

    def __init__(self, repository: str) -> None:
        super().__init__(repository)
        self.repository = repository


@dataclass(frozen=True, slots=True)
class Names:
    """What a team has said about its senders' names; each key in lower case.

    `services`: name or repository → slug; `environments`: theirs → ours; `checks`: job → item of the
    checklist. Empty for what the team wants nothing of. `repositories`: those that services name as their own
    → slug. A name is looked up once: what is meant by it is ours, and no name of theirs.
    """

    services: Mapping[str, str] = field(default_factory=dict)
    environments: Mapping[str, str] = field(default_factory=dict)
    checks: Mapping[str, str] = field(default_factory=dict)
    repositories: Mapping[str, str] = field(default_factory=dict)

    def service(self, repository: str) -> str:
        """The slug of a repository's service: as it was mapped, or names it, else from its last part.

        Raises UnwantedError, and UnexplainedError where the service of that slug names another repository.
        """
        path = repository_path(repository)
        if (ours := self._mapped(short(path)) or self.repositories.get(path)) is not None:
            return ours
        guess = slug(path.rsplit("/", 1)[-1])
        if (ours := self._mapped(guess)) is not None:
            return ours
        if any(ours == guess and "/" in other for other, ours in self.repositories.items()):
            raise UnexplainedError(short(path))
        return guess

    def called(self, name: str) -> str:
        """The slug of a service that its sender calls by this name: as it was mapped, else all of it.

        Raises UnwantedError.
        """
        return self._mapped(name.lower()) or self._mapped(slug(name)) or slug(name)

    def _mapped(self, name: str) -> str | None:
        ours = self.services.get(name)
        if ours == "":
            raise UnwantedError("service", name)
        return ours

    def environment(self, name: str) -> str:
        """Our name of an environment, or theirs where nobody has said which it is. Raises UnwantedError."""
        ours = self.environments.get(name, name)
        if not ours:
            raise UnwantedError("environment", name)
        return ours

    def check(self, job: str) -> str | None:
        """The checklist item a job decides: as it was mapped, else by its name; None for no item."""
        mapped = self.checks.get(job.lower())
        if mapped is not None:
            return mapped or None
        return next((item for item, words in CHECKS if _is_tested(job, words.search(job))), None)

    def unexplained(self, job: str) -> str:
        """The job's name as it may yet be explained; empty where the team says that it decides nothing."""
        return "" if job.lower() in self.checks else line(job, 200).lower()


def _is_tested(job: str, found: re.Match[str] | None) -> bool:
    return found is not None and not (found[0].lower() in PLACES and BRINGS.search(job))


NO_NAMES = Names()


def repository_path(address: str) -> str:
    """`https://github.com/Acme/Shop.git` and `Acme/Shop` → `acme/shop`, as webhooks call it."""
    path = urlsplit(address).path if "://" in address else address
    return path.strip("/").removesuffix(".git").lower()


def slug(text: str) -> str:
    """`mySubject123` → `mysubject123`, `Team/My App` → `team-my-app`, `Kühlhaus` → `kuhlhaus`.

    What is cut off, or has no letter of ours, as `服务`, is told apart by a digest. Empty for nothing.
    """
    plain = _unaccented(text).casefold()
    found = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if found and len(found) <= SLUG_AT_MOST and not _has_other_letters(plain):
        return found
    named = any(character.isalnum() for character in text)
    kept = found[: SLUG_AT_MOST - 9].strip("-") or "service"
    return f"{kept}-{_digest(text)}" if named else ""


def version(text: str) -> str | None:
    """The text as a version: what none may hold becomes `-`. None where nothing is left.

    What is cut off, or has no letter of ours, is told apart by a digest.
    """
    plain = text if text.isascii() else _unaccented(text)
    found = re.sub(r"[^A-Za-z0-9._+:@~-]+", "-", plain).lstrip("._+:@~-")
    if len(found) <= VERSION_AT_MOST and not _has_other_letters(plain):
        return found or None
    return f"{found[: VERSION_AT_MOST - 9]}-{_digest(text)}".lstrip("-")


def _has_other_letters(text: str) -> bool:
    return not text.isascii() and any(each.isalnum() and not each.isascii() for each in text)


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "replace")).hexdigest()[:8]


def short(text: str, at_most: int = PLACE_AT_MOST) -> str:
    """The text, short enough: of a longer one the beginning, and a digest that tells it from others."""
    return text if len(text) <= at_most else f"{text[: at_most - 9]}…{_digest(text)}"


def _unaccented(text: str) -> str:
    """The letters without their marks: `é` → `e`, `Ⅳ` → `IV`. What has no such letter stays."""
    return "".join(character for character in normalize("NFKD", text) if not combining(character))


def place(text: str) -> str:
    """An environment's name as it is looked up: `Production ` and `production` are one."""
    return short(line(text, LINE_AT_MOST).lower())


def line(text: str, at_most: int = LINE_AT_MOST) -> str:
    """The first line of a text, short enough and without characters that command a terminal."""
    first = text.strip().partition("\n")[0]
    return "".join(character for character in first if character.isprintable())[:at_most].strip()


def commit(text: object) -> str | None:
    """The text if it can be a commit; Git's null commit is none."""
    whole = text if isinstance(text, str) and SHA.fullmatch(text) else ""
    return None if not whole or NO_COMMIT.fullmatch(whole) else whole.lower()


def tag_of(ref: str) -> str | None:
    """The tag that a ref is: `refs/tags/…`, or a bare name that can only be a version. None for a branch."""
    if ref.startswith("refs/tags/"):
        return ref.removeprefix("refs/tags/")
    return ref if VERSION_LIKE.fullmatch(ref) else None


def version_of_ref(ref: str, sha: str | None) -> str | None:
    """The version of what a ref deploys: the tag if it is one, else the commit; never a branch's name."""
    tag = tag_of(ref)
    return version(tag) if tag else sha[:SHA_SHOWN] if sha else None


def web_address(*candidates: object) -> str | None:
    """The first that is an http(s) address."""
    for candidate in candidates:
        if isinstance(candidate, str) and candidate.startswith(("https://", "http://")):
            try:
                host = urlsplit(candidate).hostname
            except ValueError:
                continue
            if (
                host
                and " " not in candidate
                and len(candidate) <= ADDRESS_AT_MOST
                and candidate.isprintable()
            ):
                return candidate
    return None


def time_of(*candidates: object) -> str | None:
    """The first that is a time, in ISO 8601. Senders also write `2026-11-23 12:03:41 UTC` and seconds."""
    for candidate in candidates:
        if isinstance(candidate, bool) or candidate in (None, ""):
            continue
        if isinstance(candidate, int | float):
            return _time_of_seconds(candidate)
        if isinstance(candidate, str):
            zoned = re.sub(r" ?(?:UTC|Z)$", "+00:00", candidate.strip())
            return re.sub(r" (?=[+-]\d\d:?\d\d$)", "", zoned).replace(" ", "T", 1)
    return None


def earlier(*candidates: object) -> str | None:
    """The earliest of them, in ISO 8601; the first where they cannot be compared."""
    times = [each for each in map(time_of, candidates) if each]
    try:
        return min(times, key=datetime.fromisoformat, default=None)
    except (ValueError, TypeError):  # one is no time, or lacks its zone: to be refused as such
        return times[0]


def _time_of_seconds(seconds: float) -> str:
    """Seconds since 1970 in ISO 8601. What no calendar holds stays a number, which is refused as no time."""
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat()
    except (OverflowError, ValueError, OSError):
        return f"{seconds} seconds"


def resource(text: str) -> str:
    """What a `domainId` of CDEvents names, percent-decoded; any other text as it is."""
    found = DOMAIN_ID.fullmatch(text)
    return unquote(found[1]) if found else text


def text_at(document: Any, *path: str) -> str:
    """The text at a path of a foreign document; empty where there is none. Whole numbers are text too."""
    for part in path:
        document = document.get(part) if isinstance(document, Mapping) else None
    if isinstance(document, int) and not isinstance(document, bool):
        return str(document)
    return document if isinstance(document, str) else ""


def part_at(document: Any, *path: str) -> Mapping[str, Any]:
    """The object at a path of a foreign document; an empty one where there is none."""
    for part in path:
        document = document.get(part) if isinstance(document, Mapping) else None
    return document if isinstance(document, Mapping) else {}
