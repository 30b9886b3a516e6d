"""Whether a connection still stands, without asking the server each time.

Django asks with a statement at the start of every request. A server that has gone away, or was restarted, has closed
its end: then the line is readable though nothing was asked. Only then the server is asked.
"""

import select

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """The PostgreSQL backend. A line on which nothing waits to be read is taken to stand."""

    def is_usable(self) -> bool:
        """Return whether statements can be sent."""
        if self.connection is None or self.connection.closed:
            return False
        if not _is_readable(self.connection.fileno()):
            return True
        return bool(super().is_usable())


def _is_readable(line: int) -> bool:
    poll = select.poll()
    poll.register(line, select.POLLIN)
    return bool(poll.poll(0))
