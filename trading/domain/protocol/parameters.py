"""The protocol's parameter set: every number that a rule uses, in one versioned value."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, cast

from trading.domain.protocol import codec
from trading.domain.protocol import parameter_groups as groups
from trading.domain.protocol import parameter_people as people
from trading.domain.protocol.codec import InvalidParameterError
from trading.domain.protocol.words import Tier

LAST_BEFORE_EXPIRY = "last_session_before_weekly_expiry"
WEEKDAYS = "weekdays"
QUARTERLY = "quarterly"
ENTRIES = (LAST_BEFORE_EXPIRY, WEEKDAYS, QUARTERLY)


@dataclass(frozen=True, slots=True)
class Parameters:
    """A whole set."""

    allocation: groups.Allocation
    buffer: groups.Buffer
    accounts: groups.Accounts
    fork: groups.Fork
    merge: groups.Merge
    reinvest: groups.Reinvest
    market_week: groups.MarketWeekRules
    vix: groups.Vix
    week_type: groups.WeekTypeRules
    atr: groups.Atr
    take_profit: groups.TakeProfit
    buffer_zone: groups.BufferZone
    roll: groups.Roll
    liquidity: groups.Liquidity
    entry_window: groups.EntryWindow
    risk: groups.Risk
    hitl: people.Hitl
    trust: people.Trust
    ml: people.Ml
    fees: groups.Fees
    risk_free_rate: Annotated[float, codec.Between(0, 0.5)]

    def tier(self, tier: Tier) -> groups.TierRules:
        """Return the tier's rules."""
        return {Tier.GEN: self.accounts.gen, Tier.REV: self.accounts.rev, Tier.COM: self.accounts.com}[tier]

    def as_dict(self) -> dict[str, object]:
        """Return the set as JSON values."""
        return cast("dict[str, object]", codec.encode(self))


def from_dict(data: Mapping[str, object]) -> Parameters:
    """Read what `Parameters.as_dict` wrote.

    Raises:
        InvalidParameterError: a key is unknown or missing, a value of the wrong kind, out of range or out of order.
    """
    parameters = codec.decode(Parameters, data)
    for broken, path, rule in _faults(parameters):
        if broken:
            raise InvalidParameterError(f"{path}: {rule}.", path=path)
    return parameters


def variant(base: Parameters, changes: Mapping[str, object]) -> Parameters:
    """Return `base` with some leaves changed: `{"accounts": {"gen": {"universe": ["GOOG"]}}}`."""
    return from_dict(codec.merge(base.as_dict(), changes))


def _faults(p: Parameters) -> list[tuple[bool, str, str]]:
    tiers = {tier: p.tier(tier) for tier in Tier}
    split = p.allocation.gen + p.allocation.rev + p.allocation.com
    ladder = p.risk.drawdown_ladder
    return [
        (split != 1, "allocation", f"the tiers' shares make 1, was {split}"),
        (p.vix.min >= p.vix.max, "vix", f"min lies below max, was {p.vix.min} and {p.vix.max}"),
        (p.vix.reduced > p.vix.idle, "vix", f"reduced is not above idle, was {p.vix.reduced} and {p.vix.idle}"),
        (p.entry_window.start >= p.entry_window.end, "entry_window", "start lies before end"),
        (list(ladder) != sorted(ladder), "risk.drawdown_ladder", "the rungs rise"),
        *(
            (low > high, f"accounts.{tier}.{name}", f"the first is not above the second, was {low} and {high}")
            for tier, rules in tiers.items()
            for name, (low, high) in _pairs(rules).items()
        ),
        *((not rules.universe, f"accounts.{tier}.universe", "it has a name") for tier, rules in tiers.items()),
        *(
            (rules.entry not in ENTRIES, f"accounts.{tier}.entry", f"one of {', '.join(ENTRIES)}, was {rules.entry}")
            for tier, rules in tiers.items()
        ),
    ]


def _pairs(rules: groups.TierRules) -> dict[str, tuple[float, float]]:
    return {
        "delta": rules.delta,
        "dte_sessions": rules.dte_sessions,
        "call_dte_days": rules.call_dte_days,
        "deploy": (float(rules.deploy[0]), float(rules.deploy[1])),
    }
