"""The published schedules, ladders and broker choices, each to the letter."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allcore.kernel.orders import Side
from trading.domain.algos import schedules
from trading.domain.algos.prices import ladder, net
from trading.domain.routing.cost import Outlook
from trading.domain.routing.scorecard import Candidate, Facts, Want, choose

DATA = Path(__file__).parents[2] / "data"
VECTORS: list[dict[str, Any]] = [
    vector
    for name in ("algo.json", "own_algo.json")
    for vector in json.loads((DATA / name).read_text(), parse_float=Decimal)["vectors"]
]
FREE = Facts(
    may_send=True,
    is_enabled=True,
    is_healthy=True,
    kill_level=0,
    is_paused=False,
    is_closing=False,
    holds_position=False,
    legs=1,
    most_legs=4,
    takes_type=True,
    gate="",
    messages_left=60,
)


def of_kind(kind: str) -> list[Any]:
    return [pytest.param(v["inputs"], v["expected"], id=v["id"]) for v in VECTORS if v["kind"] == kind]


@pytest.mark.parametrize(("given", "expected"), of_kind("twap"))
def test_twap_is_whole_numbers_with_an_exact_total(given: dict[str, Any], expected: list[int]) -> None:
    targets = [schedules.twap(given["qty"], given["slices"], i) for i in range(1, given["slices"] + 1)]

    assert schedules.parts(targets) == expected


@pytest.mark.parametrize(("given", "expected"), of_kind("pov"))
def test_pov_keeps_to_its_part_of_all_that_trades(given: dict[str, Any], expected: int) -> None:
    allowed = schedules.pov(given["rate"], given["market_volume_excluding_own"], given["already_done"])

    assert allowed == expected


@pytest.mark.parametrize(("given", "expected"), of_kind("limit_walk"))
def test_the_ladder_rounds_away_from_aggression(given: dict[str, Any], expected: list[Decimal]) -> None:
    sign = 1 if given["side"] == "buy" else -1
    mid, natural = sign * Decimal(given["mid"]), sign * Decimal(given["natural"])

    rungs = ladder(mid, natural, given["steps"], Decimal(given["tick"]))

    assert [sign * rung for rung in rungs] == expected


@pytest.mark.parametrize(("given", "expected"), of_kind("broker_choice"))
def test_the_cheapest_broker_is_chosen_by_expected_cost(given: dict[str, Any], expected: dict[str, Any]) -> None:
    want = Want(
        side=Side(given["side"].upper()),
        quantity=given["qty"],
        multiplier=given.get("multiplier", 100),
        mid=Decimal(given["mid"]),
        opportunity=Decimal(given["opportunity_cost_per_share"]),
    )
    candidates = [
        Candidate(
            account=c["broker"],
            connection=c["broker"],
            facts=FREE,
            outlook=Outlook(
                price=Decimal(c["expected_price"]),
                fee=Decimal(c["fee"]),
                fill_probability=Decimal(c["fill_prob"]),
                latency_ms=Decimal(c["latency_ms"]),
                drift=Decimal(c["drift_per_s"]),
            ),
            preference=place,
        )
        for place, c in enumerate(given["candidates"])
    ]

    card = choose(want, candidates)

    assert {s.candidate.account: s.cost.total for s in card.scores} == expected["costs"]
    assert card.choice == expected["choice"]


def test_a_combo_pays_the_ask_of_what_it_buys_and_gets_the_bid_of_what_it_sells() -> None:
    legs = [(1, Decimal("2.00"), Decimal("2.10")), (-1, Decimal("3.15"), Decimal("3.40"))]

    assert net(legs) == (Decimal("-1.40"), Decimal("-1.05"))


@pytest.mark.parametrize("quantity", [1, 7, 10, 100])
@pytest.mark.parametrize("slices", [1, 3, 10])
def test_no_aversion_to_risk_is_twap(quantity: int, slices: int) -> None:
    flat = [schedules.adaptive(quantity, slices, i, 0.0) for i in range(1, slices + 1)]

    assert flat == [schedules.twap(quantity, slices, i) for i in range(1, slices + 1)]


@pytest.mark.parametrize("decay", [1.01e-6, 2e-6, 1e-5])
@pytest.mark.parametrize(("quantity", "slices"), [(49, 7), (56, 7), (55, 33), (50, 200), (1_000_000, 10)])
def test_next_to_no_aversion_to_risk_never_falls_behind_twap(quantity: int, slices: int, decay: float) -> None:
    flat = [schedules.adaptive(quantity, slices, i, decay) for i in range(1, slices + 1)]

    assert flat == [schedules.twap(quantity, slices, i) for i in range(1, slices + 1)]


@pytest.mark.parametrize("quantity", [1, 7, 100])
def test_an_infinite_aversion_to_risk_is_everything_at_once(quantity: int) -> None:
    assert schedules.adaptive(quantity, 10, 1, 1e6) == quantity


def test_the_trajectory_between_is_front_loaded_and_ends_whole() -> None:
    targets = [schedules.adaptive(100, 4, i, 2.0) for i in range(1, 5)]

    # 100 - 100 * sinh(1.5) / sinh(2) = 41.29..., sinh(1) 67.59..., sinh(0.5) 85.63...
    assert targets == [41, 67, 85, 100]


@given(
    quantity=st.integers(1, 5000),
    slices=st.integers(1, 200),
    decay=st.floats(0, 1e9),
    cuts=st.lists(st.integers(0, 10**4)),
)
def test_every_schedule_is_whole_never_goes_back_and_ends_at_the_quantity(
    quantity: int, slices: int, decay: float, cuts: list[int]
) -> None:
    places = range(1, slices + 1)
    profile = [Decimal(cut) / 10**4 for cut in sorted(cuts)] + [Decimal(1)]

    for targets in (
        [schedules.twap(quantity, slices, i) for i in places],
        [schedules.adaptive(quantity, slices, i, decay) for i in places],
        [schedules.vwap(quantity, part) for part in profile],
    ):
        assert sum(schedules.parts(targets)) == quantity
        assert min(schedules.parts(targets)) >= 0


@given(rate=st.integers(1, 100), others=st.integers(0, 10**7), done=st.integers(0, 10**5))
def test_pov_is_the_most_that_keeps_the_rate(rate: int, others: int, done: int) -> None:
    allowed = done + schedules.pov(Decimal(rate) / 1000, others, done)

    assert allowed == done or allowed * 1000 <= rate * (allowed + others)
    assert (allowed + 1) * 1000 > rate * (allowed + 1 + others)


@pytest.mark.parametrize(("done", "target"), [("0", 0), ("0.25", 2), ("0.5", 5), ("0.75", 8), ("1", 10)])
def test_vwap_follows_the_usual_day_rounding_to_the_nearest(done: str, target: int) -> None:
    assert schedules.vwap(10, Decimal(done)) == target
