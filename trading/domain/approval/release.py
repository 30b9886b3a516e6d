"""The last look before an order leaves: what time can spoil between staging and sending."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from allcore.kernel.calendar import Phase
from allcore.kernel.orders import TimeInForce
from allcore.kernel.quotes import Quality, Quote
from allcore.kernel.tickets import OrderTicket
from trading.domain.approval.drift import combo_mid, has_drifted, tolerance

FRESH_SECONDS = 2.0
PAUSE = 1


@dataclass(frozen=True, slots=True)
class ReleaseView:
    """The world at the moment of sending. `now` is the system's time; `mid_shown` the net mid when it was staged."""

    quotes: Mapping[str, Quote]
    mid_shown: Decimal | None
    now: datetime
    phase: Phase
    kill_level: int
    is_paused: bool
    environment_agrees: bool


def refusal(ticket: OrderTicket, view: ReleaseView) -> str | None:
    """Return why the order may not leave, or None. A closing order is held back by less."""
    if not view.environment_agrees:
        return "The connection's environment and the desk's trading mode differ."
    is_for_the_open = ticket.time_in_force is TimeInForce.OPG
    if view.phase is not Phase.OPEN and not is_for_the_open:
        return f"The exchange is not open; its phase is {view.phase}."
    if not ticket.is_opening:
        return None
    return _halted(view) or (None if is_for_the_open else _unseen(ticket, view))


def _halted(view: ReleaseView) -> str | None:
    if view.kill_level >= PAUSE:
        return f"The kill switch is at level {view.kill_level}; opening orders do not leave."
    if view.is_paused:
        return "The connection is paused."
    return None


def _unseen(ticket: OrderTicket, view: ReleaseView) -> str | None:
    faults = (fault for leg in ticket.legs if (fault := _quote_fault(leg.symbol, view)))
    return next(faults, None) or _drift(ticket, view)


def _drift(ticket: OrderTicket, view: ReleaseView) -> str | None:
    mid = combo_mid(ticket.legs, view.quotes, ticket.price_effect)
    if view.mid_shown is None or mid is None:
        return "The market price it was approved at is not known."
    if has_drifted(view.mid_shown, mid):
        most = tolerance(view.mid_shown)
        return f"The market moved from {view.mid_shown} to {mid} since the approval; {most} is the most."
    return None


def _quote_fault(symbol: str, view: ReleaseView) -> str | None:
    quote = view.quotes.get(symbol)
    if quote is None:
        return f"There is no quote for {symbol}."
    if quote.quality is not Quality.GOOD:
        return f"The quote of {symbol} is {quote.quality.lower()}."
    if quote.age(view.now) > FRESH_SECONDS:
        return f"The quote of {symbol} is {quote.age(view.now):.1f} s old; {FRESH_SECONDS:.0f} s is the most."
    return None
