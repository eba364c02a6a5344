"""The administration: one module a room, each registering its models with the desk's own site."""

from releasedesk.web.admin import (
    accounts,
    catalog,
    checklists,
    deliveries,
    facts,
    measurements,
    notes,
    releases,
    rollbacks,
    tokens,
)
from releasedesk.web.admin.site import site

__all__ = [
    "accounts",
    "catalog",
    "checklists",
    "deliveries",
    "facts",
    "measurements",
    "notes",
    "releases",
    "rollbacks",
    "site",
    "tokens",
]
