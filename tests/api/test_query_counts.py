"""What the API costs: a fixed number of queries, whatever there is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from releasedesk.catalog.models import Service
from tests.api.asking import CHECKOUT, RELEASE, send
from tests.builders import (
    NOON,
    event,
    make_deployment,
    make_plan,
    make_rehearsal,
    make_release,
    make_service,
    make_snapshot,
    minutes,
)


def little(service: Service) -> None:
    make_plan(service)
    make_deployment(service, "0.9", at=NOON - minutes(60))
    make_deployment(service, "1.0", at=NOON - minutes(55))
    make_deployment(service, "1.1", at=NOON - minutes(54))
    make_deployment(service, "1.0", at=NOON - minutes(53))
    make_rehearsal(make_release(service, "1.0"), finished_at=NOON - minutes(56))
    make_snapshot(make_release(service, "1.0"))


def much(service: Service) -> None:
    little(service)
    for number in range(12):
        version = f"0.{number}"
        make_deployment(service, version, kind="started", at=NOON - minutes(49 - 2 * number))
        make_deployment(service, version, at=NOON - minutes(48 - 2 * number))
        make_service(f"service-{number}", metric_policies=[{"metric": "db_calls"}])
    release = make_release(service, "1.0", changes=[{"sha": f"{number:07}"} for number in range(9)])
    for number in range(4):
        make_deployment(service, "1.0", at=NOON - minutes(9 - number))
        for phase in ("before", "after"):
            make_snapshot(release, phase, route=f"GET /{number}")


READ = {
    "/api/v1/services": 4,
    CHECKOUT: 3,
    f"{CHECKOUT}/releases": 6,
    RELEASE: 7,
    f"{RELEASE}/snapshots": 4,
    f"{RELEASE}/note": 3,
    f"{CHECKOUT}/rollback?environment=production": 14,
}


@pytest.mark.parametrize("there_is", [little, much])
@pytest.mark.parametrize("path", READ)
def test_reading_costs_a_fixed_number_of_queries(
    ci: Client,
    checkout: Service,
    there_is: Callable[[Service], None],
    path: str,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    there_is(checkout)
    ci.get(path)  # the token's last use is written down once a minute
    with django_assert_num_queries(READ[path]):
        ci.get(path)


@pytest.mark.parametrize("there_is", [little, much])
def test_a_deployment_costs_a_fixed_number_of_queries(
    ci: Client,
    checkout: Service,
    there_is: Callable[[Service], None],
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    there_is(checkout)
    ci.get(CHECKOUT)
    with django_assert_num_queries(16):  # its place is folded anew
        assert send(ci, version="1.0", commit="9f3c123").status_code == 201


@pytest.mark.parametrize("releases", [1, 30])
def test_going_forward_costs_fewer_queries_and_reads_no_history(
    ci: Client, checkout: Service, releases: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(releases):
        make_deployment(checkout, f"0.{number}", at=NOON - minutes(60 - number))
    make_release(checkout, "1.0")
    ci.get(CHECKOUT)
    with django_assert_num_queries(3):  # two of them are a savepoint, as a test is a transaction
        assert send(ci, version="1.0").status_code == 201


def test_a_list_costs_no_more_queries_than_one(
    ci: Client, checkout: Service, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for service in (checkout, make_service("basket")):
        make_deployment(service, "0.9", at=NOON - minutes(60))
        make_release(service, "1.0")
    ci.get(CHECKOUT)
    many = [
        event(kind, service=service, version="1.0", environment=environment)
        for service in ("checkout-api", "basket")
        for environment in ("staging", "production")
        for kind in ("deployment.started", "deployment.succeeded")
    ]
    with django_assert_num_queries(3):  # two of them are a savepoint, as a test is a transaction
        assert [one["status"] for one in send(ci, many).json()["results"]] == [201] * 8
