"""The day's P&L in its terms, and the shortfall of an order."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketdata.domain import pricing
from trading.domain.books.positions import DayTrade, day_pnl
from trading.domain.books.shortfall import Decided, shortfall
from trading.domain.explain.day import NOTHING, Explained, Held, Point, explain, together
from trading.domain.greeks import OptionTerms, cross_greeks

VECTORS = json.loads((Path(__file__).parents[2] / "data" / "pnl.json").read_text(), parse_float=Decimal)["vectors"]
CASES = {kind: [v for v in VECTORS if v["kind"] == kind] for kind in ("greek_attribution", "implementation_shortfall")}
START = datetime(2026, 3, 2, 21, 0, tzinfo=UTC)
CENT = Decimal("0.01")


def point(seen: dict[str, Any], n: int) -> Point:
    spot, strike, vol, years, rate, dividend = (
        float(seen[name]) for name in (f"S{n}", "K", f"sigma{n}", f"T{n}", "r", "q")
    )
    terms = pricing.terms(
        is_call=seen.get("right", "C") != "P", spot=spot, strike=strike, years=years, rate=rate, dividend=dividend
    )
    greeks, raw = pricing.desk_greeks(terms, vol), pricing.raw_greeks(terms, vol)
    vanna, volga = cross_greeks(OptionTerms(spot, strike, vol, years, rate, dividend), vega=float(raw.vega))
    days = float(seen["T0"]) - years
    return Point(
        at=START + timedelta(days=days * 365),
        px=Decimal(repr(float(raw.price))),
        spot=spot,
        iv=vol,
        rate=rate,
        delta=float(greeks.delta),
        gamma=float(greeks.gamma),
        theta=float(greeks.theta),
        vega=float(greeks.vega),
        rho=float(greeks.rho),
        vanna=vanna,
        volga=volga,
    )


@pytest.mark.parametrize("case", CASES["greek_attribution"], ids=lambda case: case["id"])
def test_each_published_day_is_explained_to_the_cent(case: dict[str, Any]) -> None:
    seen, wanted = case["inputs"], case["expected"]
    held = Held(start_qty=seen["contracts"], trades=(), income=Decimal(0), multiplier=seen["multiplier"])

    made = explain(held, [point(seen, 0), point(seen, 1)])

    for name in ("delta", "gamma", "vega", "theta", "vanna", "volga", "residual"):
        assert abs(getattr(made, name) - wanted[name]) <= 2 * CENT, name
    assert abs(made.total - wanted["actual"]) <= CENT / 2
    assert made.rho == made.trading == made.fees == made.events == 0


@pytest.mark.parametrize("case", CASES["implementation_shortfall"], ids=lambda case: case["id"])
def test_each_published_shortfall_splits_as_published(case: dict[str, Any]) -> None:
    seen, wanted = case["inputs"], case["expected"]
    prices = {name: Decimal(seen[name]) for name in ("decision", "arrival", "close")}
    order = Decided(qty=seen["side"] * seen["qty"], multiplier=seen["multiplier"], **prices)

    made = shortfall(order, [(qty, Decimal(px)) for qty, px in seen["fills"]], Decimal(seen["fees"]))

    assert (made.delay, made.trading, made.opportunity, made.fees) == tuple(
        Decimal(wanted[name]) for name in ("delay", "trading", "opportunity", "fees")
    )
    assert made.total == Decimal(wanted["total"])
    assert made.bps == Decimal(wanted["bps_of_paper"])


def test_a_sale_that_waited_while_the_price_fell_fell_short() -> None:
    made = shortfall(Decided(-10, Decimal(2), Decimal("1.9"), Decimal("1.5")), [(10, Decimal("1.8"))], Decimal(0))

    assert (made.delay, made.trading, made.opportunity) == (Decimal(100), Decimal(100), Decimal(0))


def share(at: int, px: str) -> Point:
    return Point(START + timedelta(minutes=at), Decimal(px), spot=float(px), delta=1.0)


def trade(at: int, qty: int, px: str, fee: str = "0", *, is_event: bool = False) -> DayTrade:
    return DayTrade(qty, Decimal(px), Decimal(fee), START + timedelta(minutes=at), is_event=is_event)


def test_a_trade_steps_the_quantity_and_its_price_counts_against_the_mark() -> None:
    held = Held(10, (trade(5, 10, "101.5", "1.25"),), Decimal(0), 1)

    made = explain(held, [share(0, "100"), share(5, "101"), share(9, "103")])

    assert made == Explained(delta=Decimal(50), trading=Decimal(-5), fees=Decimal("-1.25"), residual=Decimal(0))


def test_what_nobody_modelled_is_residual() -> None:
    blind = Point(START, Decimal(100))

    made = explain(Held(10, (), Decimal(0), 1), [blind, share(9, "103")])

    assert made == Explained(residual=Decimal(30))


def test_a_dividend_makes_up_for_the_price_it_takes() -> None:
    made = explain(Held(100, (), Decimal(75), 1), [share(0, "100"), share(9, "99.25")])

    assert (made.delta, made.events, made.total) == (Decimal(-75), Decimal(75), Decimal(0))


def test_a_split_moves_the_price_and_brings_shares_and_explains_nothing() -> None:
    split = trade(1, 20, "0", is_event=True)

    made = explain(Held(10, (split,), Decimal(0), 1), [share(0, "300"), share(5, "100"), share(9, "101")])

    assert (made.delta, made.events, made.residual, made.total) == (Decimal(-1970), Decimal(2000), 0, Decimal(30))


@pytest.mark.parametrize(
    ("residual", "delta", "is_alarming"),
    [("25.00", "0", False), ("25.01", "0", True), ("50.00", "1000", False), ("-50.01", "-1000", True)],
)
def test_a_residual_alarms_above_25_dollars_and_a_twentieth_of_what_moved(
    residual: str, delta: str, is_alarming: bool
) -> None:
    assert Explained(delta=Decimal(delta), residual=Decimal(residual)).is_alarming is is_alarming


prices = st.decimals("0.01", "300", places=2)
moments = st.integers(0, 390)


@given(
    start=st.integers(-9, 9),
    trades=st.lists(st.tuples(moments, st.integers(-9, 9).filter(bool), prices, prices, st.booleans()), max_size=5),
    marks=st.lists(st.tuples(moments, prices, st.floats(0.05, 2)), min_size=2, max_size=6, unique_by=lambda m: m[0]),
    income=prices,
)
def test_the_terms_sum_to_the_days_pnl_to_the_cent(
    start: int,
    trades: list[tuple[int, int, Decimal, Decimal, bool]],
    marks: list[tuple[int, Decimal, float]],
    income: Decimal,
) -> None:
    done = tuple(DayTrade(q, px, fee, START + timedelta(minutes=at), is_event=e) for at, q, px, fee, e in trades)
    points = [
        Point(START + timedelta(minutes=at), px, float(px), iv, 0.04, 0.4, 0.02, -0.1, 0.2, 0.1, 0.3, 0.4)
        for at, px, iv in sorted(marks)
    ]

    made = explain(Held(start, done, income, 100), points)

    day = day_pnl(
        start_qty=start,
        previous_close=points[0].px,
        trades=done,
        mark=points[-1].px,
        multiplier=100,
        income=income,
    )
    assert made.total == day
    assert together([made, made, NOTHING]).total == 2 * day
