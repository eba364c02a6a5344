"""What a person reads on a page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.test import Client

    from releasedesk.accounts.models import User


def text_of(client: Client, user: User, path: str) -> str:
    """The page without its markup and with single spaces."""
    client.force_login(user)
    response = client.get(path)
    assert response.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())
