"""What a body of `POST /events` says it is: one event, a list of them, or the data of one in the headers."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.http import parse_header_parameters

from releasedesk.problems.problem import FieldError, Problem, invalid

JSON = "application/json"
STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
CLOUDEVENTS = "application/cloudevents"  # everything that begins so carries its own attributes
CHARSETS = {"utf-8", "utf8", "us-ascii"}
ACCEPTED = f"`{JSON}` (an event, or a list of them), `{STRUCTURED}` or `{BATCH}`"


@dataclass(frozen=True, slots=True)
class Media:
    """The media type of a request, in lower case, without its parameters."""

    type: str

    @property
    def may_be_data(self) -> bool:
        """Whether it can be what an event in the headers carries; a media type of CloudEvents' own cannot."""
        return not self.type.startswith(CLOUDEVENTS)

    @property
    def is_envelope(self) -> bool:
        """Whether it says that events come in envelopes."""
        return self.type in {STRUCTURED, BATCH}

    def is_list(self, sent: object) -> bool:
        """Whether this body is a batch. Raises 422 for one that says it is and is not."""
        if self.type == BATCH and not isinstance(sent, list):
            raise invalid(FieldError("#", "type", "A batch is a list of events.", "a list"))
        return self.type != STRUCTURED and isinstance(sent, list)

    @property
    def is_json_data(self) -> bool:
        """Whether data in this type is JSON, in whichever dialect; what says nothing is taken for it."""
        return not self.type or self.type.endswith(("+json", "/json"))

    def refuse_unless(self, readable: bool) -> None:
        """Raise 415 naming what is read."""
        if not readable:
            raise Problem("unsupported-media-type", f"Send {ACCEPTED}, in UTF-8.")


def media_of(request: HttpRequest) -> Media:
    """Read the `Content-Type`. Raises 415 for a charset other than UTF-8, as JSON is in (RFC 8259 §8.1)."""
    kind, parameters = parse_header_parameters(request.META.get("CONTENT_TYPE") or "")
    charset = parameters.get("charset", "utf-8").lower()
    if charset not in CHARSETS:
        raise Problem("unsupported-media-type", f"The body comes as {charset[:40]}. Send JSON in UTF-8.")
    return Media(kind)
