"""Rows within another row's page."""

# ruff: noqa: ARG002 - the signatures are Django's
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from releasedesk.web.admin.forms import ActionForm, ActionFormSet
from releasedesk.web.admin.refusal import refused

if TYPE_CHECKING:
    from releasedesk.web.admin.asked import Asked

    TabularInline = admin.TabularInline[Any, Any]
else:
    TabularInline = admin.TabularInline


class ActionInline(TabularInline):
    """Rows that are part of what the page's own action writes. Subclasses may give each row an action."""

    form = ActionForm
    formset = ActionFormSet
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}
    extra = 0
    related: ClassVar[Sequence[str]] = ()
    form_names: ClassVar[dict[str, str]] = {}
    """What the body calls a field that has another name in the form."""

    def write(self, asked: Asked, parent: models.Model) -> None:
        """Carry out what one new or changed row asks for."""

    def remove(self, asked: Asked) -> None:
        """Carry out that one row shall go."""

    def initial_rows(self, parent: Any) -> list[dict[str, Any]]:
        """Give the rows that are offered to be filled in."""
        return []

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Give the rows their inline, and what was refused."""
        formset: Any = super().get_formset(request, obj, **kwargs)
        formset.inline, formset.problem = self, refused(request)
        return formset

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Fetch the rows with what they name."""
        return super().get_queryset(request).select_related(*self.related)


class FactInline(ActionInline):
    """Rows that are only shown."""

    max_num = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody adds a fact by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes a fact."""
        return False
