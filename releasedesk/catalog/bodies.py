"""What the API and the pages may say about a service."""

from typing import Annotated, ClassVar, Literal, Self, TypeAlias

from pydantic import Field, StringConstraints, model_validator

from releasedesk.problems.body import (
    ONE_LINE,
    Body,
    Line,
    Number,
    Slug,
    Url,
    Username,
    Whole,
    YesNo,
    refuse,
)

POLICIES_AT_MOST = 200
Kind: TypeAlias = Literal["relative", "absolute"]


class EnvironmentBody(Body):
    """Where releases run. Of the last two, what is left out stays; `staged_in` "" is the usual tier."""

    READ_ONLY: ClassVar[frozenset[str]] = frozenset({"name"})

    tier: Literal["development", "testing", "staging", "production"]
    order: Annotated[Whole, Field(ge=0, le=32_767)]
    staged_in: Literal["", "development", "testing", "staging", "production"] | None = None
    four_eyes: YesNo | None = None

    EXAMPLE = {"tier": "testing", "order": 5}


class PolicyBody(Body):
    """How far one metric may move, on one route or on all; what is left out follows the judge's table."""

    metric: Line
    route: Annotated[str, StringConstraints(max_length=500, min_length=1), ONE_LINE] | None = None
    kind: Kind | None = None
    level: Annotated[Number, Field(ge=0, le=86_400_000)] | None = None
    allowed: Annotated[Number, Field(ge=0, le=1_000_000)] | None = None
    critical: YesNo | None = None
    minimum: Annotated[Whole, Field(ge=2, le=1_000_000)] | None = None
    must_have: YesNo = False
    muted: YesNo = False

    @model_validator(mode="after")
    def _a_kind_has_its_limit(self) -> Self:
        if self.kind is not None and self.allowed is None:
            raise refuse(
                "required",
                f"The limit is to be {self.kind}, but how large it is was not said.",
                "a number, or no kind",
                at=["allowed"],
            )
        return self


class ServiceBody(Body):
    """A service's own fields. PUT replaces them all, PATCH only those that are named."""

    READ_ONLY: ClassVar[frozenset[str]] = frozenset({"slug", "live", "url", "self"})

    name: Annotated[str, StringConstraints(max_length=200, min_length=1), ONE_LINE] | None = None
    team: Slug | None = None
    owner: Username | None = None
    repository: Url | None = None
    health_url: Url | None = None
    metric_policies: Annotated[list[PolicyBody], Field(max_length=POLICIES_AT_MOST)] = []

    EXAMPLE = {
        "name": "Checkout",
        "team": "payments",
        "repository": "https://git.example/acme/checkout-api",
        "health_url": "https://checkout.example/health",
        "metric_policies": [{"metric": "response_ms_p95", "allowed": 0.05, "must_have": True}],
    }
