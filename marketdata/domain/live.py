"""Which options a line with few places is spent on."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from allcore.kernel.instruments import OptionContract


def nearest(
    contracts: Iterable[OptionContract], spot: Decimal, *, today: date, strikes: int, most: int
) -> tuple[OptionContract, ...]:
    """Return the options that are nearest the money, the soonest expiries first, `most` at all.

    Of each expiry, `strikes` on either side of the spot, calls and puts; what has expired before `today` is left out.
    """
    alive = [c for c in contracts if c.expiry >= today]
    ladders = {expiry: sorted({c.strike for c in alive if c.expiry == expiry}) for expiry in {c.expiry for c in alive}}
    chosen = {
        (expiry, strike)
        for expiry, ladder in ladders.items()
        for strike in [*[s for s in ladder if s <= spot][-strikes:], *[s for s in ladder if s > spot][:strikes]]
    }
    ranked = sorted(
        (c for c in alive if (c.expiry, c.strike) in chosen),
        key=lambda c: (c.expiry, abs(c.strike - spot), c.strike, c.right),
    )
    return tuple(ranked[:most])
