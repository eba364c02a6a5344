"""What a team's senders call things, and which one is meant (`deliveries.Alias`)."""

from urllib.parse import urlsplit

from releasedesk.catalog.models import Service
from releasedesk.deliveries.models import Alias
from releasedesk.ingest.facts import Fact
from releasedesk.ingest.message import Ignored, Reading
from releasedesk.ingest.names import Names


def names_of(team_id: int) -> Names:
    """What a team has said about repositories and jobs; a service's own repository needs no saying."""
    repositories = (
        Service.objects.filter(team=team_id).exclude(repository="").values_list("repository", "slug")
    )
    return Names(
        services={
            **{_path(address): slug for address, slug in repositories},
            **Alias.objects.ours(team_id, Alias.Kind.SERVICE),
        },
        checks=Alias.objects.ours(team_id, Alias.Kind.CHECK),
    )


def _path(address: str) -> str:
    """`https://github.com/Acme/Shop.git` → `acme/shop`, as its webhooks call it."""
    return urlsplit(address).path.strip("/").removesuffix(".git").lower()


def in_our_words(team_id: int, facts: tuple[Fact, ...]) -> Reading:
    """Put our names where a team has said what is meant. What it wants nothing of is ignored."""
    services = Alias.objects.ours(team_id, Alias.Kind.SERVICE)
    places = Alias.objects.ours(team_id, Alias.Kind.ENVIRONMENT)
    for fact in facts:
        for what, name, meant in (
            ("service", fact.service, services),
            ("environment", fact.environment, places),
        ):
            if name and meant.get(name) == "":
                return Ignored(f"The team wants nothing of the {what} '{name}'.")
    return tuple(
        fact.model_copy(
            update={
                "service": services.get(fact.service, fact.service),
                "environment": places.get(fact.environment, fact.environment) if fact.environment else None,
            }
        )
        for fact in facts
    )
