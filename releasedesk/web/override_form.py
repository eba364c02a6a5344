"""The controls of an override."""

from __future__ import annotations

from collections.abc import Sequence

from releasedesk.problems.problem import Problem
from releasedesk.web.forms import Document, Field, Filled

PLACE = "override"  # other forms on the page have a reason too


def override_form(
    gates: Sequence[tuple[str, str]], document: Document | None = None, problem: Problem | None = None
) -> Filled:
    """The two controls of an override."""
    fields = (
        Field(name="gate", label="Which gate", kind="select", options=gates, required=True),
        Field(
            name="reason",
            label="Why may it ship all the same?",
            help="It stays on this page for ever. Say what is done about it, and by when.",
            kind="area",
            rows=3,
            required=True,
        ),
    )
    return Filled([field.within(PLACE) for field in fields], document or {}, problem)
