"""Say where releases run."""

from django.db import transaction

from releasedesk.accounts.roles import Actor
from releasedesk.actions.administration import delete_unused, require_administrator
from releasedesk.catalog.models import Environment, Service, Tier
from releasedesk.problems.body import check_slug
from releasedesk.problems.problem import FieldError, invalid, unknown

LAST_IN_ORDER = 32_767  # what PostgreSQL's smallint holds


def put_environment(
    actor: Actor,
    name: str,
    *,
    tier: str,
    order: int,
    staged_in: str | None = None,
    four_eyes: bool | None = None,
) -> tuple[Environment, bool]:
    """Set an environment's tier and its place on the way to production, adding it when it is new.

    `staged_in` is the tier a release has to run in first, "" for the usual one; None leaves it as it is, as
    it does `four_eyes`.

    Returns it and whether it was created. Environments are everybody's: every service is changed with them.
    Raises 403, and 422 for a name that is no slug, an unknown tier or an order that cannot be.
    """
    if not actor.admin_scope:
        require_administrator(actor, "set up environments")
    check_slug(name)
    for pointer, given in (("#/tier", tier), ("#/staged_in", staged_in or tier)):
        if given not in Tier.values:
            raise invalid(unknown(pointer, "tier", given, Tier.values))
    if not 0 <= order <= LAST_IN_ORDER:
        expected = f"a whole number from 0 to {LAST_IN_ORDER}"
        raise invalid(FieldError("#/order", "range", "This cannot be a place in the order.", expected, order))
    with transaction.atomic():
        Service.objects.changed()
        said = {"tier": tier, "order": order, "staged_in": staged_in, "four_eyes": four_eyes}
        stated = {field: value for field, value in said.items() if value is not None}
        return Environment.objects.update_or_create(name=name, defaults=stated)


def delete_environment(actor: Actor, environment: Environment) -> None:
    """Take away an environment nothing was ever deployed to or measured in. Raises 403 and 409."""
    require_administrator(actor, "delete environments")
    with transaction.atomic():
        Service.objects.changed()
        delete_unused(environment, "What happened there stays.")
