"""Closing prices as the quotes showed them, and the options that wait for one."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from allcore.kernel.calendar import session_on
from allcore.kernel.clock import new_york_date
from allcore.kernel.instruments import OptionContract
from allcore.kernel.quotes import Quote
from brokers.paper.actions import Adjusted
from brokers.paper.books import AccountBook
from brokers.paper.contracts import (
    AM_SETTLED,
    CASH_SETTLED,
    OPTION_MULTIPLIER,
    option_named,
    settled_at,
    underlying_named,
)
from brokers.paper.expiry import Delivery, settled, settled_in_cash
from brokers.paper.records import BookingRecord

GRACE = timedelta(seconds=5)  # of the exchange's time, for the last quote of the day to come in
DAYS_KEPT = 31  # borrow fees are made up for as many
OPENING = timedelta(minutes=5)  # a first price seen later than that is not the opening's


@dataclass(frozen=True, slots=True)
class Expiring:
    """A position whose contract has had its last session."""

    account: str
    option: OptionContract
    qty: int
    adjusted: Adjusted | None = None

    @property
    def day(self) -> date:
        """New York's date of the price it is settled by."""
        return new_york_date(settled_at(self.option))

    @property
    def underlying(self) -> str:
        """What it is settled by."""
        return underlying_named(self.option) if self.adjusted is None else self.adjusted.underlying


class Closes:
    """The first and the last price of each session, by underlying, for the last sessions."""

    def __init__(self) -> None:
        self._last: dict[str, dict[date, Decimal]] = {}
        self._first: dict[str, dict[date, Decimal]] = {}

    def note(self, quote: Quote) -> None:
        """Learn from a quote of a session's hours; later hours say nothing of the close."""
        day = new_york_date(quote.source_at)
        session = session_on(day)
        price = quote.last if quote.last is not None else quote.mid
        if (
            option_named(quote.symbol) is not None
            or session is None
            or price is None
            or quote.source_at > session.closes_at
        ):
            return
        self.learn(quote.symbol, day, price)
        if session.opens_at <= quote.source_at <= session.opens_at + OPENING:
            _remember(self._first, quote.symbol, day, self.opening_on(quote.symbol, day) or price)

    def learn(self, underlying: str, day: date, price: Decimal) -> None:
        """Take the price as the day's last so far."""
        _remember(self._last, underlying, day, price)

    def on(self, underlying: str, day: date) -> Decimal | None:
        """Return the day's last price, or None if it was not seen."""
        return self._last.get(underlying, {}).get(day)

    def opening_on(self, underlying: str, day: date) -> Decimal | None:
        """Return the session's first price, or None if it was not seen."""
        return self._first.get(underlying, {}).get(day)


def _remember(prices: dict[str, dict[date, Decimal]], underlying: str, day: date, price: Decimal) -> None:
    known = prices.setdefault(underlying, {})
    known[day] = price
    for old in sorted(known)[:-DAYS_KEPT]:
        del known[old]


def expiring(books: Iterable[AccountBook], exchange_now: datetime) -> list[Expiring]:
    """Return the option positions that have had their last session, in a fixed order."""
    return [
        Expiring(book.number, option, held.qty, book.standing.adjusted.get(symbol))
        for book in books
        for symbol, held in sorted(book.holdings.items())
        if (option := option_named(symbol)) is not None and settled_at(option) + GRACE <= exchange_now
    ]


def settled_by(closes: Closes, due: Expiring, now: datetime) -> BookingRecord | None:
    """Return what becomes of the position, or None while the price it is settled by is not known: none is made up.

    For an opening price the first print of the index stands in: the exchange's special quotation is told nowhere here.
    """
    is_opening = due.option.root in AM_SETTLED
    price = (closes.opening_on if is_opening else closes.on)(due.underlying, due.day)
    if price is None:
        return None
    if due.option.root in CASH_SETTLED:
        return settled_in_cash(due.account, due.option, due.qty, price=price, now=now)
    shares = OPTION_MULTIPLIER if due.adjusted is None else due.adjusted.deliverable
    delivery = Delivery(due.underlying, shares, price)
    return settled(due.account, due.option, due.qty, delivery=delivery, now=now)
