"""What a browser keeps of a form while it is being typed, and how it learns that the desk has it.

Each form carries a random key. When it was saved, the answer names the key in a cookie, and `forms.js` drops
the draft it kept under it. The key is no secret: it also makes a second sending of the same form harmless.
"""

from __future__ import annotations

import re
from secrets import token_urlsafe

from django.conf import settings
from django.http import HttpRequest, HttpResponse

COOKIE = "saved"
SANE = re.compile(r"[A-Za-z0-9_-]{8,64}", re.ASCII)
A_DAY = 24 * 60 * 60


def draft_key(request: HttpRequest) -> str:
    """The key the form came with, else a new one."""
    given = request.POST.get("key", "")
    return given if SANE.fullmatch(given) else token_urlsafe(16)


def sent(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Let the browser forget its draft: the desk has it now. Not HttpOnly, for a script is to read it."""
    response.set_cookie(
        COOKIE,
        draft_key(request),
        max_age=A_DAY,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )
    return response
