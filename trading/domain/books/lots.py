"""Lots: what was opened at which price, and what closing it realises. Exact in Decimal; quantities are signed.

Source: whatever the method, realised + unrealised = cash flows + market value; the tests hold it to that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class LotMethod(StrEnum):
    """Which lot a closing trade closes first. The desk books FIFO, as brokers do unless told otherwise."""

    FIFO = "fifo"
    LIFO = "lifo"
    AVERAGE = "average"


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
class Trade:
    """What changes lots: signed quantity, price per share, shares in one contract. `key` names the lot it may open."""

    qty: int
    px: Decimal
    multiplier: int
    key: int = 0


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
    kept: list[Lot] = []
    closes: list[Close] = []
    left = trade.qty
    ordered = tuple(reversed(lots)) if method is LotMethod.LIFO else tuple(lots)
    for lot in ordered:
        taken = _closing(lot.qty, left)
        if taken:
            cost = lot.cost * taken / lot.qty
            closes.append(Close(lot.key, taken, trade.px, (taken * trade.px - cost) * trade.multiplier))
            lot = Lot(lot.qty - taken, lot.cost - cost, lot.key)  # noqa: PLW2901 what is left of it
            left += taken
        if lot.qty:
            kept.append(lot)
    if method is LotMethod.LIFO:
        kept.reverse()
    if left:
        kept.append(Lot(left, left * trade.px, trade.key))
    return Booked(_merged(kept) if method is LotMethod.AVERAGE else tuple(kept), tuple(closes))


def _closing(held: int, traded: int) -> int:
    """Return how much of `held` a trade closes, signed as held: nothing if both are on one side."""
    if held * traded >= 0:
        return 0
    return min(held, -traded) if held > 0 else max(held, -traded)


def _merged(lots: Sequence[Lot]) -> tuple[Lot, ...]:
    """Return one lot at the average; trades against a position close it first, so that all stand on one side."""
    if len(lots) < 2:
        return tuple(lots)
    return (Lot(sum(lot.qty for lot in lots), sum((lot.cost for lot in lots), Decimal(0)), lots[0].key),)
