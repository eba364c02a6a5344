"""What the form of a plan asks, in the order a person thinks, and what it begins with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from releasedesk.accounts.models import User
from releasedesk.catalog.models import Service
from releasedesk.releases import expected_result
from releasedesk.releases.bodies import ReleaseBody
from releasedesk.releases.models import Release
from releasedesk.web.forms import Document, Field, text_at

FIELDS = (
    Field(
        name="version",
        label="Version",
        help="1 to 128 letters, digits and . _ + : @ ~ -, the first a letter or digit.",
        required=True,
        is_code=True,
    ),
    Field(name="title", label="Title", help="What somebody should read first in a list."),
    Field(
        name="route",
        label="Which route, page or command is it about?",
        help="As it is measured: GET /basket/{id}.",
        is_code=True,
    ),
    Field(
        name="expected_input",
        label="What goes in, usually?",
        help="How much, how often, of which kind.",
        kind="area",
    ),
    Field(
        name="slow_part",
        label="Which query is slow, or which command fails?",
        help="The query or the command itself, so that another can repeat it.",
        kind="area",
        is_code=True,
    ),
    Field(name="users_notice", label="Where do users notice?", kind="area"),
    Field(
        name="change",
        label="What is the one thing that changes?",
        help="One variable at a time; a second one is a second release.",
        kind="area",
    ),
    Field(name="reason", label="Why?", kind="area"),
    Field(
        name="metric",
        label="Metric",
        kind="select",
        options=[("", "none"), *expected_result.LABELS.items()],
    ),
    Field(
        name="direction", label="Direction", kind="select", options=list(expected_result.DIRECTIONS.items())
    ),
    Field(
        name="number",
        label="Number",
        kind="number",
        unit="ms, calls or %",
    ),
    Field(name="expected_result", label="What else should come true?", kind="area"),
    Field(
        name="assumptions",
        label="What do you take for granted?",
        help="The result holds only as long as this does.",
        kind="area",
    ),
    Field(
        name="rollback_note",
        label="How do we go back?",
        help="One or two sentences. The steps themselves belong to the rollback plan.",
        kind="area",
    ),
    Field(name="owner", label="Who answers for it?", kind="select"),
    Field(
        name="irreversible",
        label="It migrates data in a way that cannot be undone",
        help="Then there is no way back behind this release without work by hand.",
        kind="check",
    ),
)
# What a form says about a release; what it does not ask (commit, changes) stays as CI reported it.
WRITTEN = tuple(field.name for field in FIELDS if field.name in ReleaseBody.model_fields)
# What a release usually has in common with the one before it.
SHARED = (
    "route",
    "expected_input",
    "slow_part",
    "users_notice",
    "assumptions",
    "rollback_note",
    "owner",
    "metric",
    "direction",
    "number",
)


def stored(release: Release) -> Document:
    """A release's plan as the form shows it."""
    expected, words = expected_result.parse(release.expected_result)
    return {
        **{name: getattr(release, name) for name in WRITTEN},
        "direction": next(iter(expected_result.DIRECTIONS)),  # as the form offers it while there is no metric
        **({name: getattr(expected, name) for name in expected_result.NAMES} if expected else {}),
        "version": release.version,
        "expected_result": words,
        "owner": release.owner.get_username() if release.owner else "",
    }


def fields_for(service: Service) -> list[Field]:
    """The fields, with the team's people to choose the owner from."""
    people = User.objects.filter(memberships__team=service.team_id, is_active=True).order_by("username")
    names = [(name, name) for name in people.values_list("username", flat=True)]
    nobody = f"the service's ({service.owner.get_username()})" if service.owner else "nobody yet"
    return [
        replace(field, options=[("", nobody), *names]) if field.name == "owner" else field for field in FIELDS
    ]


def completed(form: Document, last: Mapping[str, Any]) -> Document:
    """What was typed, and the last release's values where nothing was."""
    gaps = {name: last.get(name) for name in SHARED if not text_at(form, name).strip()}
    if text_at(form, "metric") or text_at(form, "number"):
        gaps = {name: value for name, value in gaps.items() if name not in expected_result.NAMES}
    elif "metric" in gaps:
        gaps["direction"] = last.get("direction")
    return {**form, **gaps}
