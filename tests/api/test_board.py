"""The board as JSON, and the conditions under which it is not sent again."""

from __future__ import annotations

import pytest
from django.test import Client

from releasedesk.catalog.models import Service
from tests.builders import make_deployment

BOARD = "/api/v1/board"


@pytest.mark.parametrize("condition", ["{tag}", "W/{tag}", '"old.1", {tag}', "*"])
def test_who_has_the_present_board_is_not_sent_it_again(
    ci: Client, checkout: Service, condition: str
) -> None:
    tag = ci.get(BOARD)["ETag"]
    answer = ci.get(BOARD, headers={"If-None-Match": condition.format(tag=tag)})
    assert (answer.status_code, answer["ETag"]) == (304, tag)


def test_who_has_an_older_board_is_sent_the_present_one(ci: Client, checkout: Service) -> None:
    tag = ci.get(BOARD)["ETag"]
    make_deployment(checkout)
    answer = ci.get(BOARD, headers={"If-None-Match": f'"old.1", {tag}'})
    assert answer.status_code == 200
    assert answer["ETag"] != tag
