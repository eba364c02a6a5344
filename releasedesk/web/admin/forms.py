"""Forms that only read: what they say is judged and carried out by an action."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.forms.formsets import DELETION_FIELD_NAME
from django.forms.models import construct_instance

from releasedesk.problems.problem import FieldError, Problem
from releasedesk.web.admin.refusal import errors_of, parts, said, within

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet

    from releasedesk.web.admin.asked import Asked
    from releasedesk.web.admin.inlines import ActionInline

    ModelForm = forms.ModelForm[Any]
    InlineFormSet = forms.BaseInlineFormSet[Any, Any, Any]
else:
    ModelForm, InlineFormSet = forms.ModelForm, forms.BaseInlineFormSet


class ActionForm(ModelForm):
    """Shows what the action refused where it belongs: at the field, else above the form."""

    problem: Problem | None = None

    def full_clean(self) -> None:
        """Judge the fields, then add what the action said about them."""
        super().full_clean()
        if self.is_bound and self.problem is not None:
            for error in errors_of(self.problem):
                self.show(error, parts(error))

    def show(self, error: FieldError, path: list[str]) -> None:
        """Put an error at its field. What is about a row of an inline is shown there."""
        if not path or path[0] in self.fields:
            self.add_error(path[0] if path else None, said(error))
        elif not is_row(path):
            self.add_error(None, f"{'_'.join(path)}: {said(error)}")

    def _post_clean(self) -> None:
        """Only read: whether there may be such a row the action says, in words that help."""
        self.instance = construct_instance(self, self.instance, self._meta.fields, self._meta.exclude)


def is_row(path: list[str]) -> bool:
    """Say whether a pointer leads to a row of a list."""
    return len(path) > 1 and path[1].isdecimal()


class ActionFormSet(InlineFormSet):
    """The rows of an inline: part of what the page's action is given, or each one asks for its own."""

    inline: ActionInline
    problem: Problem | None = None

    @property
    def rows(self) -> list[ActionForm]:
        """The rows that shall be there afterwards, by their position; an empty one is none."""
        kept = [
            form for form in self.forms if not is_deleted(form) and (form.instance.pk or form.has_changed())
        ]
        return sorted(kept, key=lambda form: form.cleaned_data.get("position") or len(kept) + 1)

    def carry_out(self, asked: Asked, parent: Model) -> None:
        """Let the inline's actions do what the rows ask for."""
        for number, form in enumerate(self.rows):
            if form.has_changed():
                row = form.instance if form.instance.pk else None
                with within(f"#/{self.prefix}/{number}"):
                    self.inline.write(asked.about(row, form.cleaned_data), parent)
        for form in self.forms:
            if is_deleted(form) and form.instance.pk:
                self.inline.remove(asked.about(form.instance, form.cleaned_data))

    def full_clean(self) -> None:
        """Judge the rows, then add what the action said about them."""
        super().full_clean()
        if not self.is_bound or self.problem is None:
            return
        rows = self.rows
        for error in errors_of(self.problem):
            path = parts(error)
            if is_row(path) and path[0] == self.prefix:
                number, *inner = path[1:]
                inner = [self.inline.form_names.get(name, name) for name in inner]
                rows[int(number)].show(error, inner if inner[:1] else [])

    def validate_unique(self) -> None:
        """Leave it to the action, which sees the rows in their final order."""


class FactFormSet(ActionFormSet):
    """Rows that are only shown, and not all of them: Django sends each one back, and takes 1,000 fields."""

    AT_MOST = 50

    @cached_property
    def first(self) -> QuerySet[Any]:
        """The first ones; one and the same object, so that they are fetched once."""
        return super().get_queryset()[: self.AT_MOST]

    def get_queryset(self) -> QuerySet[Any]:
        """Only the first ones."""
        return self.first


def is_deleted(form: forms.BaseForm) -> bool:
    """Say whether the row's "Delete?" is ticked."""
    return bool(form.cleaned_data.get(DELETION_FIELD_NAME))


class RevisionForm(ActionForm):
    """Remembers which revision was read, so that the second of two writers is told."""

    revision_read = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["revision_read"].initial = self.instance.revision


def without_icons(field: Any) -> Any:
    """Take away the buttons that open a window to add, change, delete or view what a field names."""
    if field and isinstance(field.widget, RelatedFieldWidgetWrapper):
        field.widget = field.widget.widget
    return field


class OneALine(forms.CharField):
    """A list of texts, written one a line."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> Any:
        """Split what was typed; empty lines are none."""
        text = super().to_python(value) or ""
        return [line.strip() for line in text.splitlines() if line.strip()]

    def prepare_value(self, value: Any) -> Any:
        """Show a list as it is to be typed."""
        return "\n".join(value) if isinstance(value, list) else value
