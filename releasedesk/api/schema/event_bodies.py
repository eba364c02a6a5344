"""What may be sent to /api/v1/events, one model a group of types, from the table that reads them."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Union

from pydantic import Field, RootModel, create_model

from releasedesk.ingest.cloudevents import Envelope
from releasedesk.ingest.events import CDEvent
from releasedesk.ingest.facts import Fact
from releasedesk.ingest.native import TYPES

EXAMPLE: dict[str, Any] = {
    "id": "build-8812-production",
    "type": "deployment.succeeded",
    "occurred_at": "2026-11-23T12:03:41Z",
    "service": "checkout-api",
    "environment": "production",
    "version": "2026.11.23-2",
    "commit": "9f3c1d2e4b5a69788796a5b4c3d2e1f001234567",
    "run": "8812",
    "command": "./deploy checkout-api production 2026.11.23-2",
    "files_touched": ["basket/views.py"],
    "url": "https://ci.example/8812",
}


def _model(fact: type[Fact]) -> type[Fact]:
    """The fact's own model, held to the types that it is read for."""
    kind: Any = Literal[tuple(name for name, read_as in TYPES.items() if read_as is fact)]
    name = fact.__name__.replace("Fact", "Event")
    return create_model(name, __base__=fact, __doc__=fact.__doc__, type=(kind, ...))


MODELS = [_model(fact) for fact in dict.fromkeys(TYPES.values())]


class NativeEvent(RootModel[Annotated[Union[tuple(MODELS)], Field(discriminator="type")]]):  # type: ignore[misc]  # noqa: UP007
    """One event in the desk's own words. `type` says which fields it needs."""

    EXAMPLE: ClassVar[dict[str, Any]] = EXAMPLE


class Event(RootModel[NativeEvent | CDEvent | Envelope]):
    """One event, told apart by its shape: the desk's own, a CDEvent, or a CloudEvent."""


class EventOrEvents(RootModel[Event | Annotated[list[Event], Field(max_length=500)]]):
    """One event, or up to 500 in a list, each answered for itself; the kinds may be mixed.

    Where headers bear the attributes of a CloudEvent (`ce-specversion`, `ce-id`, `ce-source`, `ce-type`): its
    data, in any dialect of JSON.
    """

    EXAMPLE: ClassVar[dict[str, Any]] = EXAMPLE
    MORE_EXAMPLES: ClassVar[dict[str, Any]] = {
        "cdevent": CDEvent.EXAMPLE,
        "cloudevent": Envelope.EXAMPLE,
        "several": [{**EXAMPLE, "id": "build-8812-staging", "environment": "staging"}, CDEvent.EXAMPLE],
    }


class EnvelopeList(RootModel[Annotated[list[Envelope], Field(max_length=500)]]):
    """CloudEvents in a list, each answered for itself."""

    EXAMPLE: ClassVar[list[dict[str, Any]]] = [Envelope.EXAMPLE]


class HookPayload(RootModel[dict[str, Any]]):
    """What GitHub, GitLab or a sender of CDEvents delivers, as their documentation says it.

    Beside it stand its kind (`X-GitHub-Event`; GitLab says it in the body) and the name under which it counts
    once (`X-GitHub-Delivery`; `webhook-id`, `Idempotency-Key` or `X-Gitlab-Event-UUID`).
    """

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "action": "created",
        "deployment": {"id": 145988746, "ref": "v2.0", "sha": "9f3c1d2e4b5a", "environment": "production"},
        "repository": {"full_name": "shop/checkout-api"},
    }
