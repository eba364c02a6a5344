"""What was measured on one side of a change: single requests, windows of a time series, or typed aggregates.

Units: times in milliseconds, shares between 0 and 1, database calls a request. Missing is NaN in `Windows`,
None in `Summary` and -1 in the code columns of `Requests`. It is never 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from releasedesk.measurements.judge.columns import LARGEST, Floats, no_gaps, numbers, whole
from releasedesk.measurements.judge.packing import pack, unpack

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

HIT, MISS, UNKNOWN = 1, 0, -1
_CACHE_CODES = {"hit": HIT, "miss": MISS}
_MOST_CALLS = 2**31 - 1
_HIGHEST_STATUS = 999
_FIRST_SERVER_ERROR = 500


def _cache_code(word: str | None) -> int:
    return UNKNOWN if word is None else _CACHE_CODES.get(word.strip().lower(), UNKNOWN)


@dataclass(frozen=True, eq=False)
class Requests:
    """One row a request, in the order they were sent; the columns are of equal length.

    `response_ms` float64, `status` int16 (0: no answer), `cache` int8 (1 hit, 0 miss, -1 unknown), `db_calls`
    int32 (-1 unknown). `cache` and `db_calls` are None when no request carried them.
    """

    response_ms: Floats
    status: NDArray[np.int16]
    cache: NDArray[np.int8] | None = None
    db_calls: NDArray[np.int32] | None = None

    def __post_init__(self) -> None:
        for name in ("status", "cache", "db_calls"):
            column = getattr(self, name)
            if column is not None and len(column) != len(self.response_ms):
                raise ValueError(
                    f"The columns must be of equal length: response_ms has {len(self.response_ms)} rows, "
                    f"{name} has {len(column)}."
                )

    def __len__(self) -> int:
        return len(self.response_ms)

    @classmethod
    def from_columns(
        cls,
        response_ms: Sequence[float],
        status: Sequence[int],
        cache: Sequence[str | None] | None = None,
        db_calls: Sequence[int | None] | None = None,
    ) -> Requests:
        """Build from the JSON lists of a snapshot; ValueError says which row of which column is wrong.

        A cache status other than `hit` and `miss` (`stale`, `bypass`, `expired`, …) is unknown: vendors mean
        different things by them, and a guess would mix the two groups that the judge keeps apart.
        """
        calls = None if db_calls is None else whole("db_calls", db_calls, _MOST_CALLS)
        return cls(
            response_ms=no_gaps("response_ms", numbers("response_ms", response_ms)),
            status=no_gaps("status", whole("status", status, _HIGHEST_STATUS)).astype(np.int16),
            cache=None if cache is None else np.array([_cache_code(word) for word in cache], dtype=np.int8),
            db_calls=None if calls is None else np.where(np.isnan(calls), UNKNOWN, calls).astype(np.int32),
        )

    @cached_property
    def failed(self) -> NDArray[np.bool_]:
        """Which requests are errors: a status of 500 or above, or no answer (0)."""
        return np.asarray((self.status >= _FIRST_SERVER_ERROR) | (self.status == 0))

    def at(self, rows: NDArray[Any]) -> Requests:
        """Return only these rows (a mask or positions)."""
        return Requests(
            self.response_ms[rows],
            self.status[rows],
            None if self.cache is None else self.cache[rows],
            None if self.db_calls is None else self.db_calls[rows],
        )

    def to_bytes(self) -> bytes:
        """Pack for storage, at most 15 bytes a request."""
        return pack(self.response_ms, self.status, self.cache, self.db_calls)

    @classmethod
    def from_bytes(cls, packed: bytes) -> Requests:
        """Unpack what `to_bytes` packed; ValueError for anything else."""
        return cls(*unpack(bytes(packed)))

    def summary(self) -> Summary:
        """Describe these requests in a few numbers, for display."""
        requests, times = len(self), self.response_ms
        if requests == 0:
            return Summary(requests=0, errors=0)
        p50, p95, p99 = (float(value) for value in np.quantile(times, (0.5, 0.95, 0.99)))
        known = None if self.cache is None else self.cache[self.cache != UNKNOWN]
        calls = None if self.db_calls is None else self.db_calls[self.db_calls != UNKNOWN]
        return Summary(
            requests=requests,
            errors=int(self.failed.sum()),
            response_ms_mean=float(times.mean()),
            response_ms_stddev=_stddev(times),
            response_ms_p50=p50,
            response_ms_p95=p95,
            response_ms_p99=p99,
            cache_hits=None if known is None or not len(known) else int((known == HIT).sum()),
            cache_known=None if known is None or len(known) in {0, requests} else len(known),
            db_calls_mean=None if calls is None or not len(calls) else float(calls.mean()),
            db_calls_stddev=None if calls is None else _stddev(calls),
        )


def _stddev(values: NDArray[Any]) -> float | None:
    return float(values.std(ddof=1)) if len(values) > 1 else None


_SERIES = (
    "response_ms_p50",
    "response_ms_p95",
    "response_ms_p99",
    "error_rate",
    "cache_hit_rate",
    "db_calls",
)
SHARES = frozenset({"error_rate", "cache_hit_rate"})
_MOST_WINDOWS = 2_000  # every window is compared with every other


@dataclass(frozen=True, eq=False)
class Windows:
    """One value a window and metric, as a time series gives them; NaN where a window holds nothing."""

    response_ms_p50: Floats | None = None
    response_ms_p95: Floats | None = None
    response_ms_p99: Floats | None = None
    error_rate: Floats | None = None
    cache_hit_rate: Floats | None = None
    db_calls: Floats | None = None
    seconds: float = 15.0

    def __post_init__(self) -> None:
        for name in _SERIES:
            series = getattr(self, name)
            if series is not None and len(series) > _MOST_WINDOWS:
                raise ValueError(f"{name} has {len(series)} windows; at most {_MOST_WINDOWS} can be judged.")

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Windows:
        """Build from `windows` of a snapshot; null, NaN and infinite values are missing, never 0."""
        series: dict[str, Floats] = {}
        for name in _SERIES:
            if body.get(name) is not None:
                values = numbers(name, body[name], 1.0 if name in SHARES else LARGEST)
                series[name] = np.where(np.isfinite(values), values, np.nan)
        return cls(**series, seconds=float(body.get("seconds", 15.0)))

    def to_json(self) -> dict[str, Any]:
        """Return the same shape, missing values as null."""
        body: dict[str, Any] = {"seconds": self.seconds}
        for name in _SERIES:
            series = getattr(self, name)
            if series is not None:
                body[name] = [float(value) if np.isfinite(value) else None for value in series]
        return body


@dataclass(frozen=True)
class Summary:
    """Aggregates only. `cache_known` is how many requests said hit or miss (None: all of them)."""

    requests: int
    errors: int | None = None
    response_ms_mean: float | None = None
    response_ms_stddev: float | None = None
    response_ms_p50: float | None = None
    response_ms_p95: float | None = None
    response_ms_p99: float | None = None
    cache_hits: int | None = None
    cache_known: int | None = None
    db_calls_mean: float | None = None
    db_calls_stddev: float | None = None

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Summary:
        """Build from `summary` of a snapshot; ValueError says which number is wrong."""
        flat: dict[str, Any] = {
            name: body[name]
            for name in ("requests", "errors", "cache_hits", "cache_known")
            if body.get(name) is not None
        }
        for group, names in (
            ("response_ms", ("mean", "stddev", "p50", "p95", "p99")),
            ("db_calls", ("mean", "stddev")),
        ):
            for name, value in (body.get(group) or {}).items():
                if name in names and value is not None:
                    flat[f"{group}_{name}"] = float(
                        no_gaps(f"{group}.{name}", numbers(f"{group}.{name}", [value]))[0]
                    )
        for name in ("requests", "errors", "cache_hits", "cache_known"):
            if name in flat:
                flat[name] = int(no_gaps(name, whole(name, [flat[name]], _MOST_CALLS))[0])
                if flat[name] > flat.get("requests", 0):
                    raise ValueError(f"{name} is {flat[name]}, more than there were requests.")
        if flat.get("cache_hits", 0) > flat.get("cache_known", _MOST_CALLS):
            raise ValueError("cache_hits is more than cache_known.")
        return cls(**flat)

    def to_json(self) -> dict[str, Any]:
        """Return the same shape, without what is missing."""
        body: dict[str, Any] = {}
        for name, value in vars(self).items():
            group, _, statistic = name.rpartition("_")
            if value is None:
                continue
            if group in {"response_ms", "db_calls"}:
                body.setdefault(group, {})[statistic] = value
            else:
                body[name] = value
        return body


Evidence: TypeAlias = Requests | Windows | Summary


@dataclass(frozen=True)
class Side:
    """The evidence of one side (before or after) and the conditions under which it was taken."""

    evidence: Evidence
    environment: str
    route: str
    cache_state: str | None = None
    cache_cleared: str | None = None
