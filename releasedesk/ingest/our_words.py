"""What a team's senders call things, and which one is meant (`deliveries.Alias`)."""

from dataclasses import replace
from urllib.parse import urlsplit

from releasedesk.catalog.models import Service
from releasedesk.deliveries.models import Alias
from releasedesk.ingest.message import Announced, Ignored, Reading
from releasedesk.ingest.names import Names


def names_of(team_id: int) -> Names:
    """What a team has said about its senders' names; a service's own repository needs no saying."""
    repositories = (
        Service.objects.filter(team=team_id).exclude(repository="").values_list("repository", "slug")
    )
    said = Alias.objects.of_team(team_id)
    return Names(
        services={**{_path(address): slug for address, slug in repositories}, **said[Alias.Kind.SERVICE]},
        environments=said[Alias.Kind.ENVIRONMENT],
        checks=said[Alias.Kind.CHECK],
    )


def _path(address: str) -> str:
    """`https://github.com/Acme/Shop.git` → `acme/shop`, as its webhooks call it."""
    return urlsplit(address).path.strip("/").removesuffix(".git").lower()


def in_our_words(known: Names, reading: Reading) -> Reading:
    """Put our names where a team has said what is meant. What it wants nothing of is ignored."""
    if isinstance(reading, Ignored):
        return reading
    if isinstance(reading, Announced):
        ours = known.environments.get(reading.environment, reading.environment)
        return replace(reading, environment=ours) if ours else _unwanted("environment", reading.environment)
    for fact in reading:
        if known.services.get(fact.service) == "":
            return _unwanted("service", fact.service)
        if fact.environment and known.environments.get(fact.environment) == "":
            return _unwanted("environment", fact.environment)
    return tuple(
        fact.model_copy(
            update={
                "service": known.services.get(fact.service, fact.service),
                "environment": known.environments.get(fact.environment or "", fact.environment),
            }
        )
        for fact in reading
    )


def _unwanted(what: str, name: str) -> Ignored:
    return Ignored(f"The team wants nothing of the {what} '{name}'.")
