"""Who may speak to a broker: one worker at a time, by a lease that lapses unless it is renewed."""

from datetime import datetime, timedelta

from django.db.models import F, Q

from brokers.models import Connection

LEASE = timedelta(seconds=5)


def acquire(name: str, *, owner: str, now: datetime) -> int | None:
    """Take the connection's lease if it is free, lapsed or ours already, and return its new epoch; else None.

    One conditional UPDATE: of two workers that try at once, the second finds the row changed. The epoch rises each
    time, so that whoever held it before is told apart even if he does not know yet.
    """
    free = Q(lease_owner="") | Q(lease_expires_at__isnull=True) | Q(lease_expires_at__lte=now) | Q(lease_owner=owner)
    taken = Connection.objects.filter(free, name=name, is_paused=False).update(
        lease_owner=owner, lease_epoch=F("lease_epoch") + 1, lease_expires_at=now + LEASE
    )
    return Connection.objects.values_list("lease_epoch", flat=True).get(name=name, lease_owner=owner) if taken else None


def renew(name: str, *, owner: str, epoch: int, is_healthy: bool, now: datetime) -> bool:
    """Hold the lease for longer, and say whether it was still ours. Only a healthy session's heart beats."""
    held = Connection.objects.filter(name=name, lease_owner=owner, lease_epoch=epoch, is_paused=False)
    changes: dict[str, datetime] = {"lease_expires_at": now + LEASE}
    if is_healthy:
        changes["heartbeat_at"] = now
    return held.update(**changes) == 1


def release(name: str, *, owner: str, epoch: int, now: datetime) -> None:
    """Free the lease, if it is still ours: the next worker need not wait for it to lapse."""
    held = Connection.objects.filter(name=name, lease_owner=owner, lease_epoch=epoch)
    held.update(lease_owner="", lease_expires_at=now)
