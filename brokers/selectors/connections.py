"""Connections as they are."""

from datetime import datetime

from django.db.models import QuerySet

from brokers.models import Connection


def connections() -> QuerySet[Connection]:
    """Return every connection, by name."""
    return Connection.objects.order_by("name")


def holds_lease(name: str, *, epoch: int, now: datetime) -> bool:
    """Return whether the lease of that epoch still holds: the fence before anything is said to the broker."""
    held = Connection.objects.filter(name=name, lease_epoch=epoch, lease_expires_at__gt=now, is_paused=False)
    return held.exclude(lease_owner="").exists()


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
