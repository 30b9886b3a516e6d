"""What the market, a name's range and a drawdown take off a new position."""

from decimal import Decimal

import pytest

from trading.domain.protocol import overlays
from trading.domain.protocol.condition import Condition, condition
from trading.domain.protocol.defaults import DEFAULT
from trading.domain.protocol.drawdown import standing, without_flows
from trading.domain.protocol.overlays import MarketState
from trading.domain.protocol.words import Klass, Reason, Tier


def state(
    klass: Klass = Klass.GREEN,
    *,
    seen: tuple[Klass, ...] = (),
    vix: float = 16,
    ratio: float = 0.9,
    jump: float = 0.0,
    change: float = 0.01,
) -> MarketState:
    return MarketState(klass, (*seen, klass), vix, ratio, jump, change)


def multiplier(market: MarketState, tier: Tier = Tier.REV) -> Decimal:
    return overlays.market_overlay(market, tier, DEFAULT).multiplier


def reason(market: MarketState, tier: Tier) -> Reason | None:
    refusal = overlays.market_overlay(market, tier, DEFAULT).no_puts
    return None if refusal is None else refusal.reason


@pytest.mark.parametrize(
    ("ratio", "expected"), [(0.99, "1"), (1.0, "0.75"), (1.25, "0.75"), (1.5, "0.75"), (1.51, "0.50")]
)
def test_vix_over_its_mean_reduces_the_size(ratio: float, expected: str) -> None:
    assert multiplier(state(ratio=ratio)) == Decimal(expected)


def test_overlays_combine_by_the_smallest_and_not_by_their_product() -> None:
    assert multiplier(state(Klass.RED, ratio=1.39)) == Decimal("0.75")
    assert multiplier(state(Klass.CHOP, ratio=1.39)) == Decimal("0.55")


def test_a_week_that_went_from_chop_to_red_keeps_the_stricter_of_each_effect() -> None:
    overlay = overlays.market_overlay(state(Klass.RED, seen=(Klass.CHOP,)), Tier.REV, DEFAULT)

    assert overlay.multiplier == Decimal("0.55")
    assert overlay.delta_shift == -10
    assert reason(state(Klass.RED, seen=(Klass.CHOP,)), Tier.GEN) is Reason.CHOP


def test_a_choppy_week_opens_no_generation_puts_and_smaller_revenue_ones() -> None:
    assert reason(state(Klass.CHOP), Tier.GEN) is Reason.CHOP
    assert reason(state(Klass.CHOP), Tier.REV) is None
    assert reason(state(Klass.RED), Tier.GEN) is None


@pytest.mark.parametrize(("ratio", "expected"), [(1.5, None), (1.51, Reason.VIX)])
def test_generation_idles_when_vix_is_far_above_its_mean(ratio: float, expected: Reason | None) -> None:
    assert reason(state(ratio=ratio), Tier.GEN) is expected
    assert reason(state(ratio=ratio), Tier.REV) is None


@pytest.mark.parametrize(
    ("vix", "jump", "expected"),
    [
        (11.99, 0, Reason.VIX),
        (12, 0, None),
        (29, 0, None),
        (35, 5.0, Reason.CONDITION),
        (35.01, 5.01, Reason.VIX),
        (40.01, 0, Reason.VIX),
    ],
)
def test_puts_are_opened_within_the_band_of_vix(vix: float, jump: float, expected: Reason | None) -> None:
    assert reason(state(vix=vix, jump=jump), Tier.REV) is expected


@pytest.mark.parametrize(
    ("change", "vix", "expected"),
    [
        (0.05, 15, Condition.EXTREMELY_BULLISH),
        (0.0499, 15, Condition.BULLISH),
        (0.05, 15.01, Condition.BULLISH),
        (0.05, 20.01, Condition.NEUTRAL_BULLISH),
        (0.05, 25.01, Condition.NEUTRAL),
        (0.0, 12, Condition.NEUTRAL),
        (-0.005, 12, Condition.NEUTRAL_BEARISH),
        (-0.02, 12, Condition.BEARISH),
        (-0.05, 12, Condition.EXTREMELY_BEARISH),
        (0.05, 30, Condition.NEUTRAL_BEARISH),
        (-0.02, 30, Condition.EXTREMELY_BEARISH),
        (0.05, 35, Condition.BEARISH),
    ],
)
def test_the_condition_follows_the_index_and_is_held_back_by_vix(
    change: float, vix: float, expected: Condition
) -> None:
    assert condition(change, vix) is expected


def test_a_bearish_market_opens_no_puts() -> None:
    assert reason(state(change=-0.02), Tier.REV) is Reason.CONDITION
    assert reason(state(change=-0.0199), Tier.REV) is None


@pytest.mark.parametrize(
    ("percentile", "regime"), [(0, 0), (9.9, 0), (10, 1), (29.9, 1), (30, 2), (70, 2), (70.1, 3), (90, 3), (90.1, 4)]
)
def test_a_names_range_is_judged_by_its_own_past(percentile: float, regime: int) -> None:
    assert overlays.atr_regime(percentile, DEFAULT) == regime


def test_a_wide_range_reduces_size_and_delta_and_a_narrow_one_enlarges_nothing() -> None:
    quiet, wide = overlays.atr_overlay(0, Tier.REV, DEFAULT), overlays.atr_overlay(4, Tier.REV, DEFAULT)

    assert (quiet.multiplier, quiet.delta_shift) == (1, 0)
    assert (wide.multiplier, wide.delta_shift) == (Decimal("0.54"), -5)


def test_no_shift_leads_below_ten_points_of_delta() -> None:
    assert overlays.delta_range(Tier.COM, [-10.0, -5.0], DEFAULT) == (10, 15)
    assert overlays.delta_range(Tier.GEN, [-5.0, -2.0], DEFAULT) == (33, 43)


LADDER = DEFAULT.risk.drawdown_ladder


def rung(*equities: int) -> int:
    return standing([Decimal(e) for e in equities], Decimal("0.10"), LADDER).rung


@pytest.mark.parametrize(
    ("equity", "expected"), [(9501, 0), (9500, 1), (9251, 1), (9250, 2), (9000, 3), (8671, 3), (8670, 4)]
)
def test_each_part_of_the_greatest_drawdown_is_a_rung(equity: int, expected: int) -> None:
    assert rung(10000, equity) == expected


def test_a_rung_is_given_back_only_when_half_of_the_fall_is_recovered_and_one_at_a_time() -> None:
    assert rung(10000, 9000) == 3
    assert rung(10000, 9000, 9400) == 3
    assert rung(10000, 9000, 9500) == 2
    assert rung(10000, 9000, 9500, 9550) == 1
    assert rung(10000, 9000, 9500, 9550, 9800) == 1
    assert rung(10000, 9000, 9500, 9550, 9900) == 0


def test_a_rung_scales_new_positions() -> None:
    factors = [overlays.ladder_factor(n, DEFAULT) for n in range(5)]

    assert factors == [1, Decimal("0.80"), Decimal("0.60"), 0, 0]


def test_a_deposit_is_no_recovery_and_a_withdrawal_no_loss() -> None:
    equities = [Decimal(10000), Decimal(14000)]

    flat = without_flows(equities, [Decimal(5000), Decimal(0)])

    assert round(standing(flat, Decimal("0.10"), LADDER).drawdown, 6) == Decimal("0.066667")
