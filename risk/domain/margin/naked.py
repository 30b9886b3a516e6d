"""Short options that nothing covers.

Source: FINRA Rule 4210(f)(2)(E) and Cboe Rule 10.3(c)(5): premium plus a share of the underlying's value less what is
out of the money, with a floor; a short call and a short put together ask for the greater and the other's premium.
"""

from collections.abc import Sequence
from decimal import Decimal

from allcore.kernel.money import ZERO
from risk.domain.margin.terms import Kind, MarginLeg, Underlying, UnderlyingClass

BROAD = frozenset({UnderlyingClass.BROAD_INDEX, UnderlyingClass.HIGH_CAP_BROAD_INDEX})
BASE, BASE_BROAD, LEAST = Decimal("0.20"), Decimal("0.15"), Decimal("0.10")


def per_contract(leg: MarginLeg, underlying: Underlying) -> Decimal:
    """Return what one short contract asks for, in dollars, its premium in it."""
    base = BASE_BROAD if underlying.klass in BROAD else BASE
    share = min(base * underlying.leverage, Decimal(1))
    floor = min(LEAST * underlying.leverage, Decimal(1))
    of_what = underlying.price if leg.kind is Kind.CALL else leg.strike
    asked = max(share * underlying.price - leg.out_of_the_money(underlying.price), floor * of_what)
    return (leg.price + asked) * leg.multiplier


def together(shorts: Sequence[tuple[MarginLeg, int]], underlying: Underlying) -> Decimal:
    """Return what naked shorts, each with its number of contracts, ask for; calls are paired with puts.

    A pair is of one size: a mini's call is no straddle with a put on ten times the shares.
    """
    sizes = {leg.multiplier for leg, _ in shorts}
    return sum((_of_size([s for s in shorts if s[0].multiplier == size], underlying) for size in sizes), ZERO)


def _of_size(shorts: Sequence[tuple[MarginLeg, int]], underlying: Underlying) -> Decimal:
    calls = _sorted(shorts, Kind.CALL, underlying)
    puts = _sorted(shorts, Kind.PUT, underlying)
    total = ZERO
    while calls and puts:
        (call, call_premium, calls_left), (put, put_premium, puts_left) = calls.pop(), puts.pop()
        paired = min(calls_left, puts_left)
        total += paired * (call + put_premium if call >= put else put + call_premium)
        if calls_left > paired:
            calls.append((call, call_premium, calls_left - paired))
        if puts_left > paired:
            puts.append((put, put_premium, puts_left - paired))
    return total + sum((asked * count for asked, _, count in (*calls, *puts)), ZERO)


def _sorted(
    shorts: Sequence[tuple[MarginLeg, int]], kind: Kind, underlying: Underlying
) -> list[tuple[Decimal, Decimal, int]]:
    """Return what each asks for, its premium and its number, the dearest last."""
    rows = (
        (per_contract(leg, underlying), leg.price * leg.multiplier, count)
        for leg, count in shorts
        if leg.kind is kind and count
    )
    return sorted(rows)
