"""People, teams and roles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.admin import display, register
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from releasedesk.accounts.models import Membership, Team, User
from releasedesk.actions.administration import delete_team, put_team
from releasedesk.actions.memberships import end_membership, set_role
from releasedesk.actions.people import Person, change_person, delete_person, register_person
from releasedesk.actions.teams import set_clock
from releasedesk.problems.zones import ClockBody
from releasedesk.web.admin.asked import Asked
from releasedesk.web.admin.door import ActionAdmin
from releasedesk.web.admin.forms import ActionForm
from releasedesk.web.admin.inlines import ActionInline
from releasedesk.web.admin.passwords import OthersPasswordForm
from releasedesk.web.admin.site import site

if TYPE_CHECKING:
    UserPages = UserAdmin[User]
    UserForm = UserChangeForm[User]
    NewUserForm = AdminUserCreationForm[User]
else:
    UserPages, UserForm, NewUserForm = UserAdmin, UserChangeForm, AdminUserCreationForm

KNOWN = ("first_name", "last_name", "email", "is_active", "is_superuser")


class MembershipInline(ActionInline):
    """Who is what in a team, or in which teams a person is."""

    model = Membership
    autocomplete_fields = ("team", "user")
    related = ("team", "user")

    def write(self, asked: Asked, parent: Any) -> None:
        """Give the role."""
        set_membership(asked, **{self.fk_of(parent): parent})

    def remove(self, asked: Asked) -> None:
        """End the membership."""
        end_membership(asked.actor, asked.row)

    @staticmethod
    def fk_of(parent: Any) -> str:
        """The end of the membership that the page is about."""
        return "team" if isinstance(parent, Team) else "user"


def set_membership(asked: Asked, **known: Any) -> Membership:
    """Ask for a role; another team or another person is another membership."""
    team, user = (known.get(name) or asked[name] for name in ("team", "user"))
    return asked.take_new(set_role(asked.actor, team, user, asked["role"]), f"{user}'s role in {team}")


@register(Membership, site=site)
class MembershipAdmin(ActionAdmin):
    """One person in one team."""

    list_display = ("user", "team", "role")
    list_filter = ("role", "team")
    list_select_related = ("team", "user")
    search_fields = ("user__username", "user__last_name", "team__slug", "team__name")
    autocomplete_fields = identity = ("team", "user")

    def write(self, asked: Asked) -> Membership:
        """Give the role."""
        return set_membership(asked)

    def remove(self, asked: Asked) -> None:
        """End the membership."""
        end_membership(asked.actor, asked.row)


@register(Team, site=site)
class TeamAdmin(ActionAdmin):
    """A team with its members."""

    list_display = ("slug", "name", "timezone", "members", "services")
    list_filter = ("timezone",)
    search_fields = ("slug", "name")
    inlines = (MembershipInline,)
    identity = ("slug",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Count members and services."""
        counts = {name: Count(name, distinct=True) for name in ("memberships", "services")}
        rows: QuerySet[Any] = (
            super().get_queryset(request).annotate(**{f"n_{name}": count for name, count in counts.items()})
        )
        return rows

    @display(ordering="n_memberships")
    def members(self, team: Any) -> int:
        """How many people."""
        return int(team.n_memberships)

    @display(ordering="n_services")
    def services(self, team: Any) -> int:
        """How many services."""
        return int(team.n_services)

    def write(self, asked: Asked) -> Team:
        """Name it and set its clock."""
        team = asked.take_new(put_team(asked.actor, asked["slug"], name=asked["name"]), asked["slug"])
        set_clock(asked.actor, team, ClockBody.read(asked.body("timezone")))
        return team

    def remove(self, asked: Asked) -> None:
        """Take it away."""
        delete_team(asked.actor, asked.row)


class PersonForm(UserForm, ActionForm):
    """What is known of a person; the password has a page of its own."""


class NewPersonForm(NewUserForm, ActionForm):
    """A name and, unless they sign in elsewhere, a password."""


@register(User, site=site)
class PersonAdmin(ActionAdmin, UserPages):
    """A person with the teams they are in."""

    form = PersonForm
    add_form = NewPersonForm
    change_password_form = OthersPasswordForm
    list_display = ("username", "get_full_name", "email", "teams", "is_active", "is_superuser", "last_login")
    list_filter = ("is_active", "is_superuser", "memberships__team")
    search_fields = ("username", "first_name", "last_name", "email")
    filter_horizontal = ()
    inlines = (MembershipInline,)
    identity = ("username",)
    readonly_fields = ("last_login", "date_joined")
    fieldsets = ((None, {"fields": ("username", "password", *KNOWN, *readonly_fields)}),)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Fetch the teams along."""
        return super().get_queryset(request).prefetch_related("memberships__team")

    def teams(self, user: User) -> str:
        """The teams with the role in each."""
        return ", ".join(f"{member.team.slug} ({member.role})" for member in user.memberships.all()) or "-"

    def write(self, asked: Asked) -> User:
        """Register the person, or change what is known."""
        if asked.row is None:
            password = asked["password1"] if asked["set_usable_password"] else None
            return register_person(asked.actor, asked["username"], Person(), password=password)
        return change_person(asked.actor, asked["username"], Person(**{name: asked[name] for name in KNOWN}))

    def remove(self, asked: Asked) -> None:
        """Let them go."""
        delete_person(asked.actor, asked.row)
