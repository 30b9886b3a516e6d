"""What the market, the name's own range and the account's drawdown take off a new position.

Overlays of size are combined by their minimum, so that one signal does not count twice; shifts of delta add up.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from trading.domain.protocol.condition import Condition, condition
from trading.domain.protocol.parameter_groups import ClassEffect
from trading.domain.protocol.parameters import Parameters
from trading.domain.protocol.words import Klass, Reason, Tier

NONE = Decimal(1)
NORMAL_REGIME = 2
REGIMES = ("very low", "low", "normal", "high", "very high")


@dataclass(frozen=True, slots=True)
class MarketState:
    """The week as the engine uses it: every class that was in force in it, and the numbers of VIX.

    A class may become worse within a week, and a worse one may still be milder in one effect (RED sizes more than
    CHOP): so each effect is the strictest of the classes seen.
    """

    klass: Klass
    seen: tuple[Klass, ...]
    vix: float
    vix_ratio: float
    vix_jump: float
    index_change: float

    @property
    def condition(self) -> Condition:
        """The seven-level condition."""
        return condition(self.index_change, self.vix)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nothing is opened."""

    reason: Reason
    sentence: str


@dataclass(frozen=True, slots=True)
class Overlay:
    """What applies to one tier: a factor on size, points on delta, and why no put may be opened, if so."""

    multiplier: Decimal
    delta_shift: float
    no_puts: Refusal | None


def effects(klasses: Sequence[Klass], parameters: Parameters) -> list[ClassEffect]:
    """Return what the classes do."""
    rules = parameters.market_week
    table = {Klass.GREEN: rules.green, Klass.CHOP: rules.chop, Klass.RED: rules.red}
    return [table[klass] for klass in klasses]


def vix_factor(ratio: float, parameters: Parameters) -> Decimal:
    """Return the factor on size for VIX over its mean; both borders belong to `reduced`."""
    rules = parameters.vix
    if ratio < rules.reduced:
        return NONE
    return rules.reduced_mult if ratio <= rules.idle else rules.idle_mult


def market_overlay(state: MarketState, tier: Tier, parameters: Parameters) -> Overlay:
    """Return the market's overlay for a tier."""
    in_force = effects((state.klass, *state.seen), parameters)
    multiplier = min(*(effect.mult for effect in in_force), vix_factor(state.vix_ratio, parameters))
    return Overlay(
        multiplier=multiplier,
        delta_shift=min(effect.delta_shift for effect in in_force),
        no_puts=_no_puts(state, tier, in_force, parameters),
    )


def _no_puts(state: MarketState, tier: Tier, in_force: list[ClassEffect], parameters: Parameters) -> Refusal | None:
    vix = parameters.vix
    highest = vix.spike_max if state.vix_jump > vix.spike_points else vix.max
    if tier is Tier.GEN and not all(effect.gen_new_puts for effect in in_force):
        return Refusal(Reason.CHOP, "The market is choppy this week; a Generation account opens no puts.")
    if tier is Tier.GEN and state.vix_ratio > vix.idle:
        return Refusal(
            Reason.VIX, f"VIX is {state.vix_ratio:.2f} times its mean; above {vix.idle:.2f} a Generation account waits."
        )
    if not vix.min <= state.vix <= highest:
        return Refusal(
            Reason.VIX, f"VIX is {state.vix:.1f}; puts are opened between {vix.min:.0f} and {highest:.0f} only."
        )
    if not state.condition.allows_new_puts:
        return Refusal(Reason.CONDITION, f"The market is {state.condition.words}; no puts are opened.")
    return None


def atr_regime(percentile: float, parameters: Parameters) -> int:
    """Return the regime, 0 very low to 4 very high; a percentile at a border belongs to the milder one."""
    very_low, low, normal, high = parameters.atr.percentiles
    if percentile < low:
        return 0 if percentile < very_low else 1
    if percentile <= normal:
        return NORMAL_REGIME
    return 3 if percentile <= high else 4


def atr_overlay(regime: int, tier: Tier, parameters: Parameters) -> Overlay:
    """Return the name's own overlay; the tier's factor joins in when its range is above normal."""
    size = parameters.atr.size[regime]
    if regime > NORMAL_REGIME:
        size *= parameters.tier(tier).atr_size
    return Overlay(multiplier=size, delta_shift=parameters.atr.delta_shift[regime], no_puts=None)


def ladder_factor(rung: int, parameters: Parameters) -> Decimal:
    """Return the factor on size for the rung of the drawdown's ladder that an account stands on, 0 for none."""
    return NONE if rung == 0 else parameters.risk.ladder_mult[rung - 1]


def delta_range(tier: Tier, shifts: Sequence[float], parameters: Parameters) -> tuple[float, float]:
    """Return the tier's delta range in points, shifted; no end falls below the least."""
    low, high = parameters.tier(tier).delta
    shift, least = sum(shifts), parameters.market_week.min_delta
    return max(low + shift, least), max(high + shift, least)
