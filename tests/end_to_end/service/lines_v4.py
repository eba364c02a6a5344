"""Reading a basket. v4: as v2, and most baskets are read into the cache at the start."""

from sqlalchemy import Connection, select

from .shop import article, line

WARMED = range(1, 701)


def read_lines(connection: Connection, basket_id: int) -> list[dict[str, int]]:
    """Give the lines of one basket, each with its price in cents."""
    priced = line.join(article, line.c.article_id == article.c.id)
    rows = connection.execute(
        select(line.c.article_id, line.c.quantity, article.c.cents)
        .select_from(priced)
        .where(line.c.basket_id == basket_id)
    )
    return [{"article": row.article_id, "quantity": row.quantity, "cents": row.cents} for row in rows]
