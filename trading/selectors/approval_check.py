"""Whether what an approver saw still holds."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from allcore.kernel.quotes import Quality
from allcore.kernel.tickets import OrderTicket
from marketdata.selectors import quotes
from trading.domain.approval.drift import combo_mid, has_drifted, tolerance
from trading.models import Proposal
from trading.selectors import offsets

FRESH_AT_CLICK = 5.0  # seconds


@dataclass(frozen=True, slots=True)
class Fault:
    """Why the card must be looked at again, with the numbers of then and now."""

    sentence: str
    details: dict[str, object] = field(default_factory=dict)


def recheck(proposal: Proposal, ticket: OrderTicket, *, now: datetime) -> Fault | None:
    """Return what has changed since the card was made: nothing left to offset, a bad quote, a market moved too far."""
    if healed := offsets.fault(proposal):
        return Fault(healed)
    latest = quotes.latest([leg.symbol for leg in ticket.legs])
    for leg in ticket.legs:
        quote = latest.get(leg.symbol)
        if quote is None or quote.quality is not Quality.GOOD:
            state = "missing" if quote is None else quote.quality.lower()
            return Fault(f"The quote of {leg.symbol} is {state}.", {"symbol": leg.symbol})
        if quote.age(now) > FRESH_AT_CLICK:
            return Fault(f"The quote of {leg.symbol} is {quote.age(now):.1f} s old.", {"symbol": leg.symbol})
    shown = Decimal(str(proposal.content["price"]["mid"]))
    mid = combo_mid(ticket.legs, latest, ticket.price_effect)
    if mid is None or has_drifted(shown, mid):
        sentence = f"The market moved: the mid was {shown} and is {mid}; {tolerance(shown)} is the most."
        return Fault(sentence, {"mid_shown": str(shown), "mid_now": str(mid)})
    return None
