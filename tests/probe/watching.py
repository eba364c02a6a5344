"""Asking an application, and reading what its probe logged."""

import asyncio
import json
import logging
from typing import Any

import httpx
import pytest

from releasedesk.probe.asgi import App


def lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [
        json.loads(record.message)
        for record in caplog.records
        if record.levelno == logging.INFO and record.name == "releasedesk.probe"
    ]


def get(app: App, *paths: str, headers: dict[str, str] | None = None) -> list[httpx.Response]:
    """Ask for every path at the same time, on one event loop."""

    async def ask() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://basket") as client:
            return await asyncio.gather(*(client.get(path, headers=headers) for path in paths))

    return asyncio.run(ask())
