"""The clearing house: what becomes of options at their end, and of long ones by their holders' instructions.

Source: OCC's exercise by exception, from a cent in the money; a holder may say otherwise, either way.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from allcore.kernel.clock import new_york_date
from allcore.kernel.instructions import InstructionKind, Standing
from allcore.kernel.reports import BookKind
from brokers.paper import closes
from brokers.paper.books import AccountBook
from brokers.paper.contracts import CASH_SETTLED, OPTION_MULTIPLIER, option_named, settled_at
from brokers.paper.expiry import Delivery, allotted, chosen, exercised_early, intrinsic
from brokers.paper.floor import Floor
from brokers.paper.lottery import chance, drawn
from brokers.paper.moment import Moment
from brokers.paper.records import BookingRecord, Carried, Change, InstructionRecord

Records = tuple[InstructionRecord, ...]


class Clearing:
    """Knows the instructions that are still to act, and settles."""

    def __init__(self, floor: Floor, known: closes.Closes, instructions: Iterable[InstructionRecord]) -> None:
        self._floor = floor
        self._closes = known
        self._open = {record.instruction_id: record for record in instructions}

    def take(self, record: InstructionRecord) -> None:
        """Know an instruction as it now stands."""
        if record.standing is Standing.ACCEPTED:
            self._open[record.instruction_id] = record
        else:
            self._open.pop(record.instruction_id, None)

    def free(self, account: str, symbol: str) -> int:
        """Return how many long contracts no instruction speaks for."""
        book = self._floor.accounts.get(account)
        spoken_for = sum(r.qty for r in self._open.values() if (r.account, r.symbol) == (account, symbol))
        return (0 if book is None else max(book.qty(symbol), 0)) - spoken_for

    def carry(self, bookings: Iterable[BookingRecord]) -> Records:
        """Return the instructions as corporate actions leave them: on what their contract became, or done with."""
        moved: list[InstructionRecord] = []
        for booking in bookings:
            to = booking.carried
            if to is None or (to.to_symbol in ("", booking.symbol) and to.to_qty in (None, booking.qty)):
                continue
            own = [r for r in self._open.values() if (r.account, r.symbol) == (booking.account, booking.symbol)]
            moved += [_carried(record, booking.qty, to) for record in own]
        for record in moved:
            self.take(record)
        return tuple(moved)

    def act(self, moment: Moment) -> list[Change]:
        """Exercise early what is to be, then settle what has expired and whose close is known; the rest waits."""
        due = closes.expiring(self._floor.accounts.values(), moment.exchange_now)
        ends = {(e.account, e.option.symbol) for e in due}
        ripe = [r for r in self._open.values() if r.acts_by + closes.GRACE <= moment.exchange_now]
        groups: dict[tuple[str, str, object], list[InstructionRecord]] = {}
        for record in ripe:
            if (record.account, record.symbol) not in ends or not _is_last(record):
                groups.setdefault((record.account, record.symbol, record.acts_by), []).append(record)
        early = [self._early(tuple(group), moment) for _, group in sorted(groups.items(), key=lambda kv: str(kv[0]))]
        due = closes.expiring(self._floor.accounts.values(), moment.exchange_now) if early else due
        return early + [change for e in due if (change := self._ended(e, moment)) is not None]

    def _early(self, records: Records, moment: Moment) -> Change:
        """Exercise what is still held of what was asked for; who sold it since has nothing to exercise."""
        first = records[0]
        book, option = self._floor.accounts[first.account], option_named(first.symbol)
        done, qty = _done(records, max(book.qty(first.symbol), 0))
        if option is None or not qty:
            return self._kept((), done)
        delivery = _delivery(book, first.symbol)
        booking = exercised_early(first.account, option, qty, delivery=delivery, at=first.acts_by, now=moment.now)
        return self._kept((booking,), done)

    def _ended(self, due: closes.Expiring, moment: Moment) -> Change | None:
        plain = closes.settled_by(self._closes, due, moment.now)
        if plain is None:
            return None
        if due.qty < 0:
            return self._kept(self._against(due, plain, moment.now), ())
        told = tuple(r for r in self._open.values() if (r.account, r.symbol) == (due.account, due.option.symbol))
        if due.qty <= 0 or not told or due.option.root in CASH_SETTLED:
            return self._kept((plain,), tuple(_ended_with(record, 0) for record in told))
        done, asked_for = _done(told, due.qty)
        not_wanted = sum(r.qty for r in told if r.kind is InstructionKind.DO_NOT_EXERCISE)
        exercised = asked_for
        if plain.kind is BookKind.EXERCISE:
            exercised = due.qty - min(not_wanted, due.qty - asked_for)
        delivery = _delivery(self._floor.accounts[due.account], due.option.symbol)
        bookings = chosen(due.account, due.option, due.qty, exercised=exercised, delivery=delivery, now=moment.now)
        return self._kept(bookings, done)

    def _against(self, due: closes.Expiring, plain: BookingRecord, now: datetime) -> tuple[BookingRecord, ...]:
        """Return the end of a short position, with the contracts whose holders did other than the close says."""
        terms, close = self._floor.terms, self._closes.on(due.underlying, due.day)
        if close is None or not terms.model.contrary or due.option.root in CASH_SETTLED:
            return (plain,)
        delivery = replace(_delivery(self._floor.accounts[due.account], due.option.symbol), price=close)
        distance = abs(intrinsic(due.option, close, delivery.shares))
        names = ("contrary", due.account, due.option.symbol)
        others = drawn(terms.seed, names, -due.qty, chance(terms.model.contrary, distance))
        assigned = -due.qty - others if plain.kind is BookKind.ASSIGNMENT else others
        return allotted(due.account, due.option, due.qty, assigned=-assigned, delivery=delivery, now=now)

    def _kept(self, bookings: Sequence[BookingRecord], done: Records) -> Change:
        for record in done:
            self.take(record)
        reports = tuple(self._floor.say.of_booking(booking) for booking in bookings)
        return self._floor.keep(Change(bookings=tuple(bookings), instructions=done, reports=reports))


def _done(records: Records, held: int) -> tuple[Records, int]:
    """Return the instructions as done, and how many of the held contracts they exercise, the oldest first."""
    done: list[InstructionRecord] = []
    left = held
    for record in sorted(records, key=lambda r: (r.taken_at, r.instruction_id)):
        qty = min(record.qty, left) if record.kind is InstructionKind.EXERCISE else 0
        left -= qty
        done.append(_ended_with(record, qty))
    return tuple(done), held - left


def _ended_with(record: InstructionRecord, exercised: int) -> InstructionRecord:
    return replace(record, standing=Standing.DONE, exercised=exercised, version=record.version + 1)


def _carried(record: InstructionRecord, held: int, to: Carried) -> InstructionRecord:
    """Return the instruction on the new contract; on no whole number of them it is done with, and exercises nothing."""
    became = held if to.to_qty is None else to.to_qty
    qty, rest = divmod(record.qty * abs(became), abs(held))
    if rest or not qty:
        return _ended_with(record, 0)
    return replace(record, symbol=to.to_symbol or record.symbol, qty=qty, version=record.version + 1)


def _is_last(record: InstructionRecord) -> bool:
    """Whether it acts as its contract ends, and not on a day before."""
    option = option_named(record.symbol)
    return option is not None and new_york_date(record.acts_by) >= new_york_date(settled_at(option))


def _delivery(book: AccountBook, symbol: str) -> Delivery:
    """Return what a contract delivers; no price decides where a person has."""
    adjusted = book.standing.adjusted.get(symbol)
    shares = OPTION_MULTIPLIER if adjusted is None else adjusted.deliverable
    return Delivery(book.underlying_of(symbol), shares, Decimal(0))
