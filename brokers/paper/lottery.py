"""Who is assigned without a rule to it: holders exercise early, or against the closing price, and short lots are drawn.

The clearing house allots an exercise at random among the short. Here each short contract has a draw of its own, by
seed, account, contract and day, so that part of a position may be assigned. Both chances fall with what the
holder gives up: the time value a share when exercising early, the distance of the close from the strike at the end.

Source: OCC's random assignment; exercise instructions are taken until 17:30 New York, after the close that decides
exercise by exception. The rates are the model's.
"""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from math import exp

from allcore.kernel.calendar import Session, session_on
from allcore.kernel.clock import new_york_date
from allcore.kernel.instruments import OptionContract
from brokers.paper.books import AccountBook
from brokers.paper.closes import GRACE, Closes
from brokers.paper.contracts import CASH_SETTLED, OPTION_MULTIPLIER, UNSETTLED, option_named, underlying_named
from brokers.paper.draws import draw
from brokers.paper.expiry import Delivery, assigned_early, intrinsic
from brokers.paper.floor import Floor
from brokers.paper.moment import Moment
from brokers.paper.records import BookingRecord, Change

SCALE = 0.10  # dollars a share given up at which a chance falls to a third

Candidate = tuple[OptionContract, int, Decimal]  # a short position in the money, and its underlying's close


def chance(most: float, given_up: Decimal) -> float:
    """Return the chance of one contract: the most where nothing is given up, less the more is."""
    return most * exp(-max(float(given_up), 0.0) / SCALE)


def drawn(seed: str, names: tuple[object, ...], contracts: int, chance: float) -> int:
    """Return how many of the contracts are drawn."""
    return sum(draw(seed, *names, n) < chance for n in range(contracts)) if chance > 0 else 0


class Lottery:
    """Assigns short options early, once an evening; what an account has come through is kept with its cash."""

    def __init__(self, floor: Floor, closes: Closes) -> None:
        self._floor = floor
        self._closes = closes
        self.wants: frozenset[str] = frozenset()  # symbols whose quotes say what a holder gives up

    def act(self, moment: Moment) -> list[Change]:
        """Return the evening's assignments; a position whose quotes of the day are not known has no draw yet."""
        session = session_on(new_york_date(moment.exchange_now))
        if not self._floor.terms.model.assignment or session is None or moment.exchange_now < session.closes_at + GRACE:
            self.wants = frozenset()
            return []
        waiting: set[str] = set()
        changes: list[Change] = []
        for book in tuple(self._floor.accounts.values()):
            if book.standing.assigned_through == session.day or not (found := self._candidates(book, session.day)):
                continue
            missing = {option.symbol for option, _, _ in found if _mid(option, session.day, moment) is None}
            waiting |= missing
            if not missing:
                changes.append(self._drawn(book, found, session, moment))
        self.wants = frozenset(waiting)
        return changes

    def _candidates(self, book: AccountBook, day: date) -> list[Candidate]:
        return [
            (option, -held.qty, close)
            for symbol, held in sorted(book.holdings.items())
            if held.qty < 0
            and (option := option_named(symbol)) is not None
            and option.root not in CASH_SETTLED | UNSETTLED
            and option.expiry > day
            and symbol not in book.standing.adjusted
            and (close := self._closes.on(underlying_named(option), day)) is not None
            and intrinsic(option, close) > 0
        ]

    def _drawn(self, book: AccountBook, found: list[Candidate], session: Session, moment: Moment) -> Change:
        bookings: list[BookingRecord] = []
        terms = self._floor.terms
        for option, contracts, close in found:
            given_up = (_mid(option, session.day, moment) or Decimal(0)) - intrinsic(option, close)
            names = ("assigned", book.number, option.symbol, session.day)
            qty = drawn(terms.seed, names, contracts, chance(terms.model.assignment, given_up))
            if qty:
                delivery = Delivery(underlying_named(option), OPTION_MULTIPLIER, close)
                early = assigned_early(
                    book.number, option, -qty, delivery=delivery, at=session.closes_at, now=moment.now
                )
                bookings.append(replace(early, event_id=f"{early.event_id}:DRAWN"))
        reports = tuple(self._floor.say.of_booking(booking) for booking in bookings)
        standing = replace(book.standing, assigned_through=session.day)
        change = Change(bookings=tuple(bookings), standings=((book.number, standing),), reports=reports)
        return self._floor.keep(change)


def _mid(option: OptionContract, day: date, moment: Moment) -> Decimal | None:
    quote = moment.quotes.get(option.symbol)
    return None if quote is None or new_york_date(quote.source_at) != day else quote.mid
