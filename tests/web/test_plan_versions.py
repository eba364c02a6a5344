"""What changed between two versions of a rollback plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.test import Client

from tests.builders import make_plan, make_rehearsal, make_release, make_service
from tests.web.reading import text_of

if TYPE_CHECKING:
    from pytest_django import DjangoAssertNumQueries

    from releasedesk.accounts.models import User
    from releasedesk.releases.models import Release

pytestmark = pytest.mark.django_db
OF_RELEASE = "/services/checkout-api/releases/1.1/rollback-plan/versions/"
STANDING = "/services/checkout-api/rollback-plan/versions/"


def steps(command: str) -> list[dict[str, str]]:
    return [{"instruction": "Deploy", "command": command}]


@pytest.fixture(autouse=True)
def release(bob: User) -> Release:
    service = make_service()
    make_plan(service, steps=steps("deploy the standing way"))
    release = make_release(service, "1.1")
    make_plan(service, release, steps=steps("deploy slowly"))
    make_rehearsal(release)
    make_plan(service, release, steps=steps("deploy fast"))
    return release


def test_the_newest_is_compared_with_the_one_before(client: Client, charlie: User) -> None:
    text = text_of(client, charlie, OF_RELEASE)

    assert "From 2 to 3" in text
    assert "taken out: $ deploy slowly put in: $ deploy fast" in " ".join(text.split())
    assert "not rehearsed" in text


def test_two_may_be_named_and_the_standing_plan_is_one(client: Client, bob: User) -> None:
    text = text_of(client, bob, f"{OF_RELEASE}?from=standing&to=3")
    assert "taken out: $ deploy the standing way put in: $ deploy fast" in " ".join(text.split())


def test_one_version_alone_says_so(client: Client, bob: User) -> None:
    assert "There is one version only." in text_of(client, bob, STANDING)


@pytest.mark.parametrize("query", ["?from=9", "?to=x"])
def test_an_unknown_version_is_not_found(client: Client, bob: User, query: str) -> None:
    client.force_login(bob)
    answer = client.get(f"{OF_RELEASE}{query}")
    assert answer.status_code == 404
    assert "standing" in answer.content.decode()


def test_a_stranger_gets_the_login(client: Client) -> None:
    assert client.get(OF_RELEASE)["Location"] == f"/accounts/login/?next={OF_RELEASE}"


def test_queries_do_not_grow_with_the_versions(
    client: Client, bob: User, release: Release, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(5):
        make_plan(release.service, release, steps=steps(f"deploy {number}"))
    client.force_login(bob)
    with django_assert_max_num_queries(11):
        client.get(OF_RELEASE)
