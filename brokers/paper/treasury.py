"""The broker's treasury: interest and borrow fees, booked once for each session, those missed while away included."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from allcore.kernel.calendar import Session, previous_session, session_on
from allcore.kernel.clock import new_york_date
from brokers.paper.books import AccountBook
from brokers.paper.charges import borrow_fee_booked, interest_booked, sessions_between
from brokers.paper.closes import Closes, expiring
from brokers.paper.contracts import option_named
from brokers.paper.floor import Floor
from brokers.paper.moment import Moment
from brokers.paper.rates import Rates
from brokers.paper.records import BookingRecord, Change

Needed = set[tuple[str, date]]
LOOK_BACK = timedelta(days=30)  # of borrow fees: closes from before are not asked for any more
ASK_AGAIN = timedelta(minutes=1)  # of the exchange's time, for a close that nobody knew


class Treasury:
    """How far an account is charged is kept with its cash: after days off each session is made up for by itself."""

    def __init__(self, floor: Floor, closes: Closes, rates: Rates) -> None:
        self._floor = floor
        self._closes = closes
        self._rates = rates
        self._is_free = not any(row.credit or row.debit or row.borrow for row in rates.rows)
        self._done_for: date | None = None
        self._asked_at: datetime | None = None

    def look_again(self) -> None:
        """Forget that the day is done: an account has come."""
        self._done_for = None

    def awaiting_close(self, exchange_now: datetime) -> Needed:
        """Return the closes that a borrow fee needs and that were not seen; once a minute, for they may never be."""
        today = new_york_date(exchange_now)
        if self._is_free or self._done_for == today:
            return set()
        if self._asked_at is not None and self._asked_at <= exchange_now < self._asked_at + ASK_AGAIN:
            return set()
        needed = {
            (symbol, previous_session(session.day).day)
            for book in self._floor.accounts.values()
            for session in self._unpaid(book, today)
            for symbol in shorts_of(book)
        }
        self._asked_at = exchange_now if needed else None
        return {(symbol, day) for symbol, day in needed if self._closes.on(symbol, day) is None}

    def act(self, moment: Moment) -> list[Change]:
        """Return what the nights before today's session came to, once it is open."""
        session = session_on(new_york_date(moment.exchange_now))
        if self._is_free or session is None or session.day == self._done_for:
            return []
        if moment.exchange_now < session.opens_at:
            return []
        books = tuple(self._floor.accounts.values())
        changes = [change for book in books if (change := self._charged(book, session, moment)) is not None]
        if all(is_charged(book, session.day) for book in self._floor.accounts.values()):
            self._done_for = session.day
        return changes

    def _charged(self, book: AccountBook, session: Session, moment: Moment) -> Change | None:
        standing, day = book.standing, session.day
        if standing.interest_through is None or standing.borrow_through is None:
            return self._floor.keep(
                Change(standings=((book.number, replace(standing, interest_through=day, borrow_through=day)),))
            )
        if self._has_ended_since(book, session):
            return None  # what a delivery leaves of the cash is not known yet
        earned = self._interest(book, session, moment) if standing.interest_through < day else ()
        lent = self._fees(book, session, moment) if standing.borrow_through < day else ()
        after = replace(
            standing,
            interest_through=max(day, standing.interest_through),
            borrow_through=standing.borrow_through if lent is None else max(day, standing.borrow_through),
        )
        if after == standing:
            return None
        bookings = (*earned, *(lent or ()))
        reports = tuple(self._floor.say.of_booking(booking) for booking in bookings)
        return self._floor.keep(Change(bookings=bookings, standings=((book.number, after),), reports=reports))

    def _unpaid(self, book: AccountBook, today: date) -> Sequence[Session]:
        through = book.standing.borrow_through
        return () if through is None else tuple(sessions_between(max(through, today - LOOK_BACK), today))

    def _has_ended_since(self, book: AccountBook, session: Session) -> bool:
        return any(due.day < session.day for due in expiring((book,), session.opens_at))

    def _interest(self, book: AccountBook, session: Session, moment: Moment) -> Sequence[BookingRecord]:
        cash, found = book.cash, []
        for one in sessions_between(book.standing.interest_through or session.day, session.day):
            settled = cash - book.settlement.on_its_way(previous_session(one.day).day)
            booking = interest_booked(book.number, settled, self._rates, one, now=moment.now)
            if booking is not None and booking.carried is not None:
                found.append(booking)
                cash += booking.carried.cash
        return found

    def _fees(self, book: AccountBook, session: Session, moment: Moment) -> Sequence[BookingRecord] | None:
        """Return the borrow fees, or None while a close that one needs is not known: none is made up."""
        found: list[BookingRecord] = []
        for one in self._unpaid(book, session.day):
            for symbol, qty in shorts_of(book).items():
                close = self._closes.on(symbol, previous_session(one.day).day)
                if close is None:
                    return None
                booking = borrow_fee_booked(book.number, symbol, qty, close, self._rates, one, now=moment.now)
                found += [] if booking is None else [booking]
        return found


def is_charged(book: AccountBook, day: date) -> bool:
    """Return whether the account has paid for the nights before the day."""
    return book.standing.interest_through == day == book.standing.borrow_through


def shorts_of(book: AccountBook) -> dict[str, int]:
    """Return the account's short shares, signed."""
    return {s: h.qty for s, h in sorted(book.holdings.items()) if h.qty < 0 and option_named(s) is None}
