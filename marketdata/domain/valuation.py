"""Implied volatility and Greeks of all quoted options at once.

A strike has one volatility: its out-of-the-money side's, for the other side is mostly intrinsic value. Where nobody
bids, the price is taken half way to nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from allcore.kernel.instruments import OptionContract, Right
from allcore.kernel.quotes import Quote
from marketdata.domain import implied, pricing
from marketdata.domain.pricing import Flags, Floats

PLACES = 6


@dataclass(frozen=True, slots=True)
class Columns:
    """Options as columns; `expiry` and `owner` index their tuples, `sibling` is the same strike's other right or -1."""

    symbols: tuple[str, ...]
    owners: tuple[str, ...]
    expiries: tuple[date, ...]
    owner: NDArray[np.int64]
    expiry: NDArray[np.int64]
    sibling: NDArray[np.int64]
    strike: Floats
    is_call: Flags
    dividend: Floats


@dataclass(frozen=True, slots=True)
class Market:
    """What the options are valued with: the exchange's time, the riskless rate a year, spots by underlying."""

    at: datetime
    rate: float
    spots: Mapping[str, Decimal]


def columns_of(contracts: Sequence[OptionContract], dividends: Mapping[str, float]) -> Columns:
    """Return the contracts as columns; `dividends` are yields a year by underlying."""
    place = {(c.root, c.expiry, c.strike, c.right): n for n, c in enumerate(contracts)}
    owners = tuple(sorted({c.root for c in contracts}))
    expiries = tuple(sorted({c.expiry for c in contracts}))
    other = {Right.CALL: Right.PUT, Right.PUT: Right.CALL}
    siblings = [place.get((c.root, c.expiry, c.strike, other[c.right]), -1) for c in contracts]
    return Columns(
        symbols=tuple(c.symbol for c in contracts),
        owners=owners,
        expiries=expiries,
        owner=np.array([owners.index(c.root) for c in contracts], dtype=np.int64),
        expiry=np.array([expiries.index(c.expiry) for c in contracts], dtype=np.int64),
        sibling=np.array(siblings, dtype=np.int64),
        strike=np.array([float(c.strike) for c in contracts]),
        is_call=np.array([c.right is Right.CALL for c in contracts], dtype=np.bool_),
        dividend=np.array([dividends.get(c.root, 0.0) for c in contracts]),
    )


def fair_price(quote: Quote | None) -> float:
    """Return the price to imply a volatility from, NaN where the quote shows none."""
    if quote is None or quote.ask is None:
        return float("nan")
    return float(quote.ask + (quote.bid or 0)) / 2


def values(
    columns: Columns, market: Market, prices: Floats, guess: Floats | None
) -> tuple[Floats, dict[str, list[float]]]:
    """Return the volatilities (NaN where none can be told), and the values of the rest in the order of kernel Greeks.

    `guess` is the last answer of the same columns: it makes the next one quick and does not change it.
    """
    if not columns.symbols:
        return np.empty(0), {}
    spots = np.array([float(market.spots.get(owner, Decimal("NaN"))) for owner in columns.owners])
    years = np.array([pricing.years_to_expiry(market.at, expiry) for expiry in columns.expiries])
    spot = spots[columns.owner]
    t = pricing.terms(
        is_call=columns.is_call,
        spot=np.where(np.isnan(spot), columns.strike, spot),
        strike=columns.strike,
        years=years[columns.expiry],
        rate=market.rate,
        dividend=columns.dividend,
    )
    own = implied.implied(t, np.where(np.isnan(spot), np.nan, prices), guess=guess).values
    volatility = _of_the_strike(columns, t, own)
    return volatility, _rows(columns, t, volatility)


def _of_the_strike(columns: Columns, t: pricing.Terms, own: Floats) -> Floats:
    in_the_money = t.sign * (t.spot_paid - t.strike_paid) > 0
    others = np.where(columns.sibling >= 0, own[columns.sibling], np.nan)
    return np.where(in_the_money & ~np.isnan(others), others, own)


def _rows(columns: Columns, t: pricing.Terms, volatility: Floats) -> dict[str, list[float]]:
    told = np.flatnonzero(~np.isnan(volatility))
    g = pricing.desk_greeks(t, np.where(np.isnan(volatility), 0.0, volatility))
    table = np.column_stack((g.price, volatility, g.delta, g.gamma, g.theta, g.vega, g.rho))[told]
    rounded = np.round(table, PLACES).tolist()
    return {columns.symbols[place]: row for place, row in zip(told.tolist(), rounded, strict=True)}
