"""What a recording is, once read: quotes and trades of minutes, daily bars, open interest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from allcore.kernel.instruments import OptionContract, TickRule
from marketdata.domain.bars import DailyBar
from marketdata.domain.pricing import Floats

Integers = NDArray[np.int64]
CENT, NICKEL, DIME, COARSE_FROM = 1, 5, 10, 300  # cents


@dataclass(frozen=True, slots=True)
class QuoteTape:
    """Quotes in the order in which they became known (`known_at`, epoch seconds: the end of their minute).

    `symbol` indexes `symbols`. A side that is NaN did not change in the minute: what stood there stands.
    """

    symbols: tuple[str, ...]
    known_at: Integers
    symbol: Integers
    bid: Floats
    ask: Floats
    bid_size: Integers
    ask_size: Integers


@dataclass(frozen=True, slots=True)
class TradeTape:
    """Each minute's last trade and its volume, in the order in which they became known; symbols as the quotes'."""

    known_at: Integers
    symbol: Integers
    price: Floats
    volume: Integers


@dataclass(frozen=True, slots=True)
class Recording:
    """Everything that a directory of recordings holds for the desk. `underlying` is what its options are on."""

    underlying: str
    contracts: tuple[OptionContract, ...]
    quotes: QuoteTape
    trades: TradeTape
    days: Sequence[DailyBar]
    interest: Mapping[date, Mapping[str, int]]


def money(value: float) -> Decimal | None:
    """Return a recorded price in cents exactly, or None for NaN."""
    return None if value != value else Decimal(round(value * 100)).scaleb(-2)  # noqa: PLR0124 NaN alone differs from itself


def tick_rule_of(prices: Floats) -> TickRule:
    """Return the coarsest price steps that every recorded price keeps."""
    seen = np.rint(prices[~np.isnan(prices)] * 100).astype(np.int64)
    low, high = seen[seen < COARSE_FROM], seen[seen >= COARSE_FROM]
    if not (low % NICKEL).any() and not (high % DIME).any():
        return TickRule.NICKEL
    return TickRule.PENNY if not (high % NICKEL).any() else TickRule.CENT


def epoch(moment: datetime) -> int:
    """Return the moment as whole seconds since 1970."""
    return int(moment.timestamp())
