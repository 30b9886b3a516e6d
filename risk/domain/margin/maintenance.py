"""What carrying shares with options against them asks for (the options' own short legs as when they were opened).

Source: FINRA Rule 4210(c) for shares; 4210(f)(2)(H) for protective puts and calls, conversions, reversals, collars.
"""

from collections.abc import Iterable
from decimal import Decimal

from allcore.kernel.money import ZERO
from risk.domain.margin.strategy_based import requirement
from risk.domain.margin.terms import Kind, MarginLeg, Underlying

LONG_STOCK, SHORT_STOCK, TENTH = Decimal("0.25"), Decimal("0.30"), Decimal("0.10")
LEAST_A_SHARE = Decimal(5)


def maintenance(legs: Iterable[MarginLeg], underlying: Underlying) -> Decimal:
    """Return what the positions ask for while they are held.

    The shares are matched with one long option (protection) and one short option (cover) of one size, if there are
    such; whatever else is held asks for what it did at the start.
    """
    rows = tuple(leg for leg in legs if leg.qty)
    shares = sum(leg.qty for leg in rows if leg.kind is Kind.STOCK)
    options = [leg for leg in rows if leg.kind is not Kind.STOCK]
    if not shares:
        return requirement(options, underlying).margin
    down = shares > 0
    guard = _one(options, Kind.PUT if down else Kind.CALL, long=True)
    cover = _one(options, Kind.CALL if down else Kind.PUT, long=False)
    guarded = 0 if guard is None else min(abs(shares), guard.qty * guard.shares_to_cover)
    covered = 0 if cover is None else min(abs(shares), -cover.qty * cover.shares_to_cover)
    both = min(guarded, covered)
    price = underlying.price
    parts = (
        (both, _ask(price, guard, cover, long=down)),
        (guarded - both, _ask(price, guard, None, long=down)),
        (covered - both, _ask(price, None, cover, long=down)),
        (abs(shares) - guarded - covered + both, _ask(price, None, None, long=down)),
    )
    return sum((n * ask for n, ask in parts), ZERO) + requirement(_rest(options, cover, covered), underlying).margin


def stock_value(legs: Iterable[MarginLeg], price: Decimal) -> Decimal:
    """Return what the shares count for in equity: those under a covered call no more than its strike."""
    rows = tuple(legs)
    shares = sum(leg.qty for leg in rows if leg.kind is Kind.STOCK)
    cover = _one(rows, Kind.CALL, long=False)
    covered = 0 if cover is None else min(max(shares, 0), -cover.qty * cover.shares_to_cover)
    capped = price if cover is None else min(price, cover.strike)
    return covered * capped + (shares - covered) * price


def _one(options: Iterable[MarginLeg], kind: Kind, *, long: bool) -> MarginLeg | None:
    found = [leg for leg in options if leg.kind is kind and (leg.qty > 0) is long]
    return found[0] if len(found) == 1 else None


def _rest(options: Iterable[MarginLeg], cover: MarginLeg | None, covered: int) -> list[MarginLeg]:
    rest = [leg for leg in options if leg is not cover]
    if cover is not None:
        left = cover.qty + covered // cover.shares_to_cover
        rest.append(MarginLeg(cover.kind, left, cover.price, cover.strike, cover.expiry, cover.multiplier, cover.cover))
    return rest


def _ask(price: Decimal, guard: MarginLeg | None, cover: MarginLeg | None, *, long: bool) -> Decimal:
    """Return what one share asks for with a guard, a cover, both or neither."""
    plain = LONG_STOCK * price if long else _short_share(price)
    in_money = ZERO if cover is None or long else cover.in_the_money(price)
    if guard is None:
        if cover is None or not long:
            return plain + in_money
        return LONG_STOCK * min(price, cover.strike)
    guarded = TENTH * guard.strike + guard.out_of_the_money(price)
    if cover is None:
        return min(guarded, plain)
    if cover.strike == guard.strike:  # a conversion, or a reversal
        return TENTH * guard.strike + in_money
    return min(guarded, LONG_STOCK * cover.strike if long else plain) + in_money


def _short_share(price: Decimal) -> Decimal:
    if price < LEAST_A_SHARE:
        return max(price, Decimal("2.50"))
    return max(SHORT_STOCK * price, LEAST_A_SHARE)
