"""What happened to a row, by the events the database itself wrote down."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.admin import display
from django.contrib.admin.utils import unquote
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse

from releasedesk.catalog.models import Service
from releasedesk.web.admin.door import ActionAdmin, FactAdmin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import Model

NEWEST = 200


def differences(before: Model | None, after: Model) -> Iterator[tuple[str, Any, Any]]:
    """Name every field that differs between two events of a row, with what it was and is."""
    for field in after._meta.fields:  # noqa: SLF001 - public in all but its name
        if field.name.startswith("pgh_") or field.name == "id":
            continue
        was, now = getattr(before, field.attname, None), getattr(after, field.attname)
        if was != now and (before or now):
            yield str(field.verbose_name), shown(was), shown(now)


def shown(value: Any) -> Any:
    """Nothing is shown as nothing; False and 0 are something."""
    return "-" if value in (None, "", []) else value


class TrackedAdmin(ActionAdmin):
    """A model with a history. The database writes it, so it also knows what CI and plain SQL did."""

    object_history_template = "admin/tracked_history.html"

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the newest events first, each with what it changed."""
        events: Any = self.opts.get_field("events").related_model
        found = events.objects.filter(pgh_obj=unquote(object_id)).select_related("pgh_context")
        newest = [*found.order_by("-pgh_id")[: NEWEST + 1], None]
        lines = [
            {"event": event, "by": by(event), "changes": list(differences(before, event))}
            for event, before in pairwise(newest)
            if event is not None
        ]
        return super().history_view(
            request, object_id, {"lines": lines[:NEWEST], "most": NEWEST, **(extra_context or {})}
        )


def by(event: Any) -> str:
    """Who it was, where the door that was used has said so."""
    return str(event.pgh_context.metadata.get("by", "")) if event.pgh_context else ""


class EventAdmin(FactAdmin):
    """The events themselves, also of rows that are gone."""

    list_filter = ("pgh_label", "pgh_created_at")
    list_select_related = ("pgh_context",)
    ordering = ("-pgh_id",)
    of: ClassVar[Subquery]
    """The name of what it happened to: a foreign key may point at what is gone, and a join would hide it."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Name what each event happened to."""
        rows: QuerySet[Any] = super().get_queryset(request).annotate(of=self.of)
        return rows

    @display(description="what", ordering="of")
    def what(self, event: Any) -> str:
        """The name of what it happened to."""
        return str(event.of or "-")

    @display(description="by")
    def who(self, event: Any) -> str:
        """Who it was."""
        return by(event) or "-"


def slug_of_service(reference: str) -> Subquery:
    """Look up the service an event names in this field."""
    return Subquery(Service.objects.filter(pk=OuterRef(reference)).values("slug"))
