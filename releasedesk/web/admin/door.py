"""What every page of the administration shares: a save or a deletion asks one action and writes nothing."""

# ruff: noqa: ARG002 - the signatures are Django's
from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import pghistory
from django.contrib import admin, messages
from django.contrib.admin.utils import NestedObjects, quote, unquote
from django.contrib.admin.widgets import AdminTextareaWidget
from django.db import DEFAULT_DB_ALIAS, models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from releasedesk.accounts.models import User
from releasedesk.accounts.roles import Actor
from releasedesk.problems.problem import Problem
from releasedesk.web.admin.asked import Asked
from releasedesk.web.admin.forms import ActionForm, without_icons
from releasedesk.web.admin.refusal import refuse, refused, words

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin


def actor_of(request: HttpRequest) -> Actor:
    """Who acts."""
    assert isinstance(request.user, User)
    return request.user.as_actor()


class ActionAdmin(ModelAdmin):
    """A model whose rows are written by actions.

    Subclasses say which, in `write` and `remove`. `identity` names the fields by which the outside knows a
    row: they are asked for once. `heavy` names what a list needs not.
    """

    form = ActionForm
    actions = None
    list_per_page = 50
    show_full_result_count = False
    formfield_overrides = {
        models.URLField: {"assume_scheme": "https"},
        models.TextField: {"widget": AdminTextareaWidget(attrs={"rows": 3})},
    }
    identity: ClassVar[tuple[str, ...]] = ()
    heavy: ClassVar[tuple[str, ...]] = ()

    def write(self, asked: Asked) -> models.Model:
        """Carry out what the page asks for and return the row as it is now."""
        raise NotImplementedError

    def remove(self, asked: Asked) -> None:
        """Carry out that the row shall go."""
        raise NotImplementedError

    # -- saving ----------------------------------------------------------------------------------------------

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Serve the form. What an action refuses is taken back whole, and shown beside what was typed."""
        serve = super().changeform_view
        if request.method != "POST":
            return serve(request, object_id, form_url, extra_context)
        try:
            with pghistory.context(by=request.user.get_username()):
                return serve(request, object_id, form_url, extra_context)
        except Problem as problem:
            refuse(request, problem)
            return serve(request, object_id, form_url, extra_context)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Give the form what was refused."""
        form: Any = super().get_form(request, obj, change=change, **kwargs)  # a class of this request alone
        form.problem = refused(request)
        return form

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Ask for a field, without four icons beside every name."""
        return without_icons(super().formfield_for_dbfield(db_field, request, **kwargs))

    def get_formset_kwargs(self, request: HttpRequest, obj: Any, inline: Any, prefix: str) -> dict[str, Any]:
        """Offer an inline's rows that are to be filled in."""
        kwargs: dict[str, Any] = super().get_formset_kwargs(request, obj, inline, prefix)
        if rows := inline.initial_rows(obj):
            kwargs["initial"] = rows
        return kwargs

    def save_form(self, request: HttpRequest, form: Any, change: Any) -> Any:
        """Keep the form as it is: it has read what was typed."""
        return form.instance

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """Wait for the inlines: the action is asked in `save_related`, once for the whole page."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: Any) -> None:
        """Ask the page's action, then those of the rows."""
        asked = Asked(
            actor=actor_of(request),
            now=timezone.now(),
            row=form.instance if change else None,
            data=form.cleaned_data,
            parts={formset.prefix: [row.cleaned_data for row in formset.rows] for formset in formsets},
        )
        written = self.write(asked)
        # Messages, links and the log that follow speak of the form's row: let it be the one that was written.
        vars(form.instance).update(vars(written))
        for formset in formsets:
            formset.carry_out(asked, written)
        for message in asked.told:
            self.message_user(request, message, messages.WARNING)

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> Any:
        """Name the changed fields; of inlines Django would ask what it has saved, which is nothing."""
        return super().construct_change_message(request, form, [], add)

    # -- deleting --------------------------------------------------------------------------------------------

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask whether it shall go, then ask the action. What it refuses is said on the row's page."""
        try:
            with pghistory.context(by=request.user.get_username()):
                return super().delete_view(request, object_id, extra_context)
        except Problem as problem:
            self.message_user(request, words(problem), messages.ERROR)
            return HttpResponseRedirect(self.address(unquote(object_id)))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Ask the action."""
        self.remove(Asked(actor=actor_of(request), now=timezone.now(), row=obj, data={}))

    def get_deleted_objects(
        self, objs: Sequence[Any] | models.QuerySet[Any], request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[str]]:
        """Say in numbers what would go too: a service has thousands of rows. The action says what may not."""
        collector = NestedObjects(using=DEFAULT_DB_ALIAS, origin=objs)
        collector.collect(objs)
        found: Mapping[Any, Collection[Any]] = collector.model_objs
        counts = {
            str(model._meta.verbose_name_plural): len(rows)  # noqa: SLF001 - public in all but its name
            for model, rows in found.items()
        }
        return [str(row) for row in objs], counts, set(), []

    # -- reading ---------------------------------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Fetch rows with what they name, for lists, pages and autocompletion alike."""
        related = [] if isinstance(self.list_select_related, bool) else self.list_select_related
        rows = super().get_queryset(request).select_related(*related)
        return rows.defer(*self.heavy) if self.heavy else rows

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Ask for what identifies a row only once."""
        return (*super().get_readonly_fields(request, obj), *(self.identity if obj else ()))

    def address(self, key: int | str) -> str:
        """The page of a row."""
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
        return reverse(name, args=[quote(key)])


class FactAdmin(ActionAdmin):
    """Rows that are read, never written by hand."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds a fact by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes a fact."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody takes a fact away."""
        return False
