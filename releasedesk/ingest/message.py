"""One message from outside, whatever sent it: how it is named, and how to learn what it says. Pure."""

from collections.abc import Callable
from dataclasses import dataclass

from releasedesk.deliveries.parcel import Parcel
from releasedesk.ingest.facts import Fact
from releasedesk.ingest.names import Names


@dataclass(frozen=True, slots=True)
class Ignored:
    """The message is understood and kept, and says nothing that the desk needs. `why` is a sentence.

    `job` is what it would have decided a checklist item by, had somebody said which.
    """

    why: str
    job: str = ""


@dataclass(frozen=True, slots=True)
class Announced:
    """The message tells of an environment, and of nothing that happened there: its name is all it says."""

    environment: str


@dataclass(frozen=True, slots=True)
class Unexplained:
    """The message is about a repository that nobody has explained, and guessing would be wrong."""

    repository: str


Reading = tuple[Fact, ...] | Ignored | Announced | Unexplained


@dataclass(frozen=True, slots=True, kw_only=True)
class Message(Parcel):
    """What a door hands in.

    `read` translates, with what the team has said about names if it `waits`: it answers all that the message
    says (at least one fact), or raises the 422 `Problem` that names every wrong field, or what `Names` raises
    (`our_words.read` knows what to say then). What one message says
    is applied in one transaction; each of its facts needs an `id` of its own. A message that `waits` is kept
    as unmatched when it names an environment that is not known: its sender knows only their own names. Any
    other is refused, for its sender can correct it. With `guesses` the service's name was made from a
    repository's: another team's of that name is not meant.
    """

    read: Callable[[Names], Reading]
    waits: bool = False
    guesses: bool = False
