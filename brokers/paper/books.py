"""Cash and positions of one paper account, and what fills and bookings do to them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from allcore.kernel.clock import new_york_date
from allcore.kernel.money import to_cents
from allcore.kernel.reports import CLOSINGS
from brokers.paper.actions import NO_STANDING, Standing
from brokers.paper.contracts import multiplier_of, option_named, underlying_of
from brokers.paper.records import BookingRecord, Carried, FillRecord
from brokers.paper.settlement import NOTHING_DUE, Move, Settlement, moved

PLACES = Decimal("0.00000001")


@dataclass(frozen=True, slots=True)
class Holding:
    """A position: signed quantity, average price per share of what opened it."""

    qty: int
    avg_px: Decimal


@dataclass(frozen=True, slots=True)
class AccountBook:
    """One account: cash in dollars, holdings by symbol. A flat symbol is not held."""

    number: str
    cash: Decimal
    holdings: Mapping[str, Holding] = field(default_factory=dict)
    standing: Standing = NO_STANDING
    settlement: Settlement = NOTHING_DUE

    def qty(self, symbol: str) -> int:
        """Return the signed quantity held."""
        holding = self.holdings.get(symbol)
        return 0 if holding is None else holding.qty

    def underlying_of(self, symbol: str) -> str:
        """Return what the position is on: of an adjusted contract, not what its name says."""
        adjusted = self.standing.adjusted.get(symbol)
        return underlying_of(symbol) if adjusted is None else adjusted.underlying


def after_fill(book: AccountBook, fill: FillRecord) -> AccountBook:
    """Return the book with the fill in it."""
    signed = fill.side.sign * fill.qty
    flow = -signed * fill.px * fill.multiplier - fill.fee
    after = _moved(replace(book, cash=book.cash + flow), fill.symbol, signed, fill.px)
    return _on_its_way(book, after, fill.symbol, fill.transact_at)


def after_booking(book: AccountBook, booking: BookingRecord) -> AccountBook:
    """Return the book with what befell the position: gone and its shares delivered, paid for, or carried over."""
    if booking.kind not in CLOSINGS:
        return _after_action(book, booking, booking.carried or Carried())
    value = booking.qty * booking.px * multiplier_of(booking.symbol)
    after = _moved(replace(book, cash=book.cash + value - booking.fee), booking.symbol, -booking.qty, booking.px)
    after = _on_its_way(book, after, booking.symbol, booking.transact_at)
    if not booking.shares or booking.delivery_px is None:
        return after
    # The strike times the multiplier is whole cents, though what it comes to a share may be none.
    paid = replace(after, cash=after.cash - to_cents(booking.shares * booking.delivery_px))
    delivered = _moved(paid, booking.underlying, booking.shares, booking.delivery_px)
    return _on_its_way(after, delivered, booking.underlying, booking.transact_at)


def _on_its_way(before: AccountBook, after: AccountBook, symbol: str, at: datetime) -> AccountBook:
    """Return the book afterwards with the cash that moved still to settle."""
    flow = after.cash - before.cash
    move = Move(new_york_date(at), symbol, flow, before.cash, before.qty(symbol), after.qty(symbol))
    return replace(after, settlement=moved(before.settlement, move))


def _after_action(book: AccountBook, booking: BookingRecord, carried: Carried) -> AccountBook:
    is_paid = carried.amount is not None and option_named(booking.symbol) is None
    paid = booking.qty * carried.amount if is_paid and carried.amount is not None else Decimal(0)
    book = replace(book, cash=book.cash + paid + carried.cash)
    held = book.holdings.get(booking.symbol)
    if is_paid or held is None:
        return book
    qty = held.qty if carried.to_qty is None else carried.to_qty
    others = {name: holding for name, holding in book.holdings.items() if name != booking.symbol}
    rest = replace(book, holdings=others)
    if not qty:
        return rest
    avg_px = (held.avg_px * held.qty / qty).quantize(PLACES)  # its cost in all stays what it was
    return _moved(rest, carried.to_symbol or booking.symbol, qty, avg_px)


def _moved(book: AccountBook, symbol: str, signed: int, px: Decimal) -> AccountBook:
    held = book.holdings.get(symbol, Holding(0, Decimal(0)))
    others = {name: holding for name, holding in book.holdings.items() if name != symbol}
    qty = held.qty + signed
    if qty:
        others[symbol] = Holding(qty, _average(held, signed, px))
    return replace(book, holdings=others)


def _average(held: Holding, signed: int, px: Decimal) -> Decimal:
    """Return the average price: it moves when a position grows, stands when it shrinks, begins anew when it turns."""
    qty = held.qty + signed
    if held.qty * signed >= 0:
        return ((held.qty * held.avg_px + signed * px) / qty).quantize(PLACES)
    return held.avg_px if held.qty * qty > 0 else px
