"""Whether a session still lives, and what ended it."""

from datetime import datetime, timedelta

from allcore.kernel.errors import DeskError, UnavailableError
from brokers.ports import Health

SIGN_IN_ENDED = "SIGN_IN_ENDED"


class SilentSessionError(UnavailableError):
    """The broker has said nothing for too long: a line that looks whole may be dead."""

    code = "SILENT_SESSION"


def ensure_heard(name: str, health: Health, silent_for: timedelta | None, now: datetime) -> None:
    """Hold what the broker last said against what its adapter allows.

    Raises:
        SilentSessionError: it was too long ago.
    """
    if silent_for is None or health.heard_at is None or now - health.heard_at <= silent_for:
        return
    silence = (now - health.heard_at).total_seconds()
    raise SilentSessionError(
        f"{name} has said nothing for {silence:.0f} s; the session is built anew.", connection=name
    )


def first_of(fault: BaseException) -> BaseException:
    """Return the first fault in a group of groups."""
    while isinstance(fault, BaseExceptionGroup):
        fault = fault.exceptions[0]
    return fault


def needs_leave(fault: BaseException) -> bool:
    """Return whether nothing goes on before a person has authorised the desk again."""
    return isinstance(fault, DeskError) and fault.code == SIGN_IN_ENDED


def worth_saying(health: Health) -> str:
    """Return what a person should know of a session that is up, or nothing."""
    if health.details.get("upstream") == "lost":
        return "Its gateway has lost the line to the broker: nothing is sent."
    alerts = health.details.get("alerts")
    return str(alerts[-1]) if isinstance(alerts, list | tuple) and alerts else ""
