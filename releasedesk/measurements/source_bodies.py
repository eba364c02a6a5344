"""A metric source as it is typed, and the queries to begin with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from releasedesk.measurements.prometheus import METRICS
from releasedesk.problems.body import ONE_LINE, Body, Text, Url, Whole, YesNo, refuse

Query = Annotated[str, StringConstraints(max_length=4000)]


class QueriesBody(Body):
    """PromQL for each metric, each for one series: milliseconds, a share of 0 to 1, calls a request."""

    response_ms_p95: Query | None = None
    error_rate: Query | None = None
    cache_hit_rate: Query | None = None
    db_calls: Query | None = None

    @model_validator(mode="after")
    def _one_at_least(self) -> Self:
        if not any(getattr(self, metric) for metric in METRICS):
            raise refuse("required", "No query is given.", "a query for at least one metric")
        return self


class MetricSourceBody(Body):
    """A whole source. A credential that is left out stays; "" takes it away. Spans are in seconds."""

    url: Url
    credential: Annotated[Text, StringConstraints(max_length=4000)] | None = None
    route: Annotated[str, StringConstraints(min_length=1, max_length=500), ONE_LINE]
    queries: QueriesBody
    step: Annotated[Whole, Field(ge=1, le=3600)] = 15
    span: Annotated[Whole, Field(ge=5, le=86_400)] = 600
    warm_up: Annotated[Whole, Field(ge=0, le=86_400)] = 120
    paused: YesNo = False

    @model_validator(mode="after")
    def _five_points_at_least(self) -> Self:
        if self.span < 5 * self.step:
            raise refuse(
                "too_short",
                f"A window of {self.span} s with a point every {self.step} s has fewer than 5 points.",
                f"{5 * self.step} seconds or more",
                at=("span",),
            )
        return self


@dataclass(frozen=True, slots=True)
class Starter:
    """Queries for a usual exporter; SERVICE and the like are for the team to replace."""

    key: str
    label: str
    queries: Mapping[str, str]


def _p95(buckets: str, *, seconds: bool = True) -> str:
    factor = "1000 * " if seconds else ""
    return f"{factor}histogram_quantile(0.95, sum by (le) (rate({buckets}[1m])))"


def _share(part: str, whole: str) -> str:
    """Divide two rates. While there was no `part` yet Prometheus knows no series of it: that is a true 0."""
    return f"(sum(rate({part}[1m])) or vector(0)) / sum(rate({whole}[1m]))"


_DJANGO = "django_http_responses_total_by_status_total"
_NGINX = "nginx_ingress_controller_requests"
_TO = 'destination_service_name="SERVICE"'
STARTERS: Mapping[str, Starter] = {
    starter.key: starter
    for starter in (
        Starter(
            "django-prometheus",
            "django-prometheus",
            {
                "response_ms_p95": _p95(
                    'django_http_requests_latency_seconds_by_view_method_bucket{job="SERVICE"}'
                ),
                "error_rate": _share(
                    f'{_DJANGO}{{job="SERVICE",status=~"5.."}}', f'{_DJANGO}{{job="SERVICE"}}'
                ),
                "cache_hit_rate": _share(
                    'django_cache_get_hits_total{job="SERVICE"}', 'django_cache_get_total{job="SERVICE"}'
                ),
                "db_calls": _share('django_db_execute_total{job="SERVICE"}', f'{_DJANGO}{{job="SERVICE"}}'),
            },
        ),
        Starter(
            "traefik",
            "Traefik",
            {
                "response_ms_p95": _p95('traefik_service_request_duration_seconds_bucket{service="SERVICE"}'),
                "error_rate": _share(
                    'traefik_service_requests_total{service="SERVICE",code=~"5.."}',
                    'traefik_service_requests_total{service="SERVICE"}',
                ),
            },
        ),
        Starter(
            "istio",
            "Istio",
            {
                "response_ms_p95": _p95(
                    f"istio_request_duration_milliseconds_bucket{{{_TO}}}", seconds=False
                ),
                "error_rate": _share(
                    f'istio_requests_total{{{_TO},response_code=~"5.."}}', f"istio_requests_total{{{_TO}}}"
                ),
            },
        ),
        Starter(
            "nginx-ingress",
            "NGINX ingress controller",
            {
                "response_ms_p95": _p95(
                    'nginx_ingress_controller_request_duration_seconds_bucket{ingress="SERVICE"}'
                ),
                "error_rate": _share(
                    f'{_NGINX}{{ingress="SERVICE",status=~"5.."}}', f'{_NGINX}{{ingress="SERVICE"}}'
                ),
            },
        ),
    )
}
