"""Closing prices as the quotes showed them, and the options that wait for one."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from allcore.kernel.calendar import session_on
from allcore.kernel.clock import new_york_date
from allcore.kernel.instruments import OptionContract
from allcore.kernel.quotes import Quote
from brokers.paper.books import AccountBook
from brokers.paper.contracts import last_moment, option_named
from brokers.paper.expiry import settled
from brokers.paper.records import BookingRecord

GRACE = timedelta(seconds=5)  # of the exchange's time, for the last quote of the day to come in
DAYS_KEPT = 2


@dataclass(frozen=True, slots=True)
class Expiring:
    """A position whose contract has had its last session."""

    account: str
    option: OptionContract
    qty: int

    @property
    def day(self) -> date:
        """New York's date of the last session."""
        return new_york_date(last_moment(self.option))


class Closes:
    """The last price of each session, by underlying, for the last sessions."""

    def __init__(self) -> None:
        self._last: dict[str, dict[date, Decimal]] = {}

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

    def learn(self, underlying: str, day: date, price: Decimal) -> None:
        """Take the price as the day's last so far."""
        known = self._last.setdefault(underlying, {})
        known[day] = price
        for old in sorted(known)[:-DAYS_KEPT]:
            del known[old]

    def on(self, underlying: str, day: date) -> Decimal | None:
        """Return the day's last price, or None if it was not seen."""
        return self._last.get(underlying, {}).get(day)


def expiring(books: Iterable[AccountBook], exchange_now: datetime) -> list[Expiring]:
    """Return the option positions that have had their last session, in a fixed order."""
    return [
        Expiring(book.number, option, held.qty)
        for book in books
        for symbol, held in sorted(book.holdings.items())
        if (option := option_named(symbol)) is not None and last_moment(option) + GRACE <= exchange_now
    ]


def settled_by(closes: Closes, due: Expiring, now: datetime) -> BookingRecord | None:
    """Return what becomes of the position, or None while its underlying's close is not known: no price is made up."""
    closed_at = last_moment(due.option)
    close = closes.on(due.option.root, due.day)
    if close is None:
        return None
    return settled(due.account, due.option, due.qty, close=close, closed_at=closed_at, now=now)
