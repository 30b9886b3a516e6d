"""The market's class for a week, from daily closes (protocol 3.1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from trading.domain.protocol import series
from trading.domain.protocol.parameters import Parameters
from trading.domain.protocol.series import Bars
from trading.domain.protocol.words import Klass

INDICES = ("SPY", "QQQ")
VOLATILITY_INDEX = "VIX"


class Trend(StrEnum):
    """Where the indices go."""

    BULL = "BULL"
    SIDEWAYS = "SIDEWAYS"
    BEAR = "BEAR"


class Volatility(StrEnum):
    """VIX against its own mean."""

    LOW = "LOW"
    HIGH = "HIGH"


class Support(StrEnum):
    """Whether the approved underlyings stand above their recent lows."""

    STRONG = "STRONG"
    MIXED = "MIXED"
    BELOW = "BELOW"


CLASSES: dict[tuple[Trend, Volatility, Support], Klass] = {
    (Trend.BULL, Volatility.LOW, Support.STRONG): Klass.GREEN,
    (Trend.BULL, Volatility.HIGH, Support.STRONG): Klass.GREEN,
    (Trend.BULL, Volatility.LOW, Support.MIXED): Klass.CHOP,
    (Trend.BULL, Volatility.LOW, Support.BELOW): Klass.CHOP,
    (Trend.BULL, Volatility.HIGH, Support.MIXED): Klass.CHOP,
    (Trend.BULL, Volatility.HIGH, Support.BELOW): Klass.CHOP,
    (Trend.BEAR, Volatility.LOW, Support.STRONG): Klass.CHOP,
    (Trend.BEAR, Volatility.LOW, Support.MIXED): Klass.CHOP,
    (Trend.BEAR, Volatility.LOW, Support.BELOW): Klass.RED,
    (Trend.BEAR, Volatility.HIGH, Support.STRONG): Klass.RED,
    (Trend.BEAR, Volatility.HIGH, Support.MIXED): Klass.RED,
    (Trend.BEAR, Volatility.HIGH, Support.BELOW): Klass.RED,
    (Trend.SIDEWAYS, Volatility.LOW, Support.STRONG): Klass.CHOP,
    (Trend.SIDEWAYS, Volatility.LOW, Support.MIXED): Klass.CHOP,
    (Trend.SIDEWAYS, Volatility.LOW, Support.BELOW): Klass.CHOP,
    (Trend.SIDEWAYS, Volatility.HIGH, Support.STRONG): Klass.RED,
    (Trend.SIDEWAYS, Volatility.HIGH, Support.MIXED): Klass.RED,
    (Trend.SIDEWAYS, Volatility.HIGH, Support.BELOW): Klass.RED,
}
WORSE = (Klass.GREEN, Klass.CHOP, Klass.RED)


@dataclass(frozen=True, slots=True)
class IndexReading:
    """An index's close, the mean it is measured against, and its change over some sessions."""

    symbol: str
    close: float
    mean: float
    change: float


@dataclass(frozen=True, slots=True)
class SupportReading:
    """An underlying's close, the low before it, and its ATR, in dollars a share."""

    symbol: str
    close: float
    low: float
    atr: float


@dataclass(frozen=True, slots=True)
class MarketReading:
    """A class with all it was read from. `vix_ratio` is VIX over its mean; `condition_change` is the first index's."""

    klass: Klass
    trend: Trend
    volatility: Volatility
    support: Support
    vix: float
    vix_mean: float
    vix_jump: float  # points, against the session before
    indices: tuple[IndexReading, ...]
    supports: tuple[SupportReading, ...]

    @property
    def vix_ratio(self) -> float:
        """VIX over its own mean."""
        return self.vix / self.vix_mean


def read(bars: Mapping[str, Bars], universe: tuple[str, ...], parameters: Parameters) -> MarketReading | None:
    """Return the market's class, or None if a series is missing or too short: without it nothing is opened."""
    rules = parameters.market_week
    indices = [_index(symbol, bars.get(symbol, ()), parameters) for symbol in INDICES]
    supports = [_support(symbol, bars.get(symbol, ()), parameters) for symbol in universe]
    vix_bars = bars.get(VOLATILITY_INDEX, ())
    vix, mean = series.last_close(vix_bars), series.mean_close(vix_bars, parameters.vix.mean_days)
    known_indices, known_supports = [i for i in indices if i is not None], [s for s in supports if s is not None]
    incomplete = len(known_indices) < len(indices) or len(known_supports) < len(supports) or not supports
    if vix is None or mean is None or mean <= 0 or incomplete:
        return None
    trend = trend_of(known_indices, float(rules.change))
    volatility = Volatility.HIGH if vix > mean else Volatility.LOW
    support = support_of(known_supports)
    return MarketReading(
        klass=CLASSES[trend, volatility, support],
        trend=trend,
        volatility=volatility,
        support=support,
        vix=vix,
        vix_mean=mean,
        vix_jump=vix - float(vix_bars[-2].close),
        indices=tuple(known_indices),
        supports=tuple(known_supports),
    )


def trend_of(indices: list[IndexReading], threshold: float) -> Trend:
    """Return the trend: all indices on one side of their means, and the first has moved by the threshold at least."""
    moved = round(indices[0].change, 9)  # so that a change of exactly the threshold is not lost to a float
    if all(i.close > i.mean for i in indices) and moved >= threshold:
        return Trend.BULL
    if all(i.close < i.mean for i in indices) and moved <= -threshold:
        return Trend.BEAR
    return Trend.SIDEWAYS


def support_of(supports: list[SupportReading]) -> Support:
    """Return STRONG if all stand an ATR above their lows, BELOW if at least half closed at or under them."""
    if all(s.close > s.low + s.atr for s in supports):
        return Support.STRONG
    broken = sum(s.close <= s.low for s in supports)
    return Support.BELOW if 2 * broken >= len(supports) else Support.MIXED


def worse(first: Klass, second: Klass) -> Klass:
    """Return the worse of two classes."""
    return max(first, second, key=WORSE.index)


def _index(symbol: str, bars: Bars, parameters: Parameters) -> IndexReading | None:
    rules = parameters.market_week
    close, mean = series.last_close(bars), series.mean_close(bars, rules.mean_sessions)
    moved = series.change(bars, rules.change_sessions)
    if close is None or mean is None or moved is None:
        return None
    return IndexReading(symbol, close, mean, moved)


def _support(symbol: str, bars: Bars, parameters: Parameters) -> SupportReading | None:
    close = series.last_close(bars)
    low = series.prior_low(bars, parameters.market_week.mean_sessions)
    atr = series.atr(bars, parameters.atr.period)
    if close is None or low is None or atr is None:
        return None
    return SupportReading(symbol, close, low, atr)
