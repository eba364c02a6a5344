"""Tokens are issued once, shown once, and kept as a digest."""

from __future__ import annotations

import pytest
from django.db import connection

from releasedesk.accounts.models import Team
from releasedesk.actions.tokens import authenticate, issue_token
from releasedesk.catalog.models import Token
from releasedesk.problems.problem import Problem
from tests.builders import NOON, make_service, make_team


def test_only_the_digest_of_the_secret_is_kept(payments: Team) -> None:
    token, text = issue_token(
        payments, service=None, scopes=["read"], name="ci", created_by="alice", now=NOON
    )
    prefix, token_id, secret = text.split("_", 2)
    assert (prefix, token_id) == ("rdk", token.pk)
    with connection.cursor() as cursor:
        cursor.execute("SELECT catalog_token::text FROM catalog_token")
        assert secret not in cursor.fetchone()[0]
    found = authenticate(f"bearer {text}", address="10.0.0.1", now=NOON)
    assert found == token


def test_another_of_the_same_name_revokes_nothing(payments: Team) -> None:
    texts = [
        issue_token(payments, service=None, scopes=["read", "read"], name="ci", created_by="a", now=NOON)[1]
        for _ in range(2)
    ]
    assert all(authenticate(f"Bearer {text}", address="a", now=NOON) for text in texts)
    assert Token.objects.first() is not None
    assert [token.scopes for token in Token.objects.all()] == [["read"], ["read"]]


@pytest.mark.parametrize(
    ("scopes", "name", "pointer"),
    [
        (["root"], "ci", "#/scopes"),
        ([], "ci", "#/scopes"),
        (["read"], "", "#/name"),
        (["read"], "x" * 151, "#/name"),
        (["read"], "a\nb", "#/name"),
    ],
)
def test_a_token_that_cannot_be_is_not_issued(
    payments: Team, scopes: list[str], name: str, pointer: str
) -> None:
    with pytest.raises(Problem) as refused:
        issue_token(payments, service=None, scopes=scopes, name=name, created_by="a", now=NOON)
    assert refused.value.errors[0].pointer == pointer
    assert not Token.objects.exists()


def test_a_token_for_another_teams_service_is_not_issued(payments: Team) -> None:
    other = make_service("search-api", make_team("search"))
    with pytest.raises(Problem) as refused:
        issue_token(payments, service=other, scopes=["read"], name="ci", created_by="a", now=NOON)
    assert refused.value.status == 403


def test_a_header_without_bearer_is_nobodys(payments: Team) -> None:
    assert authenticate("Basic YTpi", address="a", now=NOON) is None
    assert authenticate("", address="a", now=NOON) is None
