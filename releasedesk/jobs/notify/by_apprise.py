"""Slack, Teams, mail and a hundred more, by an apprise address."""

from __future__ import annotations

from django.conf import settings

from releasedesk.deliveries.notices import Notice
from releasedesk.operations import outgoing_apprise


def send(notice: Notice) -> None:
    """Send the notice. Raises `OutgoingError`."""
    url = f"{settings.DESK_URL}{notice.data.get('path', '/')}"
    outgoing_apprise.send(notice.target.address, title=notice.title, body=f"{notice.text}\n\n{url}")
