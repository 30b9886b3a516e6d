"""Locks on names that have no row of their own, held until the transaction ends."""

from django.db import connection

HOUSEHOLD_NAME = 0x7269736B  # the classes keep our locks apart from each other and from others' users of PostgreSQL
KILL_SCOPE = 0x6B696C6C


def hold(kind: int, name: str) -> None:
    """Wait for whoever holds the name, then hold it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [kind, name])
