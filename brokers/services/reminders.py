"""Telling people in time that the leave they gave at a broker ends."""

from datetime import datetime

from allcore import live
from allcore.accounts.actors import desk_name
from allcore.audit.services import record
from allcore.kernel.clock import seconds_between
from allcore.vault import services as vault

ACTOR = desk_name("vault")


def remind(*, now: datetime) -> int:
    """Say what ends within a day, or has ended; each at most once in six hours. Return how many were said."""
    due = vault.due_reminders(now)
    for row in due:
        name = row.owner.partition(":")[2]
        message = _sentence(name, seconds_between(now, row.expires_at) if row.expires_at else 0.0)
        record("vault.expiring", f"secret:{row.owner}", {"message": message}, actor=ACTOR, at=now)
        live.publish("alerts", "credentials", {"code": "CREDENTIALS_EXPIRING", "message": message, "connection": name})
    return len(due)


def _sentence(name: str, seconds: float) -> str:
    if seconds <= 0:
        return (
            f"The leave for {name} has ended: authorise it again on the Brokers page. Nothing is sent there until then."
        )
    hours = int(seconds // 3600)
    left = f"{hours} h" if hours else f"{int(seconds // 60)} min"
    return f"The leave for {name} ends in {left}: authorise it again on the Brokers page."
