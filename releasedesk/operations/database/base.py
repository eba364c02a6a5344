"""The `ENGINE` of `DATABASES`: Django's own for PostgreSQL, and a cheaper way to see that a connection lives.

Django's `CONN_HEALTH_CHECKS` asks the server before every request, a round trip that nearly always says yes.
"""

import select
from typing import Any

import psycopg
from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """Gives out connections of the pool that are alive."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Take one from the pool; those that the server has closed meanwhile are thrown away.

        Raises what the pool raises: no connection can be had within its timeout.
        """
        connection = super().get_new_connection(conn_params)
        while self.pool and not is_alive(connection):
            self.pool.putconn(connection)  # which discards what is broken, and opens another
            connection = self.pool.getconn()
        return connection


def is_alive(connection: psycopg.Connection[Any]) -> bool:
    """Say whether a connection that is not in use can be used.

    A server that is gone has closed its end, and then there is something to read: only then it is asked.
    """
    if connection.closed:
        return False
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    if not poll.poll(0):
        return True
    try:
        connection.execute("")
    except psycopg.Error:
        return False
    return True
