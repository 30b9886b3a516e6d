"""Statistics of daily bars, oldest first. Too few bars give None: nothing is guessed from half a history."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from statistics import fmean
from typing import Protocol


class PriceBar(Protocol):
    """One session's prices."""

    @property
    def high(self) -> Decimal:
        """The highest price."""

    @property
    def low(self) -> Decimal:
        """The lowest price."""

    @property
    def close(self) -> Decimal:
        """The last price."""


Bars = Sequence[PriceBar]


def last_close(bars: Bars) -> float | None:
    """Return the latest close."""
    return float(bars[-1].close) if bars else None


def mean_close(bars: Bars, count: int) -> float | None:
    """Return the mean of the latest `count` closes."""
    return fmean(float(bar.close) for bar in bars[-count:]) if len(bars) >= count else None


def change(bars: Bars, sessions: int) -> float | None:
    """Return the latest close over the one `sessions` before it, less one."""
    if len(bars) <= sessions or bars[-1 - sessions].close <= 0:
        return None
    return float(bars[-1].close / bars[-1 - sessions].close) - 1


def prior_low(bars: Bars, count: int) -> float | None:
    """Return the lowest price of the `count` sessions before the latest: what its close may have broken."""
    return float(min(bar.low for bar in bars[-1 - count : -1])) if len(bars) > count else None


def atr_series(bars: Bars, period: int) -> list[float]:
    """Return the average true range of each session from the first that has one.

    Units: dollars a share. Source: Wilder 1978: the mean of the first `period` true ranges, then smoothed by 1/period.
    """
    ranges = [_true_range(before, bar) for before, bar in pairwise(bars)]
    if len(ranges) < period:
        return []
    values = [fmean(ranges[:period])]
    for true_range in ranges[period:]:
        values.append(values[-1] + (true_range - values[-1]) / period)
    return values


def atr(bars: Bars, period: int) -> float | None:
    """Return the latest average true range, in dollars a share."""
    values = atr_series(bars, period)
    return values[-1] if values else None


def atr_percentile(bars: Bars, period: int, history: int) -> float | None:
    """Return how many of a hundred of the name's latest `history` ATR/close lay below the last one."""
    values = atr_series(bars, period)
    if len(values) < history:
        return None
    ratios = [value / float(bar.close) for value, bar in zip(values, bars[-len(values) :], strict=True)][-history:]
    return 100 * sum(ratio < ratios[-1] for ratio in ratios) / history


def _true_range(before: PriceBar, bar: PriceBar) -> float:
    high, low, close = float(bar.high), float(bar.low), float(before.close)
    return max(high, close) - min(low, close)
