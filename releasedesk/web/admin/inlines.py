"""Rows within another row's page."""

# ruff: noqa: ARG002 - the signatures are Django's
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from releasedesk.web.admin.forms import ActionForm, ActionFormSet, FactFormSet, without_icons
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
    # Django's own widgets are as wide as a page; these share it with the other columns.
    formfield_overrides = {
        models.URLField: {"assume_scheme": "https", "widget": forms.URLInput(attrs={"size": 24})},
        models.CharField: {"widget": forms.TextInput(attrs={"size": 24})},
        models.TextField: {"widget": forms.Textarea(attrs={"rows": 2, "cols": 24})},
    }
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

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Ask for a field, without four icons beside every name."""
        return without_icons(super().formfield_for_dbfield(db_field, request, **kwargs))

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Fetch the rows with what they name."""
        return super().get_queryset(request).select_related(*self.related)


class FactInline(ActionInline):
    """Rows that are only shown."""

    formset = FactFormSet
    max_num = 0
    can_delete = False
    show_change_link = True

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.verbose_name_plural = f"{self.verbose_name_plural} (at most {FactFormSet.AT_MOST} are shown)"

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody adds a fact by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes a fact."""
        return False
