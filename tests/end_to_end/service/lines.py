"""Reading a basket. v1: asks for the price of each line, 1 + 30 queries."""

from sqlalchemy import Connection, select

from .shop import article, line

WARMED = range(0)


def read_lines(connection: Connection, basket_id: int) -> list[dict[str, int]]:
    """Give the lines of one basket, each with its price in cents."""
    rows = connection.execute(
        select(line.c.article_id, line.c.quantity).where(line.c.basket_id == basket_id)
    ).all()
    return [
        {
            "article": row.article_id,
            "quantity": row.quantity,
            "cents": connection.execute(
                select(article.c.cents).where(article.c.id == row.article_id)
            ).scalar_one(),
        }
        for row in rows
    ]
