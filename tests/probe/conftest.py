import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import StaticPool

from releasedesk import probe
from releasedesk.probe.asgi import Probe


@pytest.fixture(autouse=True)
def logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="releasedesk.probe")


@pytest.fixture
def basket(tmp_path: Path) -> FastAPI:
    """Routes that ask the database in a worker thread, on the event loop, and in vain."""
    engine = create_engine(f"sqlite:///{tmp_path / 'basket.db'}")
    app = FastAPI()
    app.add_middleware(Probe)

    def query(times: int) -> None:
        with engine.connect() as connection:
            for _ in range(times):
                connection.execute(text("select 1")).all()

    @app.get("/thread/{times}")
    def in_a_thread(times: int) -> int:
        query(times)
        return times

    @app.get("/loop/{times}")
    async def on_the_loop(times: int) -> int:
        for _ in range(times):
            query(1)
            await asyncio.sleep(0.001)
        return times

    @app.get("/broken")
    def broken() -> None:
        query(1)
        raise ValueError("the basket has a hole")

    @app.get("/misspelt")
    def misspelt() -> str:
        with engine.connect() as connection, pytest.raises(OperationalError):
            connection.execute(text("select nothing from nowhere"))
        return "caught"

    return app


@pytest.fixture
def streaming() -> FastAPI:
    """Asks the database for each row it sends, after the headers have gone."""
    engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    app = FastAPI()
    app.add_middleware(Probe)

    def rows() -> Iterator[str]:
        for row in range(3):
            with engine.connect() as connection:
                yield f"row {connection.execute(text(f'select {row}')).scalar()}\n"

    @app.get("/stream")
    def stream() -> StreamingResponse:
        return StreamingResponse(rows(), headers={"Server-Timing": "edge;dur=5"})

    return app


@pytest.fixture
def cached() -> FastAPI:
    app = FastAPI()
    app.add_middleware(Probe)

    @app.get("/{name}")
    def look_up(name: str, found: bool | None = None) -> str:
        if found is not None:
            (probe.cache_hit if found else probe.cache_miss)(name)
        return name

    return app
