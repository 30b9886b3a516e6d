"""What the engine last decided for each sleeve, kept for people to read."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime

from brokers.models import Account
from trading.domain.proposals.view import Note
from trading.domain.protocol.words import Tier
from trading.models import StrategyNote
from trading.selectors.protocol import NoParametersError, active_parameters

LONGEST = 300
FIELDS = ["outcome", "reason_code", "sentence", "details", "decided_at"]


def keep(account: Account, notes: Mapping[str, Note], *, at: datetime) -> None:
    """Replace the account's notes, by underlying, in one statement; `at` is the exchange's time."""
    StrategyNote.objects.bulk_create(
        [
            StrategyNote(
                account=account,
                underlying=underlying,
                outcome=note.outcome,
                reason_code=str(note.reason),
                sentence=note.sentence[:LONGEST],
                details=note.details,
                decided_at=at,
            )
            for underlying, note in sorted(notes.items())  # always in one order, so that two runs do not deadlock
        ],
        update_conflicts=True,
        unique_fields=["account", "underlying"],
        update_fields=FIELDS,
    )


def for_known_sleeves(account: Account, note: Note) -> dict[str, Note]:
    """Return the same note for each name that the account is known to look at."""
    names = set(StrategyNote.objects.filter(account=account).values_list("underlying", flat=True))
    with suppress(NoParametersError):
        names |= set(active_parameters().tier(Tier(account.tier)).universe)
    return dict.fromkeys(names, note)
