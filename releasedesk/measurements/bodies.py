"""A snapshot as it is sent (DESIGN §5.7)."""

from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from releasedesk.measurements.judge import Requests, Summary, Windows
from releasedesk.problems.body import ONE_LINE, Body, Line, Number, Past, Text, Time, Whole, refuse

ROWS_AT_MOST = 20_000
Milliseconds = Annotated[Number, Field(ge=0, le=86_400_000)]
Count = Annotated[Whole, Field(ge=0, le=1_000_000_000)]
Ratio = Annotated[Number, Field(ge=0, le=1)]
Status = Annotated[Whole, Field(ge=0, le=999)]
# fail_fast: one wrong unit makes 20,000 wrong rows; the first says it all.
WINDOWS_AT_MOST = 2000  # the judge compares every pair
Column = Field(max_length=ROWS_AT_MOST, fail_fast=True)
Windowed = Field(max_length=WINDOWS_AT_MOST, fail_fast=True)


def _equal_lengths(columns: dict[str, Sequence[object] | None]) -> None:
    lengths = {name: len(column) for name, column in columns.items() if column is not None}
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise refuse(
            "unequal_length", f"The columns are not equally long: {listed}.", "columns of equal length"
        )


class RequestsBody(Body):
    """One row a request, in columns. `status` 0 is no answer."""

    response_ms: Annotated[list[Milliseconds], Field(min_length=1, max_length=ROWS_AT_MOST, fail_fast=True)]
    status: Annotated[list[Status], Column]
    cache: Annotated[list[Line | None], Column] | None = None
    db_calls: Annotated[list[Count | None], Column] | None = None

    @model_validator(mode="after")
    def _columns_are_equally_long(self) -> Self:
        _equal_lengths(dict(self))
        return self

    def evidence(self) -> Requests:
        """The judge's form."""
        return Requests.from_columns(self.response_ms, self.status, self.cache, self.db_calls)


class WindowsBody(Body):
    """One row a window of `seconds`. null is a gap, never 0."""

    seconds: Annotated[Number, Field(gt=0, le=86_400)]
    response_ms_p95: Annotated[list[Milliseconds | None], Windowed] | None = None
    error_rate: Annotated[list[Ratio | None], Windowed] | None = None
    cache_hit_rate: Annotated[list[Ratio | None], Windowed] | None = None
    db_calls: Annotated[list[Annotated[Number, Field(ge=0, le=1_000_000_000)] | None], Windowed] | None = None

    @model_validator(mode="after")
    def _columns_are_equally_long(self) -> Self:
        columns = {name: column for name, column in self if name != "seconds"}
        if not any(columns.values()):
            raise refuse("required", "No window holds a number.", "at least one column")
        _equal_lengths(columns)
        return self

    def evidence(self) -> Windows:
        """The judge's form."""
        return Windows.from_json(self.model_dump())


class MillisecondsBody(Body):
    """What a person read off a dashboard."""

    mean: Milliseconds | None = None
    stddev: Milliseconds | None = None
    p50: Milliseconds | None = None
    p95: Milliseconds | None = None
    p99: Milliseconds | None = None


class CallsBody(Body):
    """Database calls a request."""

    mean: Annotated[Number, Field(ge=0, le=1_000_000)]
    stddev: Annotated[Number, Field(ge=0, le=1_000_000)] | None = None


class SummaryBody(Body):
    """Aggregates only: judged against the limits, without an interval."""

    requests: Annotated[Whole, Field(ge=1, le=1_000_000_000)]
    errors: Count | None = None
    response_ms: MillisecondsBody | None = None
    cache_hits: Count | None = None
    db_calls: CallsBody | None = None

    @model_validator(mode="after")
    def _parts_are_not_more_than_the_whole(self) -> Self:
        for name in ("errors", "cache_hits"):
            part = getattr(self, name)
            if part is not None and part > self.requests:
                raise refuse(
                    "too_many", f"{name} is {part}, of {self.requests} requests.", "at most requests"
                )
        return self

    def evidence(self) -> Summary:
        """The judge's form."""
        return Summary.from_json(self.model_dump())


class SnapshotBody(Body):
    """The four numbers over one window, in exactly one of three forms."""

    phase: Literal["before", "after"]
    environment: Line
    route: Annotated[str, StringConstraints(min_length=1, max_length=500), ONE_LINE]
    taken_from: Time
    taken_until: Past
    cache_state: Literal["cold", "warm"] | None = None
    cache_cleared: Line | None = None
    command: Text | None = None
    assumptions: Text | None = None
    requests: RequestsBody | None = None
    windows: WindowsBody | None = None
    summary: SummaryBody | None = None

    EXAMPLE = {
        "phase": "before",
        "environment": "production",
        "route": "GET /basket/{id}",
        "taken_from": "2026-11-23T11:38:00Z",
        "taken_until": "2026-11-23T11:40:00Z",
        "cache_state": "cold",
        "requests": {
            "response_ms": [181.2, 190.4],
            "status": [200, 200],
            "cache": ["miss", "hit"],
            "db_calls": [31, 31],
        },
    }
    MORE_EXAMPLES = {
        "windows": {
            "phase": "after",
            "environment": "production",
            "route": "GET /basket/{id}",
            "taken_from": "2026-11-23T12:10:00Z",
            "taken_until": "2026-11-23T12:11:15Z",
            "windows": {
                "seconds": 15,
                "response_ms_p95": [182.4, 179.9, None, 185.1, 181.0],
                "error_rate": [0, 0, None, 0.002, 0],
            },
        },
        "summary": {
            "phase": "after",
            "environment": "production",
            "route": "GET /basket/{id}",
            "taken_from": "2026-11-23T12:10:00Z",
            "taken_until": "2026-11-23T12:40:00Z",
            "assumptions": "Read off the dashboard; nobody else was using staging.",
            "summary": {
                "requests": 2000,
                "errors": 3,
                "response_ms": {"p50": 70.5, "p95": 190, "p99": 285},
                "cache_hits": 40,
                "db_calls": {"mean": 2.1},
            },
        },
    }

    @model_validator(mode="after")
    def _runs_forward_in_one_form(self) -> Self:
        if self.taken_until < self.taken_from:
            raise refuse("order", "The window ends before it begins.", "taken_from before taken_until")
        given = [name for name in ("requests", "windows", "summary") if getattr(self, name) is not None]
        if len(given) != 1:
            said = " and ".join(given) or "none"
            raise refuse(
                "one_of",
                f"Give the numbers in exactly one form; here are {said}.",
                "requests, windows or summary",
            )
        return self

    @property
    def numbers(self) -> RequestsBody | WindowsBody | SummaryBody:
        """The one form that was given."""
        found = self.requests or self.windows or self.summary
        assert found is not None
        return found
