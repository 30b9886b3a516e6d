"""The transfer agent: what corporate actions do at the paper broker, on the day they go ex and the evening before."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from allcore.kernel.calendar import Session, next_session, previous_session, session_on
from allcore.kernel.clock import new_york_date
from allcore.kernel.instruments import OptionContract, Right
from allcore.kernel.money import CENT
from allcore.kernel.reports import BookKind
from brokers.paper import corporate
from brokers.paper.actions import Calendar, CorporateAction, Standing
from brokers.paper.books import AccountBook, after_booking
from brokers.paper.clearing import Clearing
from brokers.paper.closes import GRACE, Closes
from brokers.paper.contracts import CASH_SETTLED, OPTION_MULTIPLIER, option_named, underlying_named
from brokers.paper.expiry import Delivery, assigned_early, intrinsic
from brokers.paper.floor import Floor
from brokers.paper.moment import Moment
from brokers.paper.records import BookingRecord, Change

LOOK_BACK = timedelta(days=30)  # a session that was away for longer takes up where it is
REARRANGES = frozenset({BookKind.SPLIT, BookKind.SPECIAL_DIVIDEND, BookKind.SYMBOL_CHANGE})

Standings = tuple[tuple[str, Standing], ...]


class TransferAgent:
    """Applies each action once: what an account has come through is kept with its cash."""

    def __init__(self, floor: Floor, closes: Closes, clearing: Clearing, *, is_used: bool) -> None:
        self._floor = floor
        self._clearing = clearing
        self._closes = closes
        self._is_used = is_used
        self._calendar = Calendar()
        self._done_for: date | None = None
        self.wants: frozenset[str] = frozenset()  # symbols whose quotes decide an early assignment

    def look_again(self) -> None:
        """Forget that the day is done: an account has come."""
        self._done_for = None

    def unasked(self, today: date) -> list[str]:
        """Return the underlyings whose actions are not known as of New York's date."""
        if not self._is_used:
            return []
        held = {symbol for book in self._floor.accounts.values() for symbol in underlyings_of(book)}
        return self._calendar.unasked(sorted(held), today)

    def learn(self, symbol: str, today: date, actions: Sequence[CorporateAction]) -> None:
        """Take the answer."""
        self._calendar.learn(symbol, today, actions)

    def awaiting_close(self, today: date) -> set[tuple[str, date]]:
        """Return the closes that an action needs and that were not seen."""
        found = [(book, action) for book in self._floor.accounts.values() for action in self._ahead(book, today)]
        return {(a.symbol, _day_before(a)) for book, a in found if self._lacks_close(a, book)}

    def act(self, moment: Moment) -> list[Change]:
        """Return what goes ex and what is paid as the session opens."""
        today = new_york_date(moment.exchange_now)
        if not self._is_used or self._done_for == today:
            return []
        session = session_on(today)
        if session is None or moment.exchange_now < session.opens_at:
            return []
        changes = [c for book in tuple(self._floor.accounts.values()) for c in self._opened(book, session, moment)]
        if all(book.standing.through == today for book in self._floor.accounts.values()):
            self._done_for = today
        return changes

    def assign(self, moment: Moment) -> list[Change]:
        """Return the shorts assigned early by the close's quotes: calls for a dividend, puts without time value."""
        if not self._is_used:
            return []
        session = session_on(new_york_date(moment.exchange_now))
        if session is None or moment.exchange_now < session.closes_at + GRACE:
            self.wants = frozenset()
            return []
        at_risk = [
            (book.number, option, held.qty, amount)
            for book in self._floor.accounts.values()
            for symbol, held in sorted(book.holdings.items())
            if (option := option_named(symbol)) is not None
            and held.qty < 0
            and symbol not in book.standing.adjusted
            and (amount := self._given_up(option, session)) is not None
        ]
        self.wants = frozenset(option.symbol for _, option, _, _ in at_risk)
        bookings = [
            assigned_early(account, option, qty, delivery=delivery, at=session.closes_at, now=moment.now)
            for account, option, qty, amount in at_risk
            if (delivery := self._worth_exercising(option, amount, session, moment)) is not None
        ]
        return [self._booked((booking,)) for booking in bookings]

    def _opened(self, book: AccountBook, session: Session, moment: Moment) -> list[Change]:
        """Apply all that has gone ex since the account was last seen to, as one change."""
        if book.standing.through is None:
            return [self._stands(book, session.day)]
        actions = self._ahead(book, session.day)
        is_unknown = self._calendar.unasked(sorted(underlyings_of(book)), session.day)
        if book.standing.through >= session.day or is_unknown or any(self._lacks_close(a, book) for a in actions):
            return []
        withdrawn = [c for action in actions for c in self._withdrawn(action, book.number, moment)]
        bookings: list[BookingRecord] = []
        for action in actions:
            at = corporate.opening_of(action.ex_date) or session.opens_at
            done = corporate.applied(action, book, last_close=self._last_close(action), at=at, now=moment.now)
            if done is not None:
                bookings += done.bookings
                book = _after(book, done)
        done = corporate.paid(book, today=session.day, at=session.opens_at, now=moment.now)
        book = _after(book, done)
        standing = replace(book.standing, through=session.day)
        change = self._booked((*bookings, *done.bookings), ((book.number, standing),))
        return [*withdrawn, change]

    def _ahead(self, book: AccountBook, today: date) -> list[CorporateAction]:
        through = book.standing.through or today
        found = [a for symbol in underlyings_of(book) for a in self._calendar.between(symbol, through, today)]
        return sorted(found, key=lambda a: (a.ex_date, a.action_id))

    def _lacks_close(self, action: CorporateAction, book: AccountBook) -> bool:
        return corporate.needs_close(action, book) and self._closes.on(action.symbol, _day_before(action)) is None

    def _last_close(self, action: CorporateAction) -> corporate.LastClose:
        return lambda symbol: self._closes.on(symbol, _day_before(action))

    def _withdrawn(self, action: CorporateAction, account: str, moment: Moment) -> list[Change]:
        """Cancel the orders whose instruments are no longer what they were."""
        if action.kind not in REARRANGES:
            return []
        return [
            self._floor.withdrawn(order, "CORPORATE_ACTION", moment)
            for order in self._floor.orders.all()
            if order.account == account and order.ticket.underlying == action.symbol
        ]

    def _stands(self, book: AccountBook, today: date) -> Change:
        return self._booked((), ((book.number, replace(book.standing, through=today)),))

    def _booked(self, bookings: tuple[BookingRecord, ...], standings: Standings = ()) -> Change:
        reports = tuple(self._floor.say.of_booking(booking) for booking in bookings)
        told = self._clearing.carry(bookings)
        return self._floor.keep(Change(bookings=bookings, standings=standings, instructions=told, reports=reports))

    def _given_up(self, option: OptionContract, session: Session) -> Decimal | None:
        """Return how much time value a share a holder gives up to exercise tonight; None if there is no reason to.

        For a call, less than tomorrow's dividend. For a put, less than a cent: the strike bears interest from then on.
        """
        if option.root in CASH_SETTLED or option.expiry <= session.day:
            return None
        if option.right is Right.PUT:
            close = self._closes.on(underlying_named(option), session.day)
            return CENT if close is not None and intrinsic(option, close) > 0 else None
        ahead = self._calendar.between(underlying_named(option), session.day, next_session(session.day).day)
        amounts = [a.amount for a in ahead if a.kind is BookKind.DIVIDEND and a.amount is not None]
        return sum(amounts, Decimal(0)) or None

    def _worth_exercising(
        self, option: OptionContract, amount: Decimal, session: Session, moment: Moment
    ) -> Delivery | None:
        """Return what is delivered if holding on, the close's middle less intrinsic, is worth less than the amount."""
        underlying = underlying_named(option)
        close, quote = self._closes.on(underlying, session.day), moment.quotes.get(option.symbol)
        mid = None if quote is None or new_york_date(quote.source_at) != session.day else quote.mid
        if close is None or mid is None or intrinsic(option, close) <= 0:
            return None
        is_worth = mid - intrinsic(option, close) < amount
        return Delivery(underlying, OPTION_MULTIPLIER, close) if is_worth else None


def underlyings_of(book: AccountBook, *, of_options: bool = False) -> set[str]:
    """Return what the account's positions are on, of its options alone if so asked."""
    return {
        book.underlying_of(symbol) for symbol in book.holdings if not of_options or option_named(symbol) is not None
    }


def _day_before(action: CorporateAction) -> date:
    return previous_session(action.ex_date).day


def _after(book: AccountBook, done: corporate.Applied) -> AccountBook:
    for booking in done.bookings:
        book = after_booking(book, booking)
    return replace(book, standing=done.standing)
