"""What exists in the simulated market, and how its prices hang together.

The numbers are a scenario, set near the worked month of the protocol. None of them is an estimate of anything.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from allcore.kernel.instruments import InstrumentKind
from marketdata.domain.pricing import Floats

SOURCE_NAME = "simulator"
START = datetime(
    2026, 6, 10, 14, 0, tzinfo=UTC
)  # a Wednesday, 10:00 in New York: entries of the Revenue account are due
RATE = 0.045  # a year
VIX = "VIX"
VIX_YEARS = 30 / 365

# Log-volatility reverts to its long run at this rate a year, with this volatility a year, and falls when prices rise.
REVERSION = 6.0
VOLATILITY_OF_VOLATILITY = 1.0
LEVERAGE = -0.6
SHARED_VOLATILITY = 0.6  # the part of volatility's own shocks that all names share
LONG_RUN = 1.06  # of today's volatility: the scenario starts a little calmer than usual
PREMIUM = 1.05  # of implied over coming volatility

# The smile, in standard deviations from the forward: puts below cost more, both wings rise.
SKEW = -0.05
CURVATURE = 0.02
WINGS_END = 3.5

UPTREND_SESSIONS = 25
UPTREND = 0.12  # of a day's standard deviation, added each session before the start
HISTORY_SESSIONS = 300


@dataclass(frozen=True, slots=True)
class Name:
    """A share or fund; `volatility` a year at the start, spreads and strike steps in cents (0: no options)."""

    symbol: str
    title: str
    kind: InstrumentKind
    spot: float
    volatility: float
    dividend_yield: float
    spread: int
    day_volume: int
    strike_step: int = 0
    fine_step: int = 0
    interest: int = 0

    @property
    def has_options(self) -> bool:
        """Whether options on it are listed."""
        return self.strike_step > 0


NAMES = (
    Name("TSLA", "Tesla", InstrumentKind.EQUITY, 250.0, 0.57, 0.0, 4, 95_000_000, 250, 250, 9_000),
    Name("NVDA", "NVIDIA", InstrumentKind.EQUITY, 130.0, 0.475, 0.0003, 2, 230_000_000, 100, 100, 12_000),
    Name("AAPL", "Apple", InstrumentKind.EQUITY, 200.0, 0.25, 0.005, 2, 55_000_000, 250, 100, 8_000),
    Name("AMZN", "Amazon", InstrumentKind.EQUITY, 190.0, 0.30, 0.0, 2, 42_000_000, 250, 100, 7_000),
    Name("MSFT", "Microsoft", InstrumentKind.EQUITY, 420.0, 0.22, 0.0075, 6, 22_000_000, 500, 250, 5_000),
    Name("SPY", "S&P 500 fund", InstrumentKind.ETF, 600.0, 0.15, 0.0, 1, 65_000_000),
    Name("QQQ", "Nasdaq 100 fund", InstrumentKind.ETF, 520.0, 0.20, 0.0, 2, 45_000_000),
)
SYMBOLS = tuple(name.symbol for name in NAMES)
MARKET = SYMBOLS.index("SPY")

_BELOW_DIAGONAL = (
    (),
    (0.50,),
    (0.45, 0.50),
    (0.45, 0.55, 0.55),
    (0.42, 0.58, 0.60, 0.62),
    (0.55, 0.68, 0.72, 0.70, 0.75),
    (0.60, 0.75, 0.78, 0.76, 0.80, 0.93),
)


def _correlation() -> Floats:
    matrix = np.eye(len(NAMES))
    for row, values in enumerate(_BELOW_DIAGONAL):
        matrix[row, :row] = values
        matrix[:row, row] = values
    return matrix


CORRELATION: Floats = _correlation()
FACTORS: Floats = np.linalg.cholesky(CORRELATION).astype(np.float64)
START_LOG_SPOT: Floats = np.log(np.array([name.spot for name in NAMES]))
START_LOG_VOLATILITY: Floats = np.log(np.array([name.volatility for name in NAMES]))
MEAN_LOG_VOLATILITY: Floats = np.log(np.array([name.volatility * LONG_RUN for name in NAMES]))


def implied_levels(log_volatility: Floats, years: Floats | float) -> Floats:
    """Return the at-the-money volatility a year that options over `years` imply, given the volatility now."""
    pull = REVERSION * np.asarray(years)
    weight = -np.expm1(-pull) / pull
    level: Floats = PREMIUM * np.exp(MEAN_LOG_VOLATILITY + (log_volatility - MEAN_LOG_VOLATILITY) * weight)
    return level


def vix(log_volatility: Floats) -> float:
    """Return the index in points: the market's implied volatility over thirty days."""
    return 100.0 * float(implied_levels(log_volatility, VIX_YEARS)[MARKET])
