"""The shop's data: the same baskets and prices on every machine, in one SQLite file."""

from random import Random
from time import sleep

from sqlalchemy import (
    Column,
    Engine,
    ForeignKey,
    Integer,
    MetaData,
    Table,
    create_engine,
    event,
    insert,
    select,
)

BASKETS = 800
LINES_A_BASKET = 30
ARTICLES = 500
CONNECT_SECONDS = 0.010
QUERY_SECONDS = 0.001

metadata = MetaData()
article = Table("article", metadata, Column("id", Integer, primary_key=True), Column("cents", Integer))
line = Table(
    "line",
    metadata,
    Column("basket_id", Integer, index=True),
    Column("article_id", Integer, ForeignKey("article.id")),
    Column("quantity", Integer),
)


def open_shop(path: str) -> Engine:
    """Open the shop's database at `path`, filling it the first time."""
    engine = create_engine(f"sqlite:///{path}")
    metadata.create_all(engine)
    with engine.begin() as connection:
        if connection.execute(select(article.c.id).limit(1)).first() is None:
            random = Random(2026)  # the same prices everywhere
            articles = [
                {"id": number, "cents": random.randint(99, 9999)} for number in range(1, ARTICLES + 1)
            ]
            lines = [
                {
                    "basket_id": basket,
                    "article_id": random.randint(1, ARTICLES),
                    "quantity": random.randint(1, 5),
                }
                for basket in range(1, BASKETS + 1)
                for _ in range(LINES_A_BASKET)
            ]
            connection.execute(insert(article), articles)
            connection.execute(insert(line), lines)
    # SQLite answers from its own process. A shop's database is on another machine: it has to be reached, and
    # each query goes there. These waits are most of what is measured, so a busy machine changes little.
    event.listen(engine, "checkout", lambda *_: sleep(CONNECT_SECONDS))
    event.listen(engine, "before_cursor_execute", lambda *_: sleep(QUERY_SECONDS))
    return engine
