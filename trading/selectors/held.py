"""What the desk holds, as a person looks at it: what each order waits for, and what it sees now."""

from datetime import datetime

from allcore.accounts.models import User
from allcore.kernel.errors import UnavailableError
from marketdata.selectors import clock
from trading.domain.contingent.sights import as_row, sights
from trading.domain.contingent.view import View
from trading.models import Hold
from trading.selectors import waiting
from trading.selectors.order_lists import hold_row, link_row
from trading.selectors.rows import Row, order_row


def held(user: User, *, now: datetime) -> Row:
    """Return the orders that wait at the desk; `blind` says why nothing can be seen, if so: then nothing is set off."""
    holds = list(waiting.held(user))
    blind, view = "", None
    try:
        view = _view(holds, now)
    except UnavailableError as error:
        blind = error.message
    return {"results": [_row(hold, view) for hold in holds], "blind": blind}


def _view(holds: list[Hold], now: datetime) -> View | None:
    armed = [waiting.waiting_of(hold) for hold in holds if hold.state == Hold.State.ARMED]
    return waiting.view_of(armed, now=now, exchange_now=clock.exchange_now(now)) if armed else None


def _row(hold: Hold, view: View | None) -> Row:
    order = hold.order
    is_looking = view is not None and hold.state == Hold.State.ARMED
    return {
        **order_row(order),
        "link": link_row(getattr(order, "link", None)),
        "hold": hold_row(order),
        "sights": [as_row(s) for s in sights(waiting.waiting_of(hold), view)] if is_looking and view else [],
    }
