"""`/problems/{kind}`: what the `type` of a problem document leads to (RFC 9457 §3.1.1). Open to all."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from releasedesk.problems.problem import KINDS, RETRYABLE, not_found

WHAT_TO_DO = {
    "not-json": (
        "Send JSON in UTF-8. The detail names the line and the column, or the byte, at which reading ended."
    ),
    "bad-request": "The detail says what could not be read. Nothing was stored; send it otherwise.",
    "not-authenticated": (
        "Send “Authorization: Bearer” with a token that is known, was not revoked and has not expired; a "
        "webhook has to be signed with its source's secret. A lead of the team makes a new one."
    ),
    "forbidden": (
        "The desk knows who asks. Another token or person may do this: the detail says which scope or role."
    ),
    "not-found": (
        "Nothing is at this address. Where a name in it is nearly right, “errors” lists the near ones."
    ),
    "method-not-allowed": "The header “Allow” lists the methods that are served here.",
    "not-acceptable": "Ask for “application/json”, or send no “Accept” at all.",
    "conflict": (
        "It contradicts what is stored: an id that was used for another body, a name that is taken, a thing"
        " in another state. “errors” says by what; the same request will never be taken."
    ),
    "gate-closed": "“conditions” lists what stands in the way, and for each the page where it is mended.",
    "length-required": "Send the body whole, with “Content-Length”, or in plain chunks.",
    "changed-meanwhile": (
        "Read it again, look at what somebody else has changed, and send yours with the new “ETag”."
    ),
    "too-large": (
        "An event may have 1 MB, a list of events and a snapshot 8 MB, a webhook 25 MB, anything else 2 MB,"
        " unless whoever runs the desk has set other limits. Send less, or in parts."
    ),
    "address-too-long": "Send what is long as a body, or ask in parts.",
    "unsupported-media-type": "The detail names the media types that are read here.",
    "headers-too-large": "Send fewer or shorter headers. Often it is a cookie that has grown.",
    "invalid-fields": (
        "“errors” names every field that is wrong: where it stands, what is wrong with it, what was "
        "expected and what came. A message stands in the inbox; its id is free for the corrected one."
    ),
    "throttled": (
        "Wait as long as “Retry-After” says. Many events go into one request: up to 500 in a list."
    ),
    "internal": (
        "The fault is the desk's. Give whoever runs it the “request_id”: it finds the reason in the log."
    ),
    "unavailable": "Nothing was stored. The same request may be sent again after “Retry-After” seconds.",
}


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem, as the page tells of it."""

    name: str
    status: int
    title: str

    @property
    def do(self) -> str:
        """What to do about it."""
        return WHAT_TO_DO[self.name]

    @property
    def retryable(self) -> bool:
        """Whether the very same request may succeed later."""
        return self.status in RETRYABLE


ALL = {name: Kind(name, status, title) for name, (status, title) in KINDS.items()}


@require_safe
def every(request: HttpRequest) -> HttpResponse:
    """List what the desk may refuse, and what to do about each."""
    return render(request, "problem_kinds.html", {"title": "What the desk refuses", "kinds": ALL.values()})


@require_safe
def one(request: HttpRequest, kind: str) -> HttpResponse:
    """Say what a kind of problem means, and what to do about it. Raises 404 with near names."""
    if kind not in ALL:
        raise not_found("kind of problem", kind, list(ALL))
    return render(request, "problem_kinds.html", {"title": ALL[kind].title, "kinds": [ALL[kind]]})
