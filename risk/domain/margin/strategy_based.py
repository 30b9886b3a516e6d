"""Regulation T and the exchanges' strategy rules: what opening a set of positions in one underlying asks for.

Source: Reg T 220.12; FINRA Rule 4210(f)(2) and Regulatory Notice 12-44 (the universal spread rule).
Each short option is covered by shares, or belongs to a spread, or is naked: of the ways to divide them up that the
rules allow, the one that asks for least counts, as a broker's system would choose.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import product
from math import gcd, prod

from allcore.kernel.money import ZERO
from risk.domain.margin import naked
from risk.domain.margin.terms import Kind, MarginLeg, Underlying

STOCK_INITIAL = Decimal("0.50")
LONG_DATED = Decimal("0.75")
MOST_FINE_WAYS = 256  # up to it every division is looked at; beyond it those where one of the shorts is whole
MOST_WAYS = 4096  # beyond it only the plain division is looked at: never less than the least

Count = tuple[MarginLeg, int]


@dataclass(frozen=True, slots=True)
class Requirement:
    """What is asked for in dollars. `margin` is beyond what longs cost; proceeds of what is sold may be put to it."""

    margin: Decimal
    long_cost: Decimal
    short_proceeds: Decimal

    @property
    def gross(self) -> Decimal:
        """Margin and what is bought, before proceeds."""
        return self.margin + self.long_cost

    @property
    def net(self) -> Decimal:
        """What the account must have."""
        return self.gross - self.short_proceeds


def requirement(legs: Iterable[MarginLeg], underlying: Underlying) -> Requirement:
    """Return what the positions ask for when they are opened."""
    rows = tuple(leg for leg in legs if leg.qty)
    shares = sum(leg.qty for leg in rows if leg.kind is Kind.STOCK)
    stock = sum((abs(leg.value) for leg in rows if leg.kind is Kind.STOCK), ZERO) * STOCK_INITIAL
    longs = [leg for leg in rows if leg.kind is not Kind.STOCK and leg.qty > 0]
    uncovered, exercise = _without_covered(rows, shares, underlying.price)
    return Requirement(
        margin=stock + exercise + _options(uncovered, longs, underlying),
        long_cost=sum((leg.value * (LONG_DATED if leg.is_long_dated else 1) for leg in longs), ZERO),
        short_proceeds=-sum((leg.value for leg in rows if leg.kind is not Kind.STOCK and leg.qty < 0), ZERO),
    )


def cash_secured(leg: MarginLeg) -> Requirement:
    """Return what a short put asks for in a cash account: the whole exercise price."""
    return Requirement(-leg.qty * leg.multiplier * leg.strike, ZERO, -leg.value)


def _without_covered(rows: Sequence[MarginLeg], shares: int, price: Decimal) -> tuple[list[Count], Decimal]:
    """Return the shorts that shares do not cover, and what short shares' puts are in the money by."""
    kind = Kind.CALL if shares > 0 else Kind.PUT
    left, exercise, uncovered = abs(shares), ZERO, []
    shorts = [leg for leg in rows if leg.kind is not Kind.STOCK and leg.qty < 0]
    for leg in sorted(shorts, key=lambda leg: leg.in_the_money(price) - leg.out_of_the_money(price), reverse=True):
        covered = min(-leg.qty, left // leg.shares_to_cover) if leg.kind is kind else 0
        left -= covered * leg.shares_to_cover
        if kind is Kind.PUT:
            exercise += covered * leg.multiplier * leg.in_the_money(price)
        uncovered.append((leg, -leg.qty - covered))
    return [(leg, count) for leg, count in uncovered if count], exercise


def _options(shorts: Sequence[Count], longs: Sequence[MarginLeg], underlying: Underlying) -> Decimal:
    """Return the least that the shorts ask for, over how many of each are naked and how many in a spread."""
    asked = []
    for bare in _ways(shorts, longs):
        spread = [(leg, count - out) for (leg, count), out in zip(shorts, bare, strict=True)]
        loss = _worst(spread, longs)
        if loss is not None:
            outside = [(leg, out) for (leg, _), out in zip(shorts, bare, strict=True)]
            asked.append(loss + naked.together(outside, underlying))
    return min(asked)  # all of them naked is always a way


def _ways(shorts: Sequence[Count], longs: Sequence[MarginLeg]) -> Iterator[tuple[int, ...]]:
    """Yield how many of each short are naked."""
    step = gcd(*(count for _, count in shorts), *(long.qty for long in longs))
    fine = [range(0, count + 1, step) for _, count in shorts]
    if prod(len(choice) for choice in fine) <= MOST_FINE_WAYS:
        yield from product(*fine)
        return
    choices = []
    for leg, count in shorts:
        sold = sum(n for other, n in shorts if other.kind is leg.kind)
        bought = sum(long.qty for long in longs if _shields(long, leg))
        choices.append(sorted({0, count, min(count, max(sold - bought, 0))}))
    ways = prod(len(choice) for choice in choices)
    yield from product(*choices) if ways <= MOST_WAYS else [tuple(count for _, count in shorts)]


def _shields(long: MarginLeg, short: MarginLeg) -> bool:
    """Whether the long option may stand against the short one: it must not end first."""
    return long.kind is short.kind and long.expiry >= short.expiry


def _worst(spread: Sequence[Count], longs: Sequence[MarginLeg]) -> Decimal | None:
    """Return the greatest intrinsic loss of shorts and the longs that outlast them; None if there is no greatest."""
    shorts = [replace(leg, qty=-count) for leg, count in spread if count]
    if not shorts:
        return ZERO
    allowed = [x for x in longs if all(_shields(x, s) for s in shorts if s.kind is x.kind)]
    group = [*shorts, *allowed]
    if sum(leg.qty * leg.multiplier for leg in group if leg.kind is Kind.CALL) < 0:
        return None
    prices = {ZERO, *(leg.strike for leg in group)}
    worth = (sum((leg.qty * leg.multiplier * leg.in_the_money(price) for leg in group), ZERO) for price in prices)
    return max(-min(worth), ZERO)
