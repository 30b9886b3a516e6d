"""How long an override of soft blocks is good, and for what."""

from dataclasses import dataclass
from datetime import datetime, timedelta

TO_DECIDE = timedelta(minutes=15)
TO_SEND = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Accepted:
    """An override as it stands: `codes` are the rules whose soft blocks were accepted, for `asked_by` alone."""

    status: str
    ticket_hash: str
    account_id: int
    asked_by: int
    expires_at: datetime
    codes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Use:
    """Who would send which ticket by it, and when."""

    ticket_hash: str
    account_id: int
    user_id: int
    now: datetime


def refusal(accepted: Accepted, use: Use) -> str:
    """Return why the override does not lift anything from this ticket, or nothing."""
    reasons = (
        (accepted.asked_by != use.user_id, "Somebody else asked for the override; it is theirs alone."),
        (accepted.status == "USED", "The override was used: it is good for one order."),
        (accepted.status != "ACCEPTED", f"The override is {accepted.status.lower()}, not accepted."),
        (use.now > accepted.expires_at, "The override has expired; ask for another."),
        (
            (accepted.account_id, accepted.ticket_hash) != (use.account_id, use.ticket_hash),
            "The ticket is not the one that was shown; an override is for that very ticket.",
        ),
    )
    return next((says for holds, says in reasons if holds), "")
