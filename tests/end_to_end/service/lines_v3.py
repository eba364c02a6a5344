"""Reading a basket. v3: as v2, and one basket in eight waits for a partner's offer."""

from time import sleep

from sqlalchemy import Connection, select

from .shop import article, line

WARMED = range(0)
OFFER_SECONDS = 0.15  # to twice as much, each its own


def read_lines(connection: Connection, basket_id: int) -> list[dict[str, int]]:
    """Give the lines of one basket, each with its price in cents."""
    if basket_id % 8 == 0:
        sleep(OFFER_SECONDS * (1 + basket_id // 8 * 37 % 100 / 100))  # stands for the partner's answer
    priced = line.join(article, line.c.article_id == article.c.id)
    rows = connection.execute(
        select(line.c.article_id, line.c.quantity, article.c.cents)
        .select_from(priced)
        .where(line.c.basket_id == basket_id)
    )
    return [{"article": row.article_id, "quantity": row.quantity, "cents": row.cents} for row in rows]
