"""A share's price where only its options were recorded: what buying the call and selling the put pays for it.

Source: put-call parity, Stoll 1969; early exercise is left out of account, as near an expiry it may be.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from allcore.kernel.instruments import OptionContract, Right
from allcore.kernel.money import CENT
from marketdata.domain import pricing

NEAR = Decimal("0.07")  # of the spot: further away the spreads are too wide to add anything

Sides = tuple[Decimal | None, Decimal | None]


@dataclass(frozen=True, slots=True)
class Pair:
    """Call and put of one strike, by their names."""

    strike: Decimal
    call: str
    put: str


def pairs(contracts: tuple[OptionContract, ...], expiry: date) -> tuple[Pair, ...]:
    """Return the strikes of the expiry at which both rights are listed."""
    rights = {(c.strike, c.right): c.symbol for c in contracts if c.expiry == expiry}
    strikes = sorted({strike for strike, _ in rights})
    return tuple(
        Pair(k, rights[k, Right.CALL], rights[k, Right.PUT])
        for k in strikes
        if (k, Right.CALL) in rights and (k, Right.PUT) in rights
    )


def implied_sides(
    listed: tuple[Pair, ...], shown: Mapping[str, Sides], *, near: Decimal, discount: float
) -> Sides | None:
    """Return the best bid and ask for the share that the options make, or None when they make none that holds.

    `discount` is what a dollar at the expiry is worth now; `near` a price that the share had lately.
    """
    bids, asks = [], []
    for pair in listed:
        if abs(pair.strike / near - 1) > NEAR:
            continue
        (call_bid, call_ask), (put_bid, put_ask) = (
            shown.get(pair.call, (None, None)),
            shown.get(pair.put, (None, None)),
        )
        strike = pair.strike * Decimal(repr(discount))
        if call_bid is not None and put_ask is not None:
            bids.append(call_bid - put_ask + strike)
        if call_ask is not None and put_bid is not None:
            asks.append(call_ask - put_bid + strike)
    if not bids or not asks or max(bids) >= min(asks):
        return None
    return max(bids).quantize(CENT, ROUND_FLOOR), min(asks).quantize(CENT, ROUND_CEILING)


def discount(rate: float, at: datetime, expiry: date) -> float:
    """Return what a dollar at the expiry is worth at the moment."""
    return math.exp(-rate * pricing.years_to_expiry(at, expiry))
