"""Basket: a small service of a shop, watched by the probe."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import FastAPI, HTTPException, Path
from sqlalchemy import Connection

from releasedesk import probe
from releasedesk.probe.asgi import Probe

from .lines import WARMED, read_lines
from .shop import open_shop

Basket = dict[str, int | list[dict[str, int]]]

engine = open_shop(os.environ["DATABASE"])
cache: dict[int, Basket] = {}


def read_basket(connection: Connection, basket_id: int) -> Basket:
    """Read one basket from the database into the cache. KeyError where there is none."""
    lines = read_lines(connection, basket_id)
    if not lines:
        raise KeyError(basket_id)
    total = sum(line["quantity"] * line["cents"] for line in lines)
    cache[basket_id] = {"id": basket_id, "total_cents": total, "lines": lines}
    return cache[basket_id]


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Warm what this version warms before the first request is taken."""
    with engine.connect() as connection:
        for basket_id in WARMED:
            read_basket(connection, basket_id)
    yield


app = FastAPI(title="Basket", lifespan=lifespan)
app.add_middleware(Probe)


@app.get("/health")
async def health() -> dict[str, bool | str]:
    """Say that we are here, and as what."""
    return {"ok": True, "version": os.environ["VERSION"]}


@app.get("/basket/{id}")
def basket(basket_id: Annotated[int, Path(alias="id")]) -> Basket:
    """Give one basket with its total."""
    if (kept := cache.get(basket_id)) is not None:
        probe.cache_hit("basket")
        return kept
    probe.cache_miss("basket")
    try:
        with engine.connect() as connection:
            return read_basket(connection, basket_id)
    except KeyError:
        raise HTTPException(404, f"There is no basket {basket_id}.") from None


@app.post("/cache/clear", status_code=204)
async def clear_cache() -> None:
    """Forget every basket."""
    cache.clear()
