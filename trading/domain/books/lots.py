"""Lots: what was opened at which price, and what closing it realises. Exact in Decimal; quantities are signed.

Source: whatever the method, realised + unrealised = cash flows + market value; the tests hold it to that.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum

COST_STEP = Decimal("1e-12")  # a part of a lot's cost is rounded to it; the rest keeps the difference, nothing is lost


class LotMethod(StrEnum):
    """Which lot a closing trade closes first. FIFO unless the account elected another, as brokers do.

    AVERAGE takes the oldest first, at the average cost of all; SPECIFIC takes what the order named, then the oldest.
    """

    FIFO = "fifo"
    LIFO = "lifo"
    AVERAGE = "average"
    SPECIFIC = "specific"


@dataclass(frozen=True, slots=True)
class Lot:
    """`qty` contracts or shares still open, and what they cost: `cost` is the sum of quantity times price per share.

    The cost is kept whole, and not as a price, so that an average is never rounded. `key` is the owner's name for it.
    """

    qty: int
    cost: Decimal
    key: int = 0

    @property
    def price(self) -> Decimal:
        """What one share of it cost."""
        return self.cost / self.qty


@dataclass(frozen=True, slots=True)
class Close:
    """A part of a lot that was closed: `qty` signed as the lot was, at `price`; `realised` in dollars, before fees."""

    key: int
    qty: int
    price: Decimal
    realised: Decimal


@dataclass(frozen=True, slots=True)
class Choice:
    """So many contracts or shares, above zero, of the lot that `key` names."""

    key: int
    qty: int


@dataclass(frozen=True, slots=True)
class Trade:
    """What changes lots: signed quantity, price per share, shares in one contract. `key` names the lot it may open.

    `chosen` names the lots to close first, whatever the method; what they do not cover follows the method.
    """

    qty: int
    px: Decimal
    multiplier: int
    key: int = 0
    chosen: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class Booked:
    """The lots after a trade, oldest first, and what it closed."""

    lots: tuple[Lot, ...]
    closes: tuple[Close, ...] = ()

    @property
    def realised(self) -> Decimal:
        """Dollars, before fees."""
        return sum((close.realised for close in self.closes), Decimal(0))


def book(lots: Sequence[Lot], trade: Trade, method: LotMethod = LotMethod.FIFO) -> Booked:
    """Return the lots after the trade. It closes what stands against it first; what is left of it opens a lot."""
    standing, left = list(lots), trade.qty
    closes: list[Close] = []
    if standing and standing[0].qty * trade.qty < 0:
        if method is LotMethod.AVERAGE:
            standing = _averaged(standing)
        for n, most in _order(standing, trade, method):
            close, standing[n] = _close(standing[n], trade, min(most, abs(left)))
            if close.qty:
                closes.append(close)
                left += close.qty
    kept = [lot for lot in standing if lot.qty]
    if left:
        kept.append(Lot(left, _value(left, trade.px), trade.key))
    return Booked(tuple(kept), tuple(closes))


def carried(lots: Sequence[Lot], *, to: int, of: int, multipliers: tuple[int, int] = (1, 1)) -> tuple[Lot, ...]:
    """Return the lots after a corporate action that made `to` of each `of`, oldest first, keys kept; nothing realised.

    `multipliers` are those before and after. A fraction goes on to the next lot and, if there is none, away; the cost
    of a lot that came to nothing goes with it, and stays with the last if all came to nothing of theirs.
    """
    before, after = multipliers
    made: list[Lot] = []
    seen = done = 0
    cost = Decimal(0)
    for lot in lots:
        seen += lot.qty
        cost += lot.cost if before == after else (lot.cost * before / after).quantize(COST_STEP, ROUND_HALF_EVEN)
        qty = _towards_zero(seen * to, of) - done
        if qty:
            made.append(Lot(qty, cost, lot.key))
            done, cost = done + qty, Decimal(0)
    if made and cost:
        made[-1] = Lot(made[-1].qty, made[-1].cost + cost, made[-1].key)
    return tuple(made)


def _towards_zero(part: int, whole: int) -> int:
    size = abs(part) // abs(whole)
    return size if part * whole > 0 else -size


def _order(lots: Sequence[Lot], trade: Trade, method: LotMethod) -> Iterator[tuple[int, int]]:
    """Yield which lot is next, and how much of it may be taken."""
    at = {lot.key: n for n, lot in enumerate(lots)} if trade.chosen else {}
    for choice in trade.chosen:
        if choice.key in at:
            yield at[choice.key], choice.qty
    for n in reversed(range(len(lots))) if method is LotMethod.LIFO else range(len(lots)):
        yield n, abs(lots[n].qty)


def _close(lot: Lot, trade: Trade, most: int) -> tuple[Close, Lot]:
    """Return the part of the lot that is closed, `most` of it at most, and what is left."""
    size = min(most, abs(lot.qty))
    taken = size if lot.qty > 0 else -size
    whole = taken == lot.qty
    cost = lot.cost if whole else (lot.cost * taken / lot.qty).quantize(COST_STEP, ROUND_HALF_EVEN)
    realised = (_value(taken, trade.px) - cost) * trade.multiplier
    return Close(lot.key, taken, trade.px, realised), Lot(lot.qty - taken, lot.cost - cost, lot.key)


def _value(qty: int, px: Decimal) -> Decimal:
    # What a delivery costs a share may have no end: 5,000 dollars for 150 shares.
    return (qty * px).quantize(COST_STEP, ROUND_HALF_EVEN)


def _averaged(lots: Sequence[Lot]) -> list[Lot]:
    """Return the lots at the average cost of all, which in sum they keep."""
    qty, cost = sum(lot.qty for lot in lots), sum((lot.cost for lot in lots), Decimal(0))
    made: list[Lot] = []
    seen, given = 0, Decimal(0)
    for lot in lots:
        seen += lot.qty
        share = cost if seen == qty else (cost * seen / qty).quantize(COST_STEP, ROUND_HALF_EVEN)
        made.append(Lot(lot.qty, share - given, lot.key))
        given = share
    return made
