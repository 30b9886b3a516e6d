"""Open lots and how closing trades take them, to read."""

from collections.abc import Iterable
from datetime import date, datetime

from allcore.accounts.models import User
from allcore.kernel.clock import new_york_date
from brokers.models import Account
from marketdata.selectors import clock
from risk.domain.lines import contract_of
from risk.selectors.permissions import visible_accounts
from trading.domain.books.lots import LotMethod
from trading.models import Lot, LotElection, LotInstruction
from trading.selectors.rows import Row, iso, text


def lot_name(execution_id: int | None, event_id: int | None) -> str:
    """Return what a lot is called: E and the id of the fill that opened it, or B and the book event's.

    A rebuild makes the lots anew, and not what opened them.
    """
    return f"B{event_id}" if execution_id is None else f"E{execution_id}"


def rows(user: User, now: datetime) -> list[Row]:
    """Return each account that the person may see: its method today, methods to come, and its open lots.

    Raises:
        UnavailableError: no feed has run, so that nobody knows the exchange's day.
    """
    accounts = list(visible_accounts(user).order_by("position_order", "id"))
    today = new_york_date(clock.exchange_now(now))
    lots = Lot.objects.filter(account__in=accounts).exclude(open_qty=0).select_related("instrument")
    by_account: dict[int, list[Lot]] = {}
    for lot in lots.order_by("instrument__symbol", "opened_at", "id"):
        by_account.setdefault(lot.account_id, []).append(lot)
    return [
        method_row(account, today) | {"lots": [lot_row(lot) for lot in by_account.get(account.pk, ())]}
        for account in accounts
    ]


def method_row(account: Account, today: date) -> Row:
    """Return the account's method in force on the day, and those that are elected for later."""
    elected = list(LotElection.objects.filter(account=account).order_by("effective_from"))
    in_force = [one for one in elected if one.effective_from <= today]
    return {
        "account": account.code,
        "method": in_force[-1].method if in_force else LotMethod.FIFO.value,
        "since": in_force[-1].effective_from.isoformat() if in_force else None,
        "later": [
            {"method": one.method, "effective_from": one.effective_from.isoformat()}
            for one in elected
            if one.effective_from > today
        ],
    }


def named_rows(named: Iterable[LotInstruction]) -> list[Row]:
    """Return the lots that an order named."""
    return [{"leg": one.leg, "lot": lot_name(one.execution_id, one.book_event_id), "qty": one.qty} for one in named]


def lot_row(lot: Lot) -> Row:
    """Return an open lot's row; its instrument should be loaded."""
    symbol = lot.instrument.symbol
    return {
        "lot": lot_name(lot.execution_id, lot.book_event_id),
        "symbol": symbol,
        "description": str(contract_of(symbol) or symbol),
        "qty": lot.open_qty,
        "price": text(lot.price),
        "cost": text(lot.cost * lot.instrument.multiplier),
        "opened_at": iso(lot.opened_at),
    }
