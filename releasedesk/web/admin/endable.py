"""Rows that are made and ended, never edited: what was allowed once stays on record."""

# ruff: noqa: ARG002 - the signatures are Django's
from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse

from releasedesk.web.admin.door import ActionAdmin


class EndableAdmin(ActionAdmin):
    """`write` makes a row or, given one, ends it. `end` is what the button says, `ended` what came of it."""

    change_form_template = "admin/endable.html"
    end: ClassVar[str]
    ended: ClassVar[str]
    asks_for: ClassVar[tuple[str, ...]]
    shows: ClassVar[tuple[str, ...]]

    def can_end(self, row: Any) -> bool:
        """Say whether there is something left to end."""
        raise NotImplementedError

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Ask for a new one, show an old one."""
        return self.shows if obj else self.asks_for

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Nothing of an old one can be edited."""
        return self.shows if obj else ()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The one change there is, is the end."""
        return super().has_change_permission(request, obj) and (obj is None or self.can_end(obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """It stays on record."""
        return False

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        """Say that it has ended."""
        self.message_user(request, f"{obj} {self.ended}.")
        return self.response_post_save_change(request, obj)
