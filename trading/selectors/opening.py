"""What a ticket becomes before it is staged: collared if it must be, and with what it waits for."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from allcore.kernel.tickets import OrderTicket
from brokers.models import Account
from marketdata.selectors.clock import exchange_now
from trading.domain.contingent.collar import NoMarketError
from trading.domain.contingent.conditions import InvalidConditionError
from trading.domain.contingent.kept import NotKeptError, NotWorkedError
from trading.domain.contingent.waits import Wait, goes_out, wait_of
from trading.selectors import conditions, exposures, natively
from trading.selectors.collars import collared

# Why placing refuses an order before the gate is asked.
REFUSALS = (InvalidConditionError, NotKeptError, NotWorkedError, NoMarketError)


def prepared(
    account: Account, ticket: OrderTicket, draft: Mapping[str, Any], *, now: datetime
) -> tuple[OrderTicket, Wait | None]:
    """Return the ticket as it is to be staged, and what it waits for; `account.connection` should be loaded.

    Raises:
        InvalidConditionError: the condition cannot be read, or looks at what the desk does not know.
        NotKeptError, NotWorkedError: the broker is to watch or to work what it does not.
        NoMarketError: a market order for options finds too wide a quote.
    """
    condition: dict[str, Any] | None = draft.get("condition")
    takes = exposures.takes(account.connection.broker)
    native = natively.terms_of(account, ticket, draft, takes, now=now)
    if native is not None:
        return collared(ticket), Wait(condition=condition, native=native.as_details())
    if condition is None and goes_out(ticket, takes):
        return collared(ticket), None
    conditions.must_be_known(condition)
    return ticket, wait_of(ticket, takes, condition=condition, exchange_now=exchange_now(now))
