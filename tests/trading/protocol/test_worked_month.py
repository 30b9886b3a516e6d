"""The protocol's worked month (section 10): one Generation account of $100,000 over four weeks, to the cent."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from allcore.kernel.instruments import OptionContract, Right
from tests.builders.protocol import NOW, SESSION, Market, dec, position
from trading.domain.protocol import drawdown, overlays, rolls, sizing, strikes, week_types
from trading.domain.protocol.defaults import DEFAULT
from trading.domain.protocol.management import PutZone, Watch, buffer_zone, put_zone, watch
from trading.domain.protocol.overlays import MarketState
from trading.domain.protocol.rolls import OldPut, RollLimits
from trading.domain.protocol.week_types import CallEvent, PutEvent, WeekFacts, headline
from trading.domain.protocol.words import Klass, Tier, WeekType

THURSDAY = 1.25 * SESSION
FEE = DEFAULT.fees.option
LADDER = DEFAULT.risk.drawdown_ladder


@dataclass
class Account:
    """The cash of the month, and each week's premium."""

    cash: Decimal = Decimal(100_000)
    premium: list[Decimal] = field(default_factory=list)

    def sell(self, contracts: int, price: str) -> Decimal:
        flow = contracts * (100 * Decimal(price) - FEE)
        self.cash += flow
        return flow

    def buy(self, contracts: int, price: str) -> Decimal:
        flow = -contracts * (100 * Decimal(price) + FEE)
        self.cash += flow
        return flow


def state(klass: Klass, vix: float, mean: float) -> MarketState:
    return MarketState(klass, (klass,), vix=vix, vix_ratio=vix / mean, vix_jump=0.0, index_change=0.0)


GREEN = state(Klass.GREEN, 16, 18)
RED = state(Klass.RED, 25, 18)


def choose(market: Market, ladder: list[float], in_force: MarketState, right: Right = Right.PUT) -> Decimal:
    """Return the strike that the engine sells."""
    overlay = overlays.market_overlay(in_force, Tier.GEN, DEFAULT)
    wanted = overlays.delta_range(Tier.GEN, [overlay.delta_shift], DEFAULT)
    chosen = strikes.choose(market.chain(ladder, right), wanted, DEFAULT.liquidity, now=NOW).candidate
    assert chosen is not None
    return chosen.contract.strike


def lots(
    strike: int | str, equity: str, in_force: MarketState, *, deployed: str = "0", household: str = "250000"
) -> int:
    """Return how many contracts the engine sells into a name that is not held."""
    overlay = overlays.market_overlay(in_force, Tier.GEN, DEFAULT)
    before = position(equity, deployed=deployed, in_name=0, household=household)
    return sizing.size(dec(strike) * 100, before, overlay.multiplier, DEFAULT).contracts


def assigned(strike: str, close: str) -> week_types.Label:
    shortfall = (Decimal(strike) - Decimal(close)) / Decimal(strike)
    facts = WeekFacts(
        put_event=PutEvent.ASSIGNED, shortfall=shortfall, has_shares_at_close=True, distance=Decimal("-0.01")
    )
    return week_types.label(facts, DEFAULT.week_type)


def expired(strike: str, close: str) -> week_types.Label:
    shortfall = (Decimal(strike) - Decimal(close)) / Decimal(strike)
    return week_types.label(WeekFacts(put_event=PutEvent.EXPIRED, shortfall=shortfall), DEFAULT.week_type)


def test_the_month_is_traded_to_the_cent() -> None:
    account = Account()

    first = week_one(account)
    second = week_two(account, first)
    third = week_three(account, second)
    equity = week_four(account, third)

    assert equity == Decimal("101677.35")
    assert sum(account.premium) == Decimal("4794.35")
    assert round(1 - equity / third, 4) == Decimal("0.0119")
    fallen = drawdown.standing([first, second, third, equity], DEFAULT.accounts.gen.max_drawdown, LADDER)
    assert fallen.rung == 0
    assert headline([WeekType.P_RO, WeekType.P_AWL]) is WeekType.P_RO


def week_one(account: Account) -> Decimal:
    """Green: the 247.5 put has 39.6 points of delta and fails; the 250 is sold, and both puts expire."""
    tesla, nvidia = Market("TSLA", 250, 0.60, THURSDAY), Market("NVDA", 130, 0.50, THURSDAY)
    assert strikes.outside(tesla.candidate(247.5), (40, 50)) == "its delta is 39.6, outside 40 to 50"
    assert choose(tesla, [245, 247.5, 250, 252.5], GREEN) == 250
    assert lots(250, "100000", GREEN) == 2
    assert choose(nvidia, [128, 129, 130], GREEN) == 129
    assert lots(129, "100000", GREEN, deployed="50000") == 3
    account.premium.append(account.sell(2, "4.17") + account.sell(3, "1.33"))
    assert account.cash == Decimal("101229.75")
    assert expired("250", "252.30").week_type is WeekType.P_EW
    assert expired("129", "131.20").week_type is WeekType.P_EW
    return account.cash


def week_two(account: Account, first: Decimal) -> Decimal:
    """Green: two lots of 255 are 20.3 % of the household, over the soft limit and under the hard one; assigned."""
    tesla, nvidia = Market("TSLA", 256, 0.58, THURSDAY), Market("NVDA", 133, 0.48, THURSDAY)
    assert choose(tesla, [252.5, 255, 257.5], GREEN) == 255
    assert lots(255, f"{first}", GREEN, household="251229.75") == 2
    soft, hard = DEFAULT.risk.name_household
    assert soft < Decimal(51_000) / Decimal("251229.75") < hard
    assert choose(nvidia, [131, 132, 133], GREEN) == 132
    account.premium.append(account.sell(2, "3.64") + account.sell(3, "1.30"))
    assert account.cash == Decimal("102344.50")
    assert watch(256 - 247.35, 9.5, 1.5, DEFAULT) is Watch.MONITOR  # 0.91 ATR
    account.cash -= 51_000
    assert account.cash == Decimal("51344.50")
    assert assigned("255", "247.35").week_type is WeekType.P_AWL
    second = account.cash + 200 * Decimal("247.35")
    assert second == Decimal("100814.50")
    assert round(second / first - 1, 4) == Decimal("-0.0041")
    return second


def week_three(account: Account, second: Decimal) -> Decimal:
    """Green: the shares cost 251.36 net; the 250 call and its premium lie above that, and they are called away."""
    basis = 255 - Decimal("3.64")
    assert choose(Market("TSLA", 246, 0.58, 4.5 * SESSION), [245, 247.5, 250, 252.5], GREEN, Right.CALL) == 250
    assert rolls.call_floor(Decimal(250), Decimal("5.89"), basis) <= 0
    call = account.sell(2, "5.89")
    assert account.cash == Decimal("52521.20")
    assert choose(Market("NVDA", 134, 0.47, THURSDAY), [132, 133, 134], GREEN) == 133
    assert lots(133, f"{second}", GREEN, deployed=str(200 * 246)) == 3
    account.premium.append(call + account.sell(3, "1.28"))
    assert account.cash == Decimal("52903.25")
    assert account.cash - 39_900 == Decimal("13003.25")
    account.cash += 50_000
    assert account.cash == Decimal("102903.25")
    facts = WeekFacts(call_event=CallEvent.CALLED_AWAY, gain=(Decimal("253.10") - 246) / 246)
    assert week_types.label(facts, DEFAULT.week_type).week_type is WeekType.C_WAP
    assert expired("133", "135").week_type is WeekType.P_EW
    return account.cash


def week_four(account: Account, third: Decimal) -> Decimal:
    """Red with VIX at 1.39 of its mean, the overlay of 0.75 once; a roll to 235 and an assignment."""
    check_red_caps(third)
    tesla, nvidia = Market("TSLA", 240, 0.66, THURSDAY), Market("NVDA", 124, 0.56, THURSDAY)
    assert choose(tesla, [235, 237.5, 240], RED) == Decimal("237.5")
    assert choose(nvidia, [122, 123, 124], RED) == 123
    assert lots(123, f"{third}", RED, deployed="23750") == 3
    entered = account.sell(1, "3.25") + account.sell(3, "1.45")
    assert account.cash == Decimal("103660.65")
    spot, strike = Decimal("222.60"), Decimal("237.5")
    assert watch(240 - 222.60, 10.0, 1.5, DEFAULT) is Watch.MANDATORY  # 1.74 ATR
    assert put_zone(spot, strike, buffer_zone(strike, 10.0, DEFAULT), DEFAULT) is PutZone.ROLL
    roll = the_roll()
    assert roll.candidate is not None
    assert (roll.candidate.contract.strike, roll.net) == (235, Decimal("1.35"))
    account.premium.append(entered + account.buy(1, "14.95") + account.sell(1, "16.30"))
    assert account.cash == Decimal("103794.35")
    facts = WeekFacts(put_event=PutEvent.ROLLED, shortfall=(strike - spot) / strike, has_put_at_close=True)
    assert week_types.label(facts, DEFAULT.week_type).week_type is WeekType.P_RO
    account.cash -= 36_900
    assert account.cash == Decimal("66894.35")
    assert assigned("123", "121.40").week_type is WeekType.P_AWL
    return account.cash + 300 * Decimal("121.40") - 100 * Decimal("16.37")


def check_red_caps(third: Decimal) -> None:
    overlay = overlays.market_overlay(RED, Tier.GEN, DEFAULT)
    assert overlay.multiplier == Decimal("0.75")
    assert overlays.delta_range(Tier.GEN, [overlay.delta_shift], DEFAULT) == (35, 45)
    red = sizing.size(dec(23_750), position(f"{third}"), overlay.multiplier, DEFAULT)
    caps = {cap.code: cap for cap in red.caps}
    assert caps["deployment"].most.quantize(Decimal("0.01")) == Decimal("73318.57")
    assert caps["name"].most / third == Decimal("0.4125")
    assert (red.contracts, red.bound.code) == (1, "name")


def the_roll() -> rolls.RollChoice:
    """Return the engine's roll of the 237.5 put to the next Friday; both sides trade 5 cents off the model's value."""
    later = Market("TSLA", 222.6, 0.70, 5 * SESSION, expiry=date(2026, 6, 19))
    old = OldPut(
        strike=Decimal("237.5"),
        expiry=date(2026, 6, 12),
        first_credit=Decimal("3.25"),
        credit=Decimal("3.25"),
        cost=Decimal("14.95"),
        contracts=1,
        multiplier=100,
        rolls=0,
    )
    tolerance = DEFAULT.accounts.gen.roll_debit_tol
    limits = RollLimits(tolerance, DEFAULT.roll.max_consecutive, secured_most=Decimal(42447))
    return rolls.choose_roll(old, [later.chain([237.5, 235, 232.5], less="0.05")], limits)


def test_the_roll_takes_235_because_232_50_costs_more_than_the_tolerance() -> None:
    roll = the_roll()

    assert roll.candidate is not None
    assert roll.candidate.contract == OptionContract("TSLA", date(2026, 6, 19), Right.PUT, Decimal(235))
    assert [(c.contract.strike, fault) for c, fault in roll.rejected] == [
        (Decimal("232.5"), "it costs 0.40 net, more than 0.325")
    ]


def test_a_fourth_lot_of_nvidia_would_deploy_more_than_95_percent() -> None:
    before = position("100000", deployed="50000")

    size = sizing.size(dec(12_900), before, Decimal(1), DEFAULT)

    assert size.contracts == 3
    assert (50_000 + 4 * 12_900) / 100_000 == 1.016
    assert size.bound.code in {"deployment", "buffer"}
