"""Register people, change what is known of them, and let them go."""

from dataclasses import asdict, dataclass

from django.db import transaction
from django.db.models import Q

from releasedesk.accounts.models import User
from releasedesk.accounts.roles import Actor
from releasedesk.actions.administration import require_administrator
from releasedesk.catalog.models import Service
from releasedesk.problems.problem import FieldError, Problem, invalid


@dataclass(frozen=True, slots=True)
class Person:
    """What the desk knows of somebody. Who is not active cannot sign in; `is_superuser` administers."""

    first_name: str = ""
    last_name: str = ""
    email: str = ""
    is_active: bool = True
    is_superuser: bool = False


def register_person(actor: Actor, username: str, person: Person, *, password: str | None) -> User:
    """Add a person; without a password nobody can sign in as them. Raises 403, 422 for a name in use."""
    require_administrator(actor, "register people")
    if User.objects.filter(username=username).exists():
        detail = f"Somebody is already called '{username}'."
        raise invalid(FieldError("#/username", "used", detail, "a name nobody has", username))
    return User.objects.create_user(
        username, password=password, is_staff=person.is_superuser, **asdict(person)
    )


def change_person(actor: Actor, username: str, person: Person) -> User:
    """Replace what is known of somebody. Raises 403, and 409 when nobody would be left to administer."""
    require_administrator(actor, "change people")
    with transaction.atomic():
        user = _locked(username)
        if user.is_superuser and not (person.is_active and person.is_superuser):
            _somebody_administers(without=user)
        for name, value in asdict(person).items():
            setattr(user, name, value)
        user.is_staff = person.is_superuser
        user.save()
    return user


def set_password(actor: Actor, user: User, password: str | None) -> None:
    """Give somebody a new password, which ends their sessions; None lets nobody sign in with one.

    Everybody may set their own. Raises 403. Whether it is good enough, the form has judged.
    """
    if actor.user_id != user.pk:
        require_administrator(actor, "set the passwords of others")
    user.set_password(password)
    user.save(update_fields=["password"])


def delete_person(actor: Actor, user: User) -> None:
    """Let somebody go. What they wrote stays under their name; what they owned has no owner then.

    Raises 403, and 409 when nobody would be left to administer.
    """
    require_administrator(actor, "delete people")
    with transaction.atomic():
        user = _locked(user.username)
        _somebody_administers(without=user)
        user.delete()


def _locked(username: str) -> User:
    """Raise the revision of what shows the person's name, then lock all who administer, then the person."""
    Service.objects.filter(Q(owner__username=username) | Q(releases__owner__username=username)).changed()
    rows = User.objects.select_for_update().filter(Q(is_superuser=True) | Q(username=username))
    return {user.username: user for user in rows.order_by("pk")}[username]


def _somebody_administers(*, without: User) -> None:
    if not User.objects.exclude(pk=without.pk).filter(is_superuser=True, is_active=True).exists():
        raise Problem(
            "conflict",
            f"{without.username} is the only one who administers the desk. Name another one first.",
        )
