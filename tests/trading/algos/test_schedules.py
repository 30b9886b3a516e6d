"""TWAP, VWAP, POV, iceberg, adaptive and legging on scripted tapes."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from allcore.kernel.orders import Side
from tests.trading.algos.tapes import NOW, Desk, cancels, look, money, parent
from trading.domain.algos.events import Heard, LegSight, Look, Place
from trading.domain.algos.legging import order_of
from trading.domain.algos.parameters import (
    AdaptiveParameters,
    Algo,
    IcebergParameters,
    InvalidParametersError,
    LeggingParameters,
    PovParameters,
    TwapParameters,
    VwapParameters,
    read,
)
from trading.domain.algos.values import ChildStatus, Leg, Phase

TWAP = TwapParameters(slices=4)
MINUTES = timedelta(minutes=40)


def filled(desk: Desk, seconds: float, *, number: int = -1) -> None:
    child = desk.child(number)
    desk.hear(Heard(NOW + timedelta(seconds=seconds), child.step, ChildStatus.CLOSED, child.qty, child.qty, child.cost))


def quantities(desk: Desk) -> list[int]:
    return [action.qty for action in desk.asked if isinstance(action, Place)]


def test_twap_sends_each_part_at_its_time() -> None:
    desk = Desk(parent(TWAP, lasts=MINUTES))

    for seconds in (0, 300, 600, 900, 1200, 1500, 1800, 2100):
        desk.hear(look(seconds))
        if desk.state.open:
            filled(desk, seconds)

    assert quantities(desk) == [2, 3, 2, 3]


@pytest.mark.parametrize(("seconds", "next_part"), [(599.9, False), (600.0, True)])
def test_a_slice_begins_on_its_boundary(seconds: float, next_part: bool) -> None:
    desk = Desk(parent(TWAP, lasts=MINUTES))
    desk.hear(look(0))
    filled(desk, 1)

    assert bool(desk.hear(look(seconds))) is next_part


def test_what_a_slice_left_open_is_taken_back_and_comes_with_the_next() -> None:
    desk = Desk(parent(TWAP, lasts=MINUTES))
    desk.hear(look(0))
    desk.becomes(ChildStatus.WORKING)

    assert cancels(desk.hear(look(600))) == 1
    assert desk.hear(look(601)) == ()
    desk.becomes(ChildStatus.CLOSED, at=NOW + timedelta(seconds=602))
    desk.hear(look(603))

    assert quantities(desk) == [2, 5]


def test_the_natural_price_of_a_slice_is_cut_to_the_limit() -> None:
    desk = Desk(parent(TWAP, limit="2.03"))

    desk.hear(look(0))

    assert desk.child().cost == money("2.03")


def test_vwap_sends_as_a_usual_day_trades() -> None:
    profile = tuple(Decimal(part) for part in ("0.40", "0.55", "0.70", "1"))
    desk = Desk(parent(VwapParameters(slices=4, profile=profile), lasts=MINUTES))

    for seconds in (0, 600, 1200, 1800):
        desk.hear(look(seconds))
        filled(desk, seconds)

    assert quantities(desk) == [4, 2, 1, 3]  # 5.5 rounds to 6, 7.0 is 7


def test_an_urgent_adaptive_run_is_front_loaded() -> None:
    calm, urgent = (
        Desk(parent(AdaptiveParameters(slices=4, urgency=u, sigma=0.001, eta=1.0), quantity=100, lasts=MINUTES))
        for u in (0.0, 1.0)
    )

    calm.hear(look(0))
    urgent.hear(look(0))

    assert quantities(calm) == [25]
    assert quantities(urgent)[0] > 40


def test_pov_waits_for_the_market_s_volume() -> None:
    desk = Desk(parent(PovParameters(), quantity=100))

    desk.hear(look(0, volume=5000))
    assert quantities(desk) == []
    desk.hear(look(10, volume=5008))
    assert quantities(desk) == []
    desk.hear(look(20, volume=5900))

    assert quantities(desk) == [100]


def test_pov_counts_its_own_fills_out_of_the_market_s_volume() -> None:
    desk = Desk(parent(PovParameters(), quantity=1000))
    desk.hear(look(0, volume=0))
    desk.hear(look(10, volume=900))
    filled(desk, 11)

    desk.hear(look(20, volume=1000))  # of which 100 are ours

    assert quantities(desk) == [100]


def test_an_iceberg_shows_a_part_and_refills_it_with_a_jitter() -> None:
    desk = Desk(parent(IcebergParameters(display=10), quantity=100))

    for seconds in range(40):
        desk.hear(look(seconds))
        if desk.state.open:
            filled(desk, seconds)

    shown = quantities(desk)
    assert sum(shown) == 100
    assert all(8 <= part <= 12 for part in shown[:-1])
    assert len(set(shown)) > 2


LEGS = (Leg(Side.SELL, 1), Leg(Side.BUY, 1))
LEGGING = LeggingParameters(accept_risk=True, order=(1, 0))
SHORT, WING = LegSight(money("3.00"), money("3.10")), LegSight(money("1.00"), money("1.06"))


def spread(seconds: float, short: LegSight = SHORT, wing: LegSight = WING, spot: str = "100") -> Look:
    seen = look(seconds, str(wing.bid - short.ask), str(wing.ask - short.bid))
    return replace(seen, legs=(short, wing), spot=money(spot))


def legs_run(limit: str = "-1.90") -> Desk:
    return Desk(parent(replace(LEGGING, widest=Decimal(1)), quantity=2, limit=limit, legs=LEGS))


def test_wings_are_bought_before_shorts_are_sold_and_the_least_liquid_first() -> None:
    legs = (Leg(Side.SELL, 1), Leg(Side.BUY, 1), Leg(Side.BUY, 1), Leg(Side.SELL, 1))
    narrow, wide = LegSight(money("2.00"), money("2.02")), LegSight(money("2.00"), money("2.20"))

    assert order_of(legs, (narrow, narrow, wide, wide)) == (2, 1, 3, 0)


def test_the_lead_leg_waits_at_its_mid_and_the_other_follows_what_it_fills() -> None:
    desk = legs_run()

    assert desk.hear(spread(0)) == (Place(step=0, qty=2, cost=money("1.03"), leg=1),)
    desk.becomes(ChildStatus.WORKING, cum=1)

    assert desk.hear(spread(1)) == (Place(step=1, qty=1, cost=money("-3.00"), leg=0),)


def test_the_lead_leg_pays_no_more_than_the_package_s_limit_leaves_it() -> None:
    desk = legs_run(limit="-1.99")

    desk.hear(spread(0))

    assert desk.child().cost == money("1.01")  # sold at 3.00, the package would bring 1.99


@pytest.mark.parametrize(
    ("seconds", "spot", "phase"), [(3, "100.1", Phase.RUNNING), (4, "100", Phase.PAUSED), (2, "100.2", Phase.PAUSED)]
)
def test_a_leg_that_cannot_be_completed_within_the_limit_in_time_stops_for_a_person(
    seconds: float, spot: str, phase: Phase
) -> None:
    desk = legs_run(limit="-1.97")
    desk.hear(spread(0))
    desk.becomes(ChildStatus.WORKING, cum=1)
    desk.hear(spread(1))
    desk.becomes(ChildStatus.WORKING)
    lower = LegSight(money("2.50"), money("2.60"))

    desk.hear(spread(seconds, short=lower, spot=spot))

    assert desk.state.phase is phase
    assert all(child.cost <= money("-2.98") for child in desk.state.children if child.leg == 0)


@pytest.mark.parametrize(
    ("algo", "given"),
    [
        (Algo.POV, {"rate": "0.11"}),
        (Algo.LIMIT_WALK, {"chase_premium": "0.16"}),
        (Algo.LIMIT_WALK, {"most_replaces": 21}),
        (Algo.LIMIT_WALK, {"dwell_least": 61}),
        (Algo.TWAP, {"slices": 0}),
        (Algo.TWAP, {"slices": "2.5"}),
        (Algo.TWAP, {"speed": 1}),
        (Algo.VWAP, {"profile": []}),
        (Algo.ICEBERG, {"display": "NaN"}),
        (Algo.LEGGING, {"accept_risk": "yes"}),
    ],
)
def test_numbers_out_of_bounds_are_refused(algo: Algo, given: dict[str, object]) -> None:
    with pytest.raises(InvalidParametersError):
        read(algo, given)


def test_numbers_at_their_bounds_are_taken() -> None:
    assert read(Algo.POV, {"rate": "0.10", "rest": 5}) == PovParameters(rate=Decimal("0.10"), rest=5)
