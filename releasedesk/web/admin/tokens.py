"""Tokens are issued, shown once, and revoked; never edited."""

from __future__ import annotations

from django import forms
from django.contrib.admin import display, register
from django.utils import timezone

from releasedesk.actions.revoke_token import revoke_token
from releasedesk.actions.tokens import issue_token
from releasedesk.catalog.models import Scope, Token
from releasedesk.web.admin.asked import Asked
from releasedesk.web.admin.endable import EndableAdmin
from releasedesk.web.admin.forms import ActionForm
from releasedesk.web.admin.site import site


class TokenForm(ActionForm):
    """What a token is for. The scopes are ticked."""

    scopes = forms.MultipleChoiceField(
        choices=[(str(scope), str(scope)) for scope in Scope], widget=forms.CheckboxSelectMultiple
    )


@register(Token, site=site)
class TokenAdmin(EndableAdmin):
    """A machine's way in."""

    form = TokenForm
    end, ended = "Revoke it", "is revoked"
    list_display = ("id", "name", "team", "service", "scopes", "state", "last_used_at", "expires_at")
    list_filter = ("team", "expires_at", "revoked_at", "last_used_at")
    list_select_related = ("team", "service")
    search_fields = ("id", "name", "team__slug", "service__slug")
    autocomplete_fields = ("team", "service")
    asks_for = ("name", "team", "service", "scopes", "expires_at")
    shows = ("id", *asks_for, "state", "created_by", "created_at", "last_used_at", "revoked_at")

    def write(self, asked: Asked) -> Token:
        """Issue one and show it, or revoke one."""
        if asked.row is not None:
            return revoke_token(asked.actor, asked.row, now=asked.now)
        token, text = issue_token(
            created_by=asked.actor.label,
            now=asked.now,
            **{name: asked[name] for name in self.asks_for},
        )
        asked.tell(f"Copy the token now, it is shown only once: {text}")
        return token

    def can_end(self, row: Token) -> bool:
        """A revoked one is revoked."""
        return row.revoked_at is None

    @display
    def state(self, token: Token) -> str:
        """Whether it is still a way in."""
        if token.revoked_at:
            return "revoked"
        return "expired" if token.expires_at and token.expires_at <= timezone.now() else "usable"
