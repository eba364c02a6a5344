"""Lists, a page at a time. A page that does not exist is a 404 that shows the way to the last one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from django.core.paginator import Paginator
from django.http import HttpRequest

from releasedesk.problems.problem import FieldError, invalid

if TYPE_CHECKING:
    from django.core.paginator import _SupportsPagination

PAGE_SIZE = 25
LONGEST_NUMBER = 9
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Row]):
    """One page of a list, and the addresses of its neighbours with the same filters; empty for none."""

    rows: list[Row]
    number: int
    last: int
    count: int
    previous: str
    next: str
    last_address: str

    @property
    def exists(self) -> bool:
        """Whether the list goes that far."""
        return self.number <= self.last

    @property
    def status(self) -> int:
        """The HTTP status of the whole answer."""
        return 200 if self.exists else 404


def page(request: HttpRequest, rows: _SupportsPagination[Row]) -> Page[Row]:
    """Cut out the page that `?page=` names, counted from 1. Raises 422 for what is no number."""
    text = request.GET.get("page", "1")
    if not (text.isascii() and text.isdigit() and int(text[:LONGEST_NUMBER]) > 0):
        raise invalid(
            FieldError("?page", "format", "This is not a page number.", "a whole number from 1", text[:100])
        )
    number, pages = int(text[:LONGEST_NUMBER]), Paginator(rows, PAGE_SIZE)
    last = pages.num_pages

    def address(other: int) -> str:
        query = request.GET.copy()
        query["page"] = str(other)
        return f"{request.path}?{query.urlencode()}"

    return Page(
        rows=list(pages.page(number).object_list) if number <= last else [],
        number=number,
        last=last,
        count=pages.count,
        previous=address(number - 1) if 1 < number <= last else "",
        next=address(number + 1) if number < last else "",
        last_address=address(last),
    )
