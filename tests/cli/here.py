"""The command, speaking HTTP to the desk under test without a socket between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
from django.test import Client

from releasedesk.cli.desk import Desk

if TYPE_CHECKING:
    import pytest


def speak_to_this_desk(monkeypatch: pytest.MonkeyPatch, token: str) -> None:
    """Let every `releasedesk …` of this test ask Django's test client."""
    browser = Client(headers={"Authorization": f"Bearer {token}"})

    def answer(asked: httpx.Request) -> httpx.Response:
        accept = {"Accept": asked.headers.get("Accept", "*/*")}
        told = browser.generic(asked.method, asked.url.raw_path.decode(), headers=accept)
        return httpx.Response(told.status_code, content=told.content, headers=dict(told.headers))

    monkeypatch.setenv("RELEASEDESK_URL", "http://testserver")
    monkeypatch.setenv("RELEASEDESK_TOKEN", token)
    monkeypatch.setattr(Desk, "client", httpx.Client(transport=httpx.MockTransport(answer)))
