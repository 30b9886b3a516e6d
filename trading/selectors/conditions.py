"""A condition that is being built: in words, with what is seen now, and whether it would be true. Nothing is kept."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from allcore.accounts.models import User
from allcore.kernel.errors import UnavailableError
from allcore.kernel.orders import OrdType, TimeInForce
from allcore.kernel.tickets import OrderTicket
from marketdata.selectors import clock, instruments
from trading.domain import tickets
from trading.domain.contingent.conditions import OF_ACCOUNT, Condition, InvalidConditionError, Leaf
from trading.domain.contingent.drafts import Draft, Fault, read_draft
from trading.domain.contingent.evaluate import Trace, truth_now
from trading.domain.contingent.sights import as_row, of_leaf
from trading.domain.contingent.view import View
from trading.domain.contingent.words import condition_said
from trading.selectors import waiting
from trading.selectors.accounts import account_seen_by
from trading.selectors.rows import Row


def look(draft: Mapping[str, Any], user: User, *, now: datetime) -> Row:
    """Return what the condition says, each comparison as it stands now, and what is wrong with it, if anything.

    Raises:
        NotFoundError: there is no such account, or it is not theirs to see.
        UnknownInstrumentError, InvalidTicketError: the legs are none.
    """
    ticket = _ticket(draft, user)
    read = read_draft(draft["condition"])
    exchange_now = clock.exchange_now(now)
    faults = (*read.faults, *_unknown(read), *_over(read.condition, exchange_now))
    view, blind = _view(read, ticket, now, exchange_now)
    return {
        "said": None if faults or read.condition is None else condition_said(read.condition),
        "is_true": None if faults or read.condition is None or view is None else _truth(read.condition, ticket, view),
        "parts": {} if view is None else {path: _part(leaf, ticket, view) for path, leaf in read.leaves.items()},
        "faults": [{"at": fault.at, "field": fault.field, "message": fault.message} for fault in faults],
        "blind": blind,
        "at": exchange_now.isoformat(),
    }


def must_be_known(data: Mapping[str, Any] | None) -> None:
    """Pass if the desk knows all that the condition looks at; what it never sees would be waited for in vain.

    Raises:
        InvalidConditionError: it does not.
    """
    faults = () if data is None else _unknown(read_draft(data))
    if faults:
        raise InvalidConditionError(f"The condition cannot be watched: {faults[0].message} Nothing was sent.")


def _ticket(draft: Mapping[str, Any], user: User) -> OrderTicket:
    """Return the order as far as a condition can look at it: its account and its legs."""
    account_seen_by(draft["account"], user)
    known = instruments.by_symbol([leg["symbol"] for leg in draft["legs"]])
    bare = {**draft, "quantity": 1, "ord_type": OrdType.MARKET, "time_in_force": TimeInForce.DAY}
    return tickets.complete(bare, {symbol: row.multiplier for symbol, row in known.items()})


def _unknown(read: Draft) -> tuple[Fault, ...]:
    """Return the symbols that the desk does not know: it would never see them, so the order would wait for ever."""
    known = instruments.by_symbol(sorted({leaf.symbol for leaf in read.leaves.values() if leaf.symbol}))
    return tuple(
        Fault(path, "symbol", f"The desk knows no {leaf.symbol.strip()}.")
        for path, leaf in read.leaves.items()
        if leaf.symbol and leaf.symbol not in known
    )


def _over(condition: Condition | None, exchange_now: datetime) -> tuple[Fault, ...]:
    if condition is None or condition.expire_at is None or condition.expire_at > exchange_now:
        return ()
    return (Fault("", "expire_at", "It would be given up at once: this time is past."),)


def _view(read: Draft, ticket: OrderTicket, now: datetime, exchange_now: datetime) -> tuple[View | None, str]:
    if not read.leaves:
        return None, ""
    leaves = read.leaves.values()
    symbols = {leg.symbol for leg in ticket.legs} | {leaf.symbol for leaf in leaves if leaf.symbol}
    codes = {ticket.account} if any(leaf.what in OF_ACCOUNT for leaf in leaves) else set()
    try:
        return waiting.view_at(symbols, codes, now=now, exchange_now=exchange_now), ""
    except UnavailableError as error:
        return None, error.message


def _truth(condition: Condition, ticket: OrderTicket, view: View) -> bool | None:
    """Return whether it would be true at this moment; before it is looked at, it is not."""
    if condition.arm_after is not None and view.exchange_now < condition.arm_after:
        return False
    return truth_now(condition.when, ticket, view)


def _part(leaf: Leaf, ticket: OrderTicket, view: View) -> Row:
    return {**as_row(of_leaf(leaf, Trace(), ticket, view)), "is_true": truth_now(leaf, ticket, view)}
