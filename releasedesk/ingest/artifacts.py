"""What the id of an artifact says: what it is of, and which version. Pure."""

import re
from dataclasses import dataclass
from urllib.parse import unquote

from releasedesk.ingest.names import version

DIGEST = re.compile(r"sha(?:256|384|512):[0-9a-fA-F]+")


@dataclass(frozen=True, slots=True)
class Artifact:
    """What an artifact's id says: a package URL (purl), or an image's name."""

    name: str
    version: str | None


def artifact(text: str) -> Artifact:
    """Read `pkg:oci/shop@sha256%3A…?tag=1.2`, `ghcr.io/acme/shop:1.2@sha256:…` or a bare version or digest.

    The version is the tag, else the version, percent-decoded.
    """
    if DIGEST.fullmatch(text):
        return Artifact("", version(text))
    is_purl = text.startswith("pkg:")
    rest, _, _ = text.removeprefix("pkg:").partition("#")
    rest, _, query = rest.partition("?")
    path, at, tail = rest.rpartition("@")
    if not at or "/" in tail:
        path, tail = rest, ""
    name = path.rsplit("/", 1)[-1]
    if not is_purl and ":" in name:
        name, _, tag = name.partition(":")
        tail = tag or tail
    if not is_purl and not tail and "/" not in path:
        name, tail = "", name
    return Artifact(unquote(name), version(_tag(query) or unquote(tail)))


def _tag(query: str) -> str:
    pairs = (pair.partition("=") for pair in query.split("&"))
    return next((unquote(value) for name, _, value in pairs if name.lower() == "tag"), "")
