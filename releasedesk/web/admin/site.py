"""The administration as a whole: who comes in, and by which door."""

# ruff: noqa: ARG002 - the signatures are Django's
from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.contrib import admin
from django.contrib.auth.views import PasswordChangeView, redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from releasedesk.web.admin.passwords import OwnPasswordForm

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


class DeskAdmin(admin.AdminSite):
    """Only administrators come in, by the desk's own login page."""

    site_title = site_header = "ReleaseDesk administration"
    index_title = "What the desk keeps"

    def has_permission(self, request: HttpRequest) -> bool:
        """Say whether this is an administrator."""
        user = request.user
        return bool(user.is_active and user.is_staff and user.is_superuser)

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        """Send strangers to the login, whatever address they ask for, and refuse everybody else."""
        inner = super().admin_view(view, cacheable)

        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not self.has_permission(request):
                raise PermissionDenied("Only administrators of the desk may come here.")
            return inner(request, *args, **kwargs)

        return cast("View", guarded)

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseRedirect:
        """Sign in where everybody does."""
        return redirect_to_login(request.GET.get("next") or reverse("admin:index"))

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Change one's own password."""
        view = PasswordChangeView.as_view(
            form_class=OwnPasswordForm,
            success_url=reverse("admin:password_change_done"),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )
        return cast("TemplateResponse", view(request))


site = DeskAdmin()
