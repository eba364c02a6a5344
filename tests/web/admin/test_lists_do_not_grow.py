"""How much the lists of the admin ask of the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.web.admin.conftest import fill
from tests.web.admin.test_every_model import OURS, page

if TYPE_CHECKING:
    from django.test import Client


def queries_of_all_lists(admin: Client, *, rows: int) -> dict[str, int]:
    """How many queries each list takes, after a look whether it really shows that many rows."""
    counted = {}
    for model in OURS:
        with CaptureQueriesContext(connection) as queries:
            answer = admin.get(page(model, "changelist"))
        assert len(answer.context["cl"].result_list) >= rows, model
        counted[model._meta.label] = len(queries)
    return counted


@pytest.mark.django_db
def test_a_list_of_twelve_asks_no_more_than_a_list_of_three(admin: Client) -> None:
    fill(3)
    few = queries_of_all_lists(admin, rows=3)
    fill(9, start=3)
    assert queries_of_all_lists(admin, rows=12) == few
    assert max(few.values()) <= 8
