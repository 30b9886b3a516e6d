"""The opening and closing auctions of shares. Values in, values out.

Opening: the first good quote of the session prices it, at the last trade if that lies between bid and ask, else at the
far side. Closing: the session's official close. All of an order trades, for an auction is deep, or none of it does.

Source: NYSE and Nasdaq, cut-offs of market- and limit-on-open (9:28) and on-close orders (15:50).
"""

from datetime import datetime, timedelta
from decimal import Decimal

from allcore.kernel.calendar import Phase, Session, next_session, phase_at, session_on
from allcore.kernel.clock import new_york_date
from allcore.kernel.orders import TimeInForce
from allcore.kernel.quotes import Quote
from allcore.kernel.tickets import TicketLeg

OPEN_CUT_OFF = timedelta(minutes=2)
CLOSE_CUT_OFF = timedelta(minutes=10)
PATIENCE = timedelta(minutes=5)  # after the auction, for its price to become known


def auction_at(time_in_force: TimeInForce, at: datetime) -> datetime:
    """Return when the next auction of that kind is: today's until it has been."""
    session = session_on(new_york_date(at))
    if session is None or at >= _moment(time_in_force, session):
        session = next_session(new_york_date(at))
    return _moment(time_in_force, session)


def takes(time_in_force: TimeInForce, at: datetime) -> bool:
    """Return whether an order may join now: until the cut-off, and for the opening not while the exchange is open."""
    if time_in_force is TimeInForce.OPG and phase_at(at) is Phase.OPEN:
        return False
    cut_off = OPEN_CUT_OFF if time_in_force is TimeInForce.OPG else CLOSE_CUT_OFF
    return at <= auction_at(time_in_force, at) - cut_off


def opening_price(leg: TicketLeg, quote: Quote) -> Decimal | None:
    """Return the opening's price by a good quote of the session."""
    bid, ask, last = quote.bid, quote.ask, quote.last
    if bid is None or ask is None:
        return None
    if last is not None and bid <= last <= ask:
        return last
    return ask if leg.side.sign > 0 else bid


def _moment(time_in_force: TimeInForce, session: Session) -> datetime:
    return session.opens_at if time_in_force is TimeInForce.OPG else session.closes_at
