"""The groups of the protocol's parameters. Ratios are of one, deltas in points, money in US dollars."""

from dataclasses import dataclass
from datetime import time
from decimal import Decimal
from typing import Annotated

from trading.domain.protocol.codec import Between

Ratio = Annotated[Decimal, Between(0, 1)]
Ratios = Annotated[tuple[Decimal, Decimal], Between(0, 1)]


@dataclass(frozen=True, slots=True)
class Allocation:
    """How capital is split over the tiers."""

    gen: Ratio
    rev: Ratio
    com: Ratio


@dataclass(frozen=True, slots=True)
class Buffer:
    """Cash that is not deployed: the larger of `pct` of equity and `min_usd`."""

    pct: Ratio
    max_pct: Ratio
    min_usd: Annotated[Decimal, Between(0, 1_000_000)]


@dataclass(frozen=True, slots=True)
class TierRules:
    """One account tier. `entry_days` are the weekdays of opening puts, or the word LAST_BEFORE_EXPIRY or QUARTERLY."""

    universe: tuple[str, ...]
    entry: str
    entry_days: Annotated[tuple[int, ...], Between(0, 4)]
    call_days: Annotated[tuple[int, ...], Between(0, 4)]
    delta: Annotated[tuple[float, float], Between(0, 100)]
    dte_sessions: Annotated[tuple[int, int], Between(0, 30)]  # of puts
    call_dte_days: Annotated[tuple[int, int], Between(0, 60)]  # of covered calls, calendar days
    leaps_min_days: Annotated[int, Between(0, 2000)]
    weekly_target: Ratio
    weekly_mvp: Ratio
    max_drawdown: Ratio
    deploy: Ratios
    name_cap: Ratio
    roll_debit_tol: Ratio
    atr_mandatory: Annotated[float, Between(0, 1.5)]  # tunable downwards only
    atr_size: Ratio  # times the size factor of a high or very high ATR
    withdraw: bool = False
    fork: bool = False


@dataclass(frozen=True, slots=True)
class Accounts:
    """The three tiers."""

    gen: TierRules
    rev: TierRules
    com: TierRules


@dataclass(frozen=True, slots=True)
class Fork:
    """When a Gen account's surplus leaves it."""

    surplus: Annotated[Decimal, Between(0, 10_000_000)]
    retention: Ratio
    split_gen: Ratio
    cooldown_h: Annotated[int, Between(0, 1000)]
    max_per_day: Annotated[int, Between(0, 100)]
    parent_min: Annotated[Decimal, Between(0, 10_000_000)]


@dataclass(frozen=True, slots=True)
class Merge:
    """When a fork ends."""

    fork_total: Annotated[Decimal, Between(0, 100_000_000)]
    target: str = "parent_com"


@dataclass(frozen=True, slots=True)
class Reinvest:
    """The quarterly plan."""

    months: Annotated[tuple[int, ...], Between(1, 12)]
    contracts: Ratio
    leaps: Ratio
    sweep: Ratios
    min_usd: Annotated[Decimal, Between(0, 10_000_000)]
    max_withdraw_share: Ratio


@dataclass(frozen=True, slots=True)
class ClassEffect:
    """What a market class does to size and delta; a multiplier never enlarges, a shift never raises."""

    gen_new_puts: bool
    mult: Ratio
    delta_shift: Annotated[float, Between(-50, 0)]


@dataclass(frozen=True, slots=True)
class MarketWeekRules:
    """The three classes, and the measures they are read from."""

    green: ClassEffect
    red: ClassEffect
    chop: ClassEffect
    mean_sessions: Annotated[int, Between(2, 252)]
    change_sessions: Annotated[int, Between(1, 20)]
    change: Ratio
    min_delta: Annotated[float, Between(0, 50)]  # no shift leads below it


@dataclass(frozen=True, slots=True)
class Vix:
    """The volatility overlay, on the ratio of VIX to its mean, and the band in which puts are opened."""

    mean_days: Annotated[int, Between(2, 1000)]
    reduced: Annotated[float, Between(0, 10)]
    idle: Annotated[float, Between(0, 10)]
    reduced_mult: Ratio
    idle_mult: Ratio
    min: Annotated[float, Between(0, 100)]
    max: Annotated[float, Between(0, 100)]
    spike_points: Annotated[float, Between(0, 100)]
    spike_max: Annotated[float, Between(0, 100)]


@dataclass(frozen=True, slots=True)
class WeekTypeRules:
    """The borders of the week types."""

    limit: Ratio
    strong: Ratio
    recovery: Ratios
    deep: Ratio


@dataclass(frozen=True, slots=True)
class Atr:
    """Monitoring in units of ATR, and the regime by percentile of the name's own ATR: very low to very high."""

    period: Annotated[int, Between(2, 100)]
    monitor: Annotated[float, Between(0, 10)]
    consider: Annotated[float, Between(0, 10)]
    mandatory: Annotated[float, Between(0, 10)]
    favourable: Annotated[float, Between(0, 10)]
    history: Annotated[int, Between(20, 1000)]
    percentiles: Annotated[tuple[float, float, float, float], Between(0, 100)]
    size: Annotated[tuple[Decimal, Decimal, Decimal, Decimal, Decimal], Between(0, 1)]
    delta_shift: Annotated[tuple[float, float, float, float, float], Between(-50, 0)]


@dataclass(frozen=True, slots=True)
class TakeProfit:
    """The share of the premium that is taken early; `favourable` with a move of more than `atr.favourable`."""

    default: Ratio
    red: Ratio
    favourable: Ratio


@dataclass(frozen=True, slots=True)
class BufferZone:
    """How near the strike is near: the larger of a share of the strike and a part of ATR."""

    pct: Ratio
    atr: Annotated[Decimal, Between(0, 10)]


@dataclass(frozen=True, slots=True)
class Roll:
    """How far and how often a put is rolled."""

    max_days: Annotated[int, Between(1, 60)]
    max_consecutive: Annotated[int, Between(0, 20)]


@dataclass(frozen=True, slots=True)
class Liquidity:
    """What an option must show to be traded: width as a share of mid or in dollars, age, interest and volume."""

    width: Ratio
    width_usd: Annotated[Decimal, Between(0, 10)]
    age_seconds: Annotated[float, Between(0, 600)]
    open_interest: Annotated[int, Between(0, 100_000)]
    volume: Annotated[int, Between(0, 100_000)]


@dataclass(frozen=True, slots=True)
class EntryWindow:
    """New York times between which positions are opened, and the quiet minutes after the open and before the close."""

    start: time
    end: time
    quiet_minutes: Annotated[int, Between(0, 120)]


@dataclass(frozen=True, slots=True)
class NotionalSoft:
    """Dollars of one order that need a risk officer."""

    paper: Annotated[Decimal, Between(0, 100_000_000)]
    live: Annotated[Decimal, Between(0, 100_000_000)]


@dataclass(frozen=True, slots=True)
class Risk:
    """Soft and hard limits as ratios of equity; the gate's rows are seeded from them."""

    order_notional_soft: NotionalSoft
    var95: Ratios
    var99: Ratios
    cvar95: Ratios
    name_household: Ratios
    sector: Ratios
    corr: Ratio
    cluster: Ratios
    position_risk: Ratio
    portfolio_risk: Ratios
    leverage: Annotated[Decimal, Between(0, 4)]
    daily_loss: Ratios
    spread: Ratio
    max_positions: Annotated[int, Between(1, 100)]
    drawdown_ladder: Annotated[tuple[Decimal, Decimal, Decimal, Decimal], Between(0, 2)]
    ladder_mult: Annotated[tuple[Decimal, Decimal, Decimal, Decimal], Between(0, 1)]


@dataclass(frozen=True, slots=True)
class Fees:
    """Dollars a contract, a share, and at least."""

    option: Annotated[Decimal, Between(0, 100)]
    stock_share: Annotated[Decimal, Between(0, 10)]
    stock_min: Annotated[Decimal, Between(0, 100)]
