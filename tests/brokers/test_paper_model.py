"""The fill model: what is drawn, how often, and that it can be drawn again."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from statistics import mean
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allcore.kernel.orders import PriceEffect, Side, TimeInForce
from allcore.kernel.quotes import Quote
from allcore.kernel.tickets import OrderTicket
from brokers.paper.chaos import Chaos, is_cut
from brokers.paper.draws import draw
from brokers.paper.improvement import share_of
from brokers.paper.market import Looked, Market, Match, Queue, Rule, Working, is_within_limit, net_debit
from brokers.paper.matching import match
from brokers.paper.model import OPTIMISTIC, PESSIMISTIC, PROFILES, QUOTES, REALISTIC, FillModel
from brokers.paper.resting import INSIDE, distance_of, hazard
from tests.brokers.floors import CLOSE_AT, Floor, after
from tests.builders.paper import LOW_PUT, OPEN_AT, PUT, book, buy, leg, sell, ticket

EPOCH = int(OPEN_AT.timestamp())
SURE = replace(REALISTIC, hazard_near=50.0, hazard_mid=50.0, hazard_far=50.0)


def shown(bid: str, ask: str, *, symbol: str = PUT, second: float = 0, **changes: object) -> Quote:
    at = OPEN_AT + timedelta(seconds=second)
    quote = Quote(symbol, Decimal(bid), Decimal(ask), 10, 10, None, at, at, "test")
    return replace(quote, **changes)  # type: ignore[arg-type]


def looked(
    terms: OrderTicket, *quotes: Quote, model: FillModel = REALISTIC, name: str = "C1", second: int = 0, **order: object
) -> Match:
    now = OPEN_AT + timedelta(seconds=second)
    seen = {q.symbol: replace(q, received_at=now) for q in quotes}
    market = Market(seen, {}, now, OPEN_AT.date(), 2.0, model, "seed", EPOCH + second)
    working = Working(terms, terms.quantity, OPEN_AT, name=name)
    return match(replace(working, **order), market)  # type: ignore[arg-type]


def test_a_draw_is_decided_by_its_names() -> None:
    assert draw("s", "C1", "met", 1) == draw("s", "C1", "met", 1)
    assert len({draw("s", "C1", "met", n) for n in range(1000)}) == 1000
    assert draw("s", "C1") != draw("t", "C1")


def test_draws_are_spread_evenly() -> None:
    drawn = [draw("s", "C", n) for n in range(20_000)]

    assert all(0 < d < 1 for d in drawn)
    assert abs(mean(drawn) - 0.5) < 0.01
    assert all(abs(sum(d < q for d in drawn) / 20_000 - q) < 0.01 for q in (0.01, 0.1, 0.25, 0.75, 0.9, 0.99))


@pytest.mark.parametrize("width", ["0.03", "0.05", "0.06", "0.25", "0.26", "2.00"])
@pytest.mark.parametrize(("is_combo", "expected"), [(False, 0.15), (True, 0.25)])
def test_improvements_have_the_models_mean_in_every_width(width: str, expected: float, *, is_combo: bool) -> None:
    shares = [
        share_of(REALISTIC, is_combo=is_combo, width=Decimal(width), drawn=draw("s", "C", n)) for n in range(3_000)
    ]

    assert abs(mean(shares) - expected) < 0.015
    assert all(0 <= s <= 1 for s in shares)


def test_a_pessimist_is_never_improved() -> None:
    assert looked(buy(PUT, "6.00"), shown("4.00", "5.00"), model=PESSIMISTIC).prices == (Decimal("5.00"),)


def test_marketable_orders_trade_between_the_middle_and_the_far_side_and_say_why() -> None:
    found = [looked(buy(PUT, "6.00"), shown("4.00", "5.00"), name=f"C{n}") for n in range(500)]

    saved = [Decimal("5.00") - f.prices[0] for f in found]
    assert all(Decimal(0) <= s <= Decimal("0.50") for s in saved)
    assert 0.06 < mean(float(s) for s in saved) < 0.085  # 15 % of 0.50, less the rounding down to cents
    assert all(f.why is not None and f.why.rule is Rule.MARKETABLE and f.why.drawn for f in found)


def test_a_combos_improvement_is_shared_among_its_legs() -> None:
    spread = ticket(leg(PUT, Side.SELL), leg(LOW_PUT, Side.BUY), limit="0.10", effect=PriceEffect.CREDIT)
    far = Decimal("4.00") - Decimal("1.40")
    nets = []
    for n in range(500):
        found = looked(spread, shown("4.00", "4.40"), shown("1.20", "1.40", symbol=LOW_PUT), name=f"C{n}")
        assert Decimal("4.00") <= found.prices[0] <= Decimal("4.20")
        assert Decimal("1.30") <= found.prices[1] <= Decimal("1.40")
        nets.append(found.prices[0] - found.prices[1] - far)

    assert 0.06 < mean(float(n) for n in nets) < 0.08  # 25 % of 0.30, less the rounding


@pytest.mark.parametrize(
    ("limit", "distance"), [("4.40", 1), ("4.50", 0), ("4.60", -1), ("4.39", "1.1"), ("4.45", "0.5")]
)
def test_a_distance_is_counted_in_half_spreads_from_the_middle(limit: str, distance: str | int) -> None:
    assert distance_of(buy(PUT, limit), [shown("4.40", "4.60")]) == Decimal(distance)
    mirrored = str(Decimal("9.00") - Decimal(limit))
    assert distance_of(sell(PUT, mirrored), [shown("4.40", "4.60")]) == Decimal(distance)


@pytest.mark.parametrize(("distance", "rate"), [(1, 0.002), (0, 0.02), (-1, 0.1), (0.5, 0.0063246), (-0.5, 0.0447214)])
def test_the_hazard_runs_through_its_three_rates(distance: float, rate: float) -> None:
    assert hazard(REALISTIC, distance) == pytest.approx(rate, rel=1e-4)


@pytest.mark.parametrize(("limit", "rate"), [("4.50", 0.02), ("4.55", 0.0447214)])
def test_orders_inside_the_market_are_met_as_often_as_the_hazard_says(limit: str, rate: float) -> None:
    quote = shown("4.40", "4.60")

    met = sum(looked(buy(PUT, limit), quote, name=f"C{n}", second=1).units for n in range(10_000))

    expected = 10_000 * (1 - 2.718281828**-rate)
    assert abs(met - expected) < 4 * expected**0.5


def test_an_order_met_trades_at_its_own_limit() -> None:
    found = looked(buy(PUT, "4.45"), shown("4.40", "4.60"), model=SURE)

    assert (found.units, found.prices) == (1, (Decimal("4.45"),))
    assert found.why is not None
    assert found.why.rule is Rule.MET


def test_a_combo_is_met_at_its_net_limit_with_each_leg_inside_its_market() -> None:
    spread = ticket(leg(PUT, Side.SELL), leg(LOW_PUT, Side.BUY), limit="2.75", effect=PriceEffect.CREDIT)

    found = looked(spread, shown("4.00", "4.10"), shown("1.20", "1.30", symbol=LOW_PUT), model=SURE)

    assert found.prices[0] - found.prices[1] == Decimal("2.75")
    assert Decimal("4.00") <= found.prices[0] <= Decimal("4.10")
    assert Decimal("1.20") <= found.prices[1] <= Decimal("1.30")


def test_an_order_outside_the_market_is_never_met() -> None:
    assert looked(buy(PUT, "4.39"), shown("4.40", "4.60"), model=SURE).units == 0


def test_quotes_alone_never_meet_an_order_at_rest() -> None:
    assert all(
        looked(buy(PUT, "4.55"), shown("4.40", "4.60"), model=QUOTES, name=f"C{n}").units == 0 for n in range(300)
    )


def test_looking_twice_in_a_second_changes_nothing() -> None:
    quote = shown("4.40", "4.60")
    first = [looked(buy(PUT, "4.50"), quote, name=f"C{n}").units for n in range(500)]
    again = [looked(buy(PUT, "4.50"), quote, name=f"C{n}").units for n in range(500)]

    assert first == again
    assert sum(first) > 0


def test_seconds_that_a_fast_clock_jumped_over_are_drawn_for_and_an_outage_is_not() -> None:
    quote, terms = shown("4.40", "4.60"), buy(PUT, "4.50")
    lucky = next(n for n in range(1, 500) if looked(terms, quote, second=n).units)
    just_now = Looked(OPEN_AT + timedelta(seconds=lucky + 1 - 2), EPOCH)
    long_ago = Looked(OPEN_AT + timedelta(seconds=lucky + 1 - 3), EPOCH)
    unlucky = next(n for n in range(lucky + 1, lucky + 50) if not looked(terms, quote, second=n).units)
    assert unlucky == lucky + 1, "the case needs an unlucky second after the lucky one"

    assert looked(terms, quote, second=unlucky, looked=just_now).units == 1
    assert looked(terms, quote, second=unlucky, looked=long_ago).units == 0


def queued(queue: Queue | None, *, qty: int = 5, model: FillModel = REALISTIC, **seen: object) -> Match:
    """Look at a buy that rests at the bid of 4.40."""
    quote = replace(shown("4.40", "4.60"), **seen)  # type: ignore[arg-type]
    return looked(buy(PUT, "4.40", qty=qty), quote, model=model, queue=queue, is_resting=True)


@pytest.mark.parametrize(("model", "ahead"), [(REALISTIC, 10), (OPTIMISTIC, 5), (PESSIMISTIC, 10)])
def test_an_order_joins_behind_what_is_shown(model: FillModel, ahead: int) -> None:
    assert queued(None, volume=100, model=model).queue == Queue(ahead, 10, 100)


@pytest.mark.parametrize(
    ("traded", "units", "ahead"), [(9, 0, 1), (10, 0, 0), (11, 1, 0), (14, 4, 0), (15, 5, 0), (16, 5, 0)]
)
def test_trades_at_the_price_serve_who_is_ahead_first(traded: int, units: int, ahead: int) -> None:
    found = queued(Queue(10, 10, 100), volume=100 + traded, last=Decimal("4.40"))

    assert (found.units, found.queue) == (units, Queue(ahead, 10, 100 + traded))


def test_trades_at_the_other_side_serve_nobody_here() -> None:
    assert queued(Queue(10, 10, 100), volume=200, last=Decimal("4.60")).queue == Queue(10, 10, 200)


def test_a_third_of_the_cancels_was_ahead() -> None:
    assert queued(Queue(30, 40, 100), bid_size=10, volume=100).queue == Queue(20, 10, 100)


def test_a_level_that_trades_through_is_cleared() -> None:
    found = queued(Queue(30, 40, 100), volume=102, last=Decimal("4.35"))

    assert (found.units, found.prices) == (2, (Decimal("4.40"),))


def test_who_was_inside_the_market_is_first_when_others_join() -> None:
    inside = looked(buy(PUT, "4.41"), shown("4.40", "4.60"))

    assert inside.queue == INSIDE
    assert queued(INSIDE, volume=100).queue == Queue(0, 10, 100)


def test_a_new_days_volume_takes_nothing_away() -> None:
    assert queued(Queue(10, 10, 100), volume=3, last=Decimal("4.40")).queue == Queue(10, 10, 3)


def floor_of(model: FillModel, seed: str = "s") -> Floor:
    floor = Floor(model=model, seed=seed)
    floor.show(PUT, "4.10", "4.30", at=OPEN_AT)
    return floor


def taking(qty: int, limit: str, *, size: int = 10, sweep: float = 1.0, tif: TimeInForce = TimeInForce.DAY) -> Floor:
    """Return a floor on which an order has met that many at 4.30 and nothing else."""
    floor = Floor(model=replace(QUOTES, sweep=sweep), seed="s")
    floor.show(PUT, "4.10", "4.30", at=OPEN_AT, size=size)
    floor.send("C1", buy(PUT, limit, qty=qty, tif=tif))
    floor.go(OPEN_AT)
    return floor


def traded(floor: Floor) -> list[tuple[int, Decimal, object]]:
    return [(f.qty, f.px, f.why["rule"]) for change in floor.changes for f in change.fills]


@pytest.mark.parametrize(
    ("qty", "limit", "beyond"),
    [
        (10, "4.35", 0),  # nothing is left
        (11, "4.35", 1),
        (30, "4.35", 20),  # three times what was shown
        (31, "4.35", 0),
        (15, "4.30", 0),  # a tick beyond is beyond its limit
    ],
)
def test_a_rest_is_found_a_tick_beyond_the_far_side(qty: int, limit: str, beyond: int) -> None:
    swept = [(beyond, Decimal("4.35"), "SWEPT")] if beyond else []

    assert traded(taking(qty, limit)) == [(10, Decimal("4.30"), "MARKETABLE"), *swept]


def test_an_immediate_order_sweeps_before_it_lapses() -> None:
    floor = taking(15, "4.35", tif=TimeInForce.IOC)

    assert floor.orders["C1"].status == "FILLED"


def test_half_of_the_orders_find_their_rest_at_once() -> None:
    floor = Floor(book("1000000"), model=replace(QUOTES, sweep=0.5), seed="s")
    floor.show(PUT, "4.10", "4.30", at=OPEN_AT, size=1)
    for n in range(1_000):
        moment = OPEN_AT + timedelta(microseconds=n)
        floor.show(PUT, "4.10", "4.30", at=moment, size=1)
        floor.send(f"C{n}", buy(PUT, "4.35", qty=2, tif=TimeInForce.IOC), at=moment)
        floor.go(moment)

    assert 450 <= sum(order.status == "FILLED" for order in floor.orders.values()) <= 550


def test_the_pessimistic_market_sweeps_nothing_and_refuses_one_in_two_hundred() -> None:
    assert (PESSIMISTIC.sweep, PESSIMISTIC.reject_rate) == (0.0, 0.005)
    assert (REALISTIC.sweep, REALISTIC.reject_rate) == (0.5, 0.0)


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ({"limit": "4.30"}, ["ACK"]),
        ({"limit": "4.30", "tif": TimeInForce.IOC}, ["REJECT"]),
        ({"limit": "4.30", "tif": TimeInForce.FOK}, ["REJECT"]),
        ({}, ["REJECT"]),
    ],
)
def test_in_a_halt_only_what_can_wait_is_taken(terms: dict[str, Any], said: list[str]) -> None:
    floor = floor_of(QUOTES)
    floor.quotes[PUT] = replace(floor.quotes[PUT], is_halted=True)
    floor.send("C1", buy(PUT, **terms))

    assert floor.go(OPEN_AT) == said
    assert floor.orders["C1"].reason == ("HALTED" if said == ["REJECT"] else "")


@pytest.mark.parametrize(("late", "said"), [(0.149, ["ACK"]), (0.150, ["ACK", "FILL"])])
def test_an_order_meets_the_market_a_data_delay_after_it_arrives(late: float, said: list[str]) -> None:
    floor = floor_of(REALISTIC)
    floor.send("C1", buy(PUT, "4.30", tif=TimeInForce.IOC))

    assert floor.go(OPEN_AT) + floor.go(after(seconds=late)) == said


def canceled(floor: Floor, n: int, limit: str) -> list[str]:
    floor.send(f"C{n}", buy(PUT, limit), at=OPEN_AT)
    floor.go(OPEN_AT)
    floor.cancel(f"X{n}", f"C{n}", at=OPEN_AT)
    return floor.go(OPEN_AT)


def test_one_cancel_in_twenty_near_the_touch_comes_too_late() -> None:
    floor = floor_of(replace(REALISTIC, data_delay_ms=0.0, hazard_near=0.0, hazard_mid=0.0, hazard_far=0.0))
    floor.show(PUT, "4.10", "4.30", at=OPEN_AT, size=100_000)

    said = [canceled(floor, n, "4.10") for n in range(1_000)]

    assert 30 <= sum(s == ["FILL", "CANCEL_REJECT"] for s in said) <= 70
    assert sum(s == ["CANCEL_ACK", "FILL"] for s in said) <= 6
    assert all("CANCEL_ACK" in s or "CANCEL_REJECT" in s for s in said)


def test_a_fill_may_be_told_after_the_cancel_and_is_booked_once() -> None:
    floor = floor_of(replace(QUOTES, race_after_ack=1.0))

    said = canceled(floor, 1, "4.10")

    order = floor.orders["C1"]
    assert said == ["CANCEL_ACK", "FILL"]
    assert (order.status, order.cum_qty, order.leaves) == ("FILLED", 1, 0)


def test_a_cancel_away_from_the_touch_never_races() -> None:
    floor = floor_of(replace(QUOTES, race_at_touch=1.0, race_after_ack=1.0))

    assert canceled(floor, 1, "4.05") == ["CANCEL_ACK"]


def test_chaos_refuses_one_order_in_two_hundred() -> None:
    floor = floor_of(replace(QUOTES, reject_rate=0.005))
    for n in range(4_000):
        floor.send(f"C{n}", sell("TSLA", "0.01"))
    floor.show("TSLA", "0.02", "0.03", at=OPEN_AT)
    exchange = floor.exchange
    refused = sum(bool(exchange._floor.whim(order)) for order in exchange._floor.orders.all())

    assert 6 <= refused <= 36


def test_chaos_cuts_the_line_once_a_session_and_calm_never() -> None:
    day = datetime(2026, 6, 10, 13, 30, tzinfo=UTC)
    minutes = [day + timedelta(minutes=n) for n in range(391)]

    def cuts(chaos: Chaos) -> int:
        return sum(is_cut(chaos, a, b) for a, b in itertools.pairwise(minutes))

    assert [cuts(Chaos("s", 1)), cuts(Chaos("s", 3)), cuts(Chaos("s", 0))] == [1, 3, 0]
    assert not is_cut(Chaos("s", 1), None, CLOSE_AT)


prices = st.integers(100, 1_000).map(lambda n: Decimal(n) / 100)


@settings(deadline=None, max_examples=300)
@given(
    bid=prices,
    width=st.integers(-3, 100),
    limit=prices,
    side=st.sampled_from(Side),
    qty=st.integers(1, 40),
    size=st.integers(0, 40),
    profile=st.sampled_from(sorted(PROFILES)),
    ahead=st.none() | st.integers(0, 30),
    volume=st.integers(0, 60),
    is_open=st.booleans(),
    name=st.integers(0, 10_000),
)
def test_whatever_is_drawn_a_fill_is_within_quantity_limit_and_session(
    bid: Decimal,
    width: int,
    limit: Decimal,
    side: Side,
    qty: int,
    size: int,
    profile: str,
    ahead: int | None,
    volume: int,
    name: int,
    *,
    is_open: bool,
) -> None:
    ask = bid + Decimal(width) / 100
    quote = replace(shown(str(bid), str(ask)), bid_size=size, ask_size=size, volume=volume, last=bid)
    terms = ticket(leg(PUT, side), limit=str(limit), qty=qty)
    model = replace(PROFILES[profile], hazard_mid=min(PROFILES[profile].hazard_mid * 50, 5))
    market = Market({PUT: quote}, {}, OPEN_AT, OPEN_AT.date() if is_open else None, 2.0, model, "s", EPOCH)
    queue = None if ahead is None else Queue(ahead, 10, 0)

    found = match(Working(terms, qty, OPEN_AT, name=f"C{name}", queue=queue), market)

    assert 0 <= found.units <= qty
    if found.units:
        assert is_open
        assert width > 0
        assert is_within_limit(terms, net_debit(terms.legs, found.prices))
        assert bid <= found.prices[0] <= ask
        assert found.why is not None
