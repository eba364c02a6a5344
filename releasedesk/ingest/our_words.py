"""What a team's senders call things, and which one is meant (`deliveries.Alias`)."""

from dataclasses import replace

from releasedesk.catalog.models import Service
from releasedesk.deliveries.models import Alias
from releasedesk.ingest.message import Announced, Ignored, Message, Reading, Unexplained
from releasedesk.ingest.names import Names, UnexplainedError, UnwantedError, repository_path


def names_of(team_id: int) -> Names:
    """What a team has said about its senders' names; a service's own repository needs no saying."""
    repositories = (
        Service.objects.filter(team=team_id).exclude(repository="").values_list("repository", "slug")
    )
    said = Alias.objects.of_team(team_id)
    return Names(
        services=said[Alias.Kind.SERVICE],
        environments=said[Alias.Kind.ENVIRONMENT],
        checks=said[Alias.Kind.CHECK],
        repositories={repository_path(address): slug for address, slug in repositories},
    )


def read(message: Message, known: Names) -> Reading:
    """Read a message, with our names where a team has said what is meant.

    What it wants nothing of is ignored. Raises 422.
    """
    if not message.waits:
        return message.read(known)
    try:
        return _with_our_environments(known, message.read(known))
    except UnwantedError as unwanted:
        return Ignored(str(unwanted))
    except UnexplainedError as unexplained:
        return Unexplained(unexplained.repository)


def _with_our_environments(known: Names, reading: Reading) -> Reading:
    if isinstance(reading, Announced):
        return replace(reading, environment=known.environment(reading.environment))
    if not isinstance(reading, tuple):
        return reading
    return tuple(
        fact.model_copy(update={"environment": known.environment(fact.environment)})
        if fact.environment
        else fact
        for fact in reading
    )
