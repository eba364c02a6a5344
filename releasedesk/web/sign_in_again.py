"""A session that ended while somebody was writing must not cost them what they wrote.

A form sent without a session is answered with the login, and what was typed travels in it as hidden fields to
the same address. Nothing is stored here for a stranger, nothing is looked up, and no JavaScript is needed.
"""

from __future__ import annotations

from functools import wraps
from typing import cast

from django.contrib.auth import authenticate, login
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.debug import sensitive_post_parameters

from releasedesk.web.access import P, View

NAME, PASSWORD = "sign_in/name", "sign_in/password"
OURS = {NAME, PASSWORD, "csrfmiddlewaretoken"}


def signed_in_to_write(view: View[P]) -> View[P]:
    """Send strangers to the login before anything is looked up, with all that they have typed."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if request.user.is_authenticated or _signs_in(request):
            return view(request, *args, **kwargs)
        if request.method != "POST":
            return redirect_to_login(request.get_full_path())
        kept = [
            (name, value) for name, values in request.POST.lists() for value in values if name not in OURS
        ]
        context = {"kept": kept, "name": request.POST.get(NAME, ""), "failed": NAME in request.POST}
        return render(request, "sign_in_again.html", context, status=403)

    return cast("View[P]", sensitive_post_parameters(PASSWORD)(guarded))


def _signs_in(request: HttpRequest) -> bool:
    """Sign in with the name and password that came beside the kept fields, if they did."""
    if request.method != "POST" or NAME not in request.POST:
        return False
    user = authenticate(request, username=request.POST.get(NAME, ""), password=request.POST.get(PASSWORD, ""))
    if user is None:
        return False
    login(request, user)
    return True
