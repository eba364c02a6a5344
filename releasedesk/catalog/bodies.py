"""What the API and the pages may say about a service."""

from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from releasedesk.problems.body import ONE_LINE, Body, Line, Number, Slug, Url, Username, Whole, YesNo


class PolicyBody(Body):
    """How far one metric may move; what is left out follows the judge's table."""

    metric: Line
    allowed: Annotated[Number, Field(ge=0, le=1_000_000)] | None = None
    critical: YesNo | None = None
    minimum: Annotated[Whole, Field(ge=2, le=1_000_000)] | None = None
    must_have: YesNo = False
    muted: YesNo = False


class ServiceBody(Body):
    """A service's own fields. PUT replaces them all, PATCH only those that are named."""

    READ_ONLY: ClassVar[frozenset[str]] = frozenset({"slug", "live", "url", "self"})

    name: Annotated[str, StringConstraints(max_length=200, min_length=1), ONE_LINE] | None = None
    team: Slug | None = None
    owner: Username | None = None
    repository: Url | None = None
    health_url: Url | None = None
    metric_policies: Annotated[list[PolicyBody], Field(max_length=20)] = []
