"""What a corporate action does to the positions of one account. Values in, values out.

Source: `allcore.kernel.adjustments` for what becomes of options; a share's fraction after a split is paid out at the
last close, as transfer agents do.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from allcore.kernel import adjustments
from allcore.kernel.calendar import session_on
from allcore.kernel.instruments import OptionContract
from allcore.kernel.money import to_cents
from allcore.kernel.reports import BookKind
from brokers.paper.actions import Adjusted, CorporateAction, Due, Standing
from brokers.paper.books import AccountBook
from brokers.paper.contracts import option_named
from brokers.paper.records import BookingRecord, Carried

LastClose = Callable[[str], Decimal | None]  # of a share, before the action


@dataclass(frozen=True, slots=True)
class Applied:
    """The bookings of one action, and how the account stands afterwards."""

    bookings: tuple[BookingRecord, ...]
    standing: Standing


def applied(
    action: CorporateAction, book: AccountBook, *, last_close: LastClose, at: datetime, now: datetime
) -> Applied | None:
    """Return what the action does, or None while a close that it needs is not known."""
    standing = book.standing
    if action.kind is BookKind.DIVIDEND:
        return _earned(action, book)
    bookings: list[BookingRecord] = []
    for symbol, qty in _held(book, action.symbol):
        carried = _carried(action, symbol, qty, last_close)
        if carried is None:
            return None
        if carried == Carried():
            continue
        bookings.append(_booking(action, book.number, symbol, qty, at=at, now=now, carried=carried))
        standing = _readjusted(standing, action, symbol, carried)
    return Applied(tuple(bookings), standing)


def paid(book: AccountBook, *, today: date, at: datetime, now: datetime) -> Applied:
    """Return the dividends whose day has come; who was short pays them."""
    ready = tuple(due for due in book.standing.due if due.pay_date <= today)
    bookings = tuple(
        BookingRecord(
            account=book.number,
            event_id=_event_id(book.number, BookKind.DIVIDEND, due.action_id, due.symbol),
            kind=BookKind.DIVIDEND,
            symbol=due.symbol,
            qty=due.qty,
            transact_at=at,
            booked_at=now,
            carried=Carried(amount=due.amount),
        )
        for due in ready
    )
    return Applied(bookings, replace(book.standing, due=tuple(d for d in book.standing.due if d not in ready)))


def needs_close(action: CorporateAction, book: AccountBook) -> bool:
    """Return whether a fraction of a share is left over, which is paid for by the last close."""
    qty = book.qty(action.symbol)
    return action.kind is BookKind.SPLIT and qty * action.ratio_new % action.ratio_old != 0


def opening_of(day: date) -> datetime | None:
    """Return when the day's session opens: what goes ex that day does so then."""
    session = session_on(day)
    return None if session is None else session.opens_at


def _earned(action: CorporateAction, book: AccountBook) -> Applied:
    qty = book.qty(action.symbol)
    if not qty or action.amount is None:
        return Applied((), book.standing)
    due = Due(action.action_id, action.symbol, qty, action.amount, action.pay_date or action.ex_date)
    return Applied((), replace(book.standing, due=(*book.standing.due, due)))


def _held(book: AccountBook, symbol: str) -> list[tuple[str, int]]:
    return [(name, held.qty) for name, held in sorted(book.holdings.items()) if book.underlying_of(name) == symbol]


def _carried(action: CorporateAction, symbol: str, qty: int, last_close: LastClose) -> Carried | None:
    option = option_named(symbol)
    match action.kind:
        case BookKind.SPLIT:
            return _split_shares(action, qty, last_close) if option is None else _split_option(action, option, qty)
        case BookKind.SPECIAL_DIVIDEND:
            return _special(action, option)
        case BookKind.SYMBOL_CHANGE:
            to = action.to_symbol if option is None else replace(option, root=action.to_symbol).symbol
            return Carried(to_symbol=to, to_qty=qty)
        case _:
            return Carried()


def _split_shares(action: CorporateAction, qty: int, last_close: LastClose) -> Carried | None:
    """Return whole shares, and the fraction in cash at the last close; None while that is not known."""
    sign = 1 if qty > 0 else -1
    whole, rest = divmod(abs(qty) * action.ratio_new, action.ratio_old)
    cash = Decimal(0)
    if rest:
        close = last_close(action.symbol)
        if close is None:
            return None
        cash = to_cents(sign * close / action.ratio_new * rest)  # a new share is worth old / new of an old one
    return Carried(action.ratio_new, action.ratio_old, to_qty=sign * whole, cash=cash)


def _split_option(action: CorporateAction, option: OptionContract, qty: int) -> Carried:
    made = adjustments.split(option, new=action.ratio_new, old=action.ratio_old)
    return Carried(
        action.ratio_new,
        action.ratio_old,
        to_symbol=made.contract.symbol,
        to_qty=qty * made.contracts,
        multiplier=made.multiplier,
        deliverable=made.deliverable,
    )


def _special(action: CorporateAction, option: OptionContract | None) -> Carried:
    if option is None:
        return Carried(amount=action.amount)
    lowered = adjustments.special_dividend(option, action.amount or Decimal(0))
    return Carried() if lowered == option else Carried(amount=action.amount, to_symbol=lowered.symbol)


def _readjusted(standing: Standing, action: CorporateAction, symbol: str, carried: Carried) -> Standing:
    """Remember what a contract delivers when its name does not say it."""
    adjusted = {name: terms for name, terms in standing.adjusted.items() if name != symbol}
    if carried.deliverable is not None and carried.deliverable != carried.multiplier:
        adjusted[carried.to_symbol] = Adjusted(action.symbol, carried.deliverable)
    elif (old := standing.adjusted.get(symbol)) is not None:
        underlying = action.to_symbol or old.underlying
        adjusted[carried.to_symbol or symbol] = Adjusted(underlying, old.deliverable)
    return replace(standing, adjusted=adjusted)


def _booking(  # noqa: PLR0913 one argument a column
    action: CorporateAction, account: str, symbol: str, qty: int, *, at: datetime, now: datetime, carried: Carried
) -> BookingRecord:
    return BookingRecord(
        account=account,
        event_id=_event_id(account, action.kind, action.action_id, symbol),
        kind=action.kind,
        symbol=symbol,
        qty=qty,
        transact_at=at,
        booked_at=now,
        underlying="" if symbol == action.symbol else action.to_symbol or action.symbol,
        carried=carried,
    )


def _event_id(account: str, kind: BookKind, action_id: str, symbol: str) -> str:
    return f"{account}:{kind}:{action_id}:{symbol.replace(' ', '')}"
