"""Connections as they are."""

from datetime import datetime

from django.db.models import QuerySet

from allcore import rows
from brokers.models import Connection

# The fence before anything is said to the broker, over `connection c`.
FENCE = """
c.name = %(connection)s AND c.lease_epoch = %(epoch)s AND c.lease_expires_at > %(now)s AND c.lease_owner <> ''
  AND NOT c.is_paused
"""
HOLDS = f"SELECT 1 FROM connection c WHERE {FENCE}"  # noqa: S608 the constant


def connections() -> QuerySet[Connection]:
    """Return every connection, by name."""
    return Connection.objects.order_by("name")


def holds_lease(name: str, *, epoch: int, now: datetime) -> bool:
    """Return whether the lease of that epoch still holds: the fence before anything is said to the broker."""
    return bool(rows.read(HOLDS, {"connection": name, "epoch": epoch, "now": now}))


def resumed_at(name: str) -> datetime | None:
    """Return when a person last said that the connection be tried now."""
    return Connection.objects.values_list("resumed_at", flat=True).get(name=name)


def row_of(connection: Connection) -> dict[str, object]:
    """Return the connection's health as it travels: times as ISO text in UTC."""
    return {
        "name": connection.name,
        "broker": connection.broker,
        "environment": connection.environment,
        "state": connection.state,
        "state_reason": connection.state_reason,
        "is_paused": connection.is_paused,
        "lease_owner": connection.lease_owner,
        "lease_epoch": connection.lease_epoch,
        "lease_expires_at": _iso(connection.lease_expires_at),
        "heartbeat_at": _iso(connection.heartbeat_at),
        "reconciled_at": _iso(connection.reconciled_at),
    }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
