"""Lists, a page at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from releasedesk.problems.problem import FieldError, Problem, invalid

if TYPE_CHECKING:
    from releasedesk.api.door import Door

PAGE_SIZE = 50
Row = TypeVar("Row", bound=Model)


def page(
    door: Door, request: Request, rows: QuerySet[Row], shape: Callable[[Sequence[Row]], list[dict[str, Any]]]
) -> Response:
    """Answer `{"count", "next", "previous", "results"}`. `?page=` counts from 1. Raises 422 and 404.

    `shape` gets all rows of the page at once, so that what it asks beside them it asks once.
    """
    text = request.query_params.get("page", "1")
    if not (text.isascii() and text.isdigit() and int(text[:9]) > 0):
        raise invalid(
            FieldError("?page", "format", "This is not a page number.", "a whole number from 1", text[:100])
        )
    pages = Paginator(rows, PAGE_SIZE)
    number = int(text[:9])
    if number > pages.num_pages:
        raise Problem("not-found", f"There is no page {number}; the last is {pages.num_pages}.")
    current = pages.page(number)

    def link(other: int) -> str:
        return door.absolute(f"{request.path}?{urlencode({**request.query_params.dict(), 'page': other})}")

    return Response(
        {
            "count": pages.count,
            "next": link(number + 1) if current.has_next() else None,
            "previous": link(number - 1) if current.has_previous() else None,
            "results": shape(list(current.object_list)),
        }
    )
