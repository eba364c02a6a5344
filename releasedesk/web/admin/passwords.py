"""Django's own password forms; what they decide is written by an action."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.admin.forms import AdminPasswordChangeForm as OwnForm
from django.contrib.auth.forms import AdminPasswordChangeForm

from releasedesk.accounts.models import User
from releasedesk.accounts.roles import DESK
from releasedesk.actions.people import set_password

if TYPE_CHECKING:
    FormOfUser = AdminPasswordChangeForm[User]
else:
    FormOfUser = AdminPasswordChangeForm


class OwnPasswordForm(OwnForm):
    """Asks for the old password and for a new one."""

    def set_password_and_save(self, user: User, *args: Any, **kwargs: Any) -> User:  # noqa: ARG002 - Django's
        """Ask the action, as the person themselves."""
        set_password(user.as_actor(), user, self.cleaned_data["new_password1"])
        return user


class OthersPasswordForm(FormOfUser):
    """Sets somebody's password, or lets nobody sign in as them with one."""

    def set_password_and_save(self, user: User, *args: Any, **kwargs: Any) -> User:  # noqa: ARG002 - Django's
        """Ask the action. The form does not know who asks: only administrators reach its page."""
        usable = self.cleaned_data["set_usable_password"]
        set_password(DESK, user, self.cleaned_data["password1"] if usable else None)
        return user
