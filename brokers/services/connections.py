"""What happens to a connection: its state, its pauses, its agreement with the broker."""

from datetime import datetime

from django.db import transaction

from allcore import live
from allcore.audit.services import record
from allcore.kernel.errors import InvalidInputError, NotFoundError
from brokers.models import Connection
from brokers.selectors.connections import row_of

REASON_LENGTH = 200


class NoConnectionError(NotFoundError):
    """There is no connection of that name."""

    code = "NO_CONNECTION"


class NoReasonError(InvalidInputError):
    """A paused connection is not resumed without a reason."""

    code = "NO_REASON"


@transaction.atomic
def set_state(
    name: str, *, state: str, reason: str, now: datetime, actor: str = "desk:broker-worker", epoch: int | None = None
) -> None:
    """Say how the session is. Who passes the epoch of a lease that another has taken since is not listened to."""
    connection = _locked(name)
    reason = reason[:REASON_LENGTH]
    if epoch is not None and connection.lease_epoch != epoch:
        return
    if (connection.state, connection.state_reason) == (state, reason):
        return
    was = connection.state
    connection.state, connection.state_reason = state, reason
    connection.save(update_fields=["state", "state_reason"])
    if was != state:
        _noted("connection.state_changed", connection, {"was": was, "state": state, "reason": reason}, actor, now)
    _published(connection)


@transaction.atomic
def pause(name: str, *, actor: str, reason: str, now: datetime) -> None:
    """Take the connection out of use: its worker lets go, and nobody takes it up. A halt needs no reason."""
    connection = _locked(name)
    if connection.is_paused:
        return
    connection.is_paused = True
    connection.save(update_fields=["is_paused"])
    _noted("connection.paused", connection, {"reason": reason}, actor, now)
    _published(connection)


@transaction.atomic
def resume(name: str, *, actor: str, reason: str, now: datetime) -> None:
    """Put the connection back into use; one that is down is tried at once, however often it failed.

    Raises:
        NoReasonError: nobody says why.
    """
    if not reason.strip():
        raise NoReasonError("Say why the connection is resumed.", connection=name)
    connection = _locked(name)
    if not connection.is_paused and connection.state != Connection.State.DOWN:
        return
    connection.is_paused, connection.resumed_at = False, now
    connection.save(update_fields=["is_paused", "resumed_at"])
    _noted("connection.resumed", connection, {"reason": reason}, actor, now)
    _published(connection)


def wake(name: str, *, now: datetime) -> None:
    """Have the connection tried at once: what it waited for, such as a person's leave, is there."""
    Connection.objects.filter(name=name).update(resumed_at=now)


def mark_reconciled(name: str, *, now: datetime) -> None:
    """Note that the broker's books and ours have been held against each other."""
    Connection.objects.filter(name=name).update(reconciled_at=now)


def _locked(name: str) -> Connection:
    try:
        return Connection.objects.select_for_update().get(name=name)
    except Connection.DoesNotExist:
        raise NoConnectionError(f"There is no connection {name!r}.", connection=name) from None


def _noted(action: str, connection: Connection, payload: dict[str, object], actor: str, now: datetime) -> None:
    record(action, f"connection:{connection.name}", payload, actor=actor, at=now)


def _published(connection: Connection) -> None:
    live.publish_on_commit("system", "connection", row_of(connection))
