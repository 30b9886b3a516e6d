"""Fees, latency, funds, books and settings of the paper broker."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allcore.kernel.instruments import OptionContract, Right, TickRule
from allcore.kernel.orders import PriceEffect, Side
from allcore.kernel.tickets import OrderTicket
from brokers.paper import funds
from brokers.paper.books import Holding, after_fill
from brokers.paper.contracts import multiplier_of, underlying_of
from brokers.paper.latency import latency_of
from brokers.paper.model import REALISTIC
from brokers.paper.records import FillRecord
from brokers.paper.settings import BadPaperSettingsError, PaperSettings
from brokers.paper.ticks import TickBook
from tests.builders.paper import ACCOUNT, CALL, LOW_PUT, OPEN_AT, PUT, book, buy, holding, leg, sell, ticket


def test_a_message_has_the_same_latency_each_time_and_its_own() -> None:
    first, again, other = (latency_of(name, 80.0) for name in ("C1", "C1", "C2"))

    assert first == again
    assert first != other
    assert first > timedelta(0)


def test_latencies_have_the_median_asked_for_and_a_tail() -> None:
    delays = sorted(latency_of(f"C{n}", 80.0) / timedelta(milliseconds=1) for n in range(2_000))

    assert 72 < delays[1_000] < 88
    assert 450 < delays[1_980] < 800


def test_no_latency_is_none() -> None:
    assert latency_of("C1", 0) == timedelta(0)


def short(strike: int, right: Right = Right.PUT, expiry: date = date(2026, 6, 19)) -> str:
    return OptionContract("TSLA", expiry, right, Decimal(strike)).symbol


@pytest.mark.parametrize(
    ("positions", "cash", "bare"),
    [
        ({PUT: -2}, "50000", 0),
        ({PUT: -1, LOW_PUT: 1}, "1000", 0),
        ({PUT: 1, LOW_PUT: -1}, "0", 0),
        ({PUT: -2, LOW_PUT: 1}, "26000", 0),
        ({CALL: -1}, "0", 1),
        ({CALL: -1, "TSLA": 99}, "0", 1),
        ({CALL: -1, "TSLA": 100}, "0", 0),
        ({CALL: -1, short(270, Right.CALL): 1}, "1000", 0),
        ({short(270, Right.CALL): -1, CALL: 1}, "0", 1),
        ({CALL: -1, "NVDA": 100}, "0", 1),
    ],
    ids=[
        "short puts",
        "put spread for a credit",
        "put spread for a debit",
        "half covered",
        "bare call",
        "a share short",
        "covered call",
        "call spread for a credit",
        "the cover ends first",
        "shares of another name",
    ],
)
def test_positions_need_cash_behind_puts_and_cover_behind_calls(
    positions: dict[str, int], cash: str, bare: int
) -> None:
    demand = funds.demand_of(positions)

    assert (demand.cash, demand.bare_calls) == (Decimal(cash), bare)


def refused(order: OrderTicket, *, cash: str = "100000", working: tuple[OrderTicket, ...] = (), **held: int) -> str:
    return funds.refusal(
        cash=Decimal(cash), positions=held, working=working, ticket=order, debit=funds.worst_debit(order)
    )


@pytest.mark.parametrize(("cash", "code"), [("24590.00", ""), ("24589.99", "INSUFFICIENT_CASH")])
def test_a_put_is_secured_to_the_cent_by_cash_and_its_own_premium(cash: str, code: str) -> None:
    assert refused(sell(PUT, "4.10"), cash=cash) == code


@pytest.mark.parametrize(("cash", "code"), [("2500.00", ""), ("2499.99", "INSUFFICIENT_CASH")])
def test_shares_are_paid_for_to_the_cent(cash: str, code: str) -> None:
    assert refused(buy("TSLA", "250.00", qty=10), cash=cash) == code


def test_an_order_at_work_has_its_cash_already() -> None:
    assert refused(sell(PUT, "4.10"), cash="30000", working=(sell(PUT, "4.10"),)) == "INSUFFICIENT_CASH"


def test_shares_under_a_call_are_not_sold() -> None:
    positions = {"TSLA": 100, CALL: -1}

    assert (
        funds.refusal(
            cash=Decimal(0),
            positions=positions,
            working=(),
            ticket=sell("TSLA", "250.00", qty=1),
            debit=Decimal(-250),
        )
        == "INSUFFICIENT_SHARES"
    )


def test_shares_offered_once_are_not_offered_again() -> None:
    assert refused(sell("TSLA", "250.00", qty=100), TSLA=100, working=(sell("TSLA", "251.00", qty=1),)) == (
        "INSUFFICIENT_SHARES"
    )


def test_an_account_in_trouble_may_buy_its_puts_back() -> None:
    closing = buy(PUT, "14.95")

    assert (
        funds.refusal(
            cash=Decimal(10_000), positions={PUT: -1}, working=(), ticket=closing, debit=funds.worst_debit(closing)
        )
        == ""
    )


def test_a_roll_needs_cash_for_the_new_put_alone() -> None:
    roll = ticket(leg(PUT, Side.BUY), leg(short(235), Side.SELL), limit="1.35", effect=PriceEffect.CREDIT)

    assert (
        funds.refusal(cash=Decimal(25_000), positions={PUT: -1}, working=(), ticket=roll, debit=funds.worst_debit(roll))
        == ""
    )


def filled(side: Side, qty: int, px: str) -> FillRecord:
    return FillRecord("C1", ACCOUNT, "E", 0, "TSLA", side, qty, Decimal(px), Decimal("1.00"), 1, OPEN_AT, OPEN_AT, qty)


def test_a_position_averages_when_it_grows_and_keeps_its_average_when_it_shrinks() -> None:
    grown = after_fill(holding({"TSLA": 100}, avg_px="10.00"), filled(Side.BUY, 300, "12.00"))
    shrunk = after_fill(grown, filled(Side.SELL, 100, "20.00"))

    assert grown.holdings["TSLA"] == Holding(400, Decimal("11.50"))
    assert shrunk.holdings["TSLA"] == Holding(300, Decimal("11.50"))


def test_a_position_that_turns_begins_anew() -> None:
    turned = after_fill(holding({"TSLA": 100}, avg_px="10.00"), filled(Side.SELL, 150, "12.00"))

    assert turned.holdings["TSLA"] == Holding(-50, Decimal("12.00"))


def test_a_flat_position_is_not_held() -> None:
    assert after_fill(holding({"TSLA": 100}), filled(Side.SELL, 100, "12.00")).holdings == {}


@settings(deadline=None)
@given(
    fills=st.lists(st.tuples(st.sampled_from(Side), st.integers(1, 50), st.integers(1, 5_000)), min_size=1, max_size=20)
)
def test_cash_is_what_was_paid_and_quantity_what_was_traded(fills: list[tuple[Side, int, int]]) -> None:
    account = book()
    for side, qty, cents in fills:
        account = after_fill(account, filled(side, qty, str(Decimal(cents) / 100)))

    paid = sum(side.sign * qty * Decimal(cents) / 100 for side, qty, cents in fills)
    assert account.cash == Decimal(100_000) - paid - len(fills)
    assert account.qty("TSLA") == sum(side.sign * qty for side, qty, _ in fills)


@pytest.mark.parametrize(
    ("symbol", "price", "tick"),
    [
        (PUT, "2.99", "0.01"),
        (PUT, "3.00", "0.05"),
        ("SPY   260612P00600000", "3.00", "0.01"),
        ("TSLA", "250.00", "0.01"),
    ],
)
def test_prices_step_by_the_exchanges_rule(symbol: str, price: str, tick: str) -> None:
    assert TickBook().tick(symbol, Decimal(price)) == Decimal(tick)


def test_an_instruments_own_rule_goes_before_the_general_one() -> None:
    ticks = TickBook({PUT: TickRule.NICKEL}.get)
    ticks.learn([PUT, CALL])

    assert ticks.tick(PUT, Decimal("2.99")) == Decimal("0.05")
    assert ticks.tick(CALL, Decimal("2.99")) == Decimal("0.01")
    assert ticks.unknown([PUT, LOW_PUT]) == [LOW_PUT]


def test_a_symbol_tells_its_underlying_and_multiplier() -> None:
    assert (underlying_of(PUT), multiplier_of(PUT)) == ("TSLA", 100)
    assert (underlying_of("TSLA"), multiplier_of("TSLA")) == ("TSLA", 1)


def test_settings_left_out_have_defaults() -> None:
    assert PaperSettings.read({}) == PaperSettings(model=REALISTIC, stale_after_s=2.0, seed="")
    assert PaperSettings.read({"latency_ms": 0}).model == replace(REALISTIC, latency_ms=0.0)


def test_a_profile_brings_its_model_and_its_latency() -> None:
    assert PaperSettings.read({"profile": "pessimistic"}).model is not REALISTIC
    assert PaperSettings.read({"profile": "pessimistic"}).model.latency_ms == 160.0


def test_chaos_is_off_unless_asked_for() -> None:
    calm, chaos = PaperSettings.read({}).model, PaperSettings.read({"chaos": True}).model

    assert (calm.reject_rate, calm.disconnects) == (0.0, 0)
    assert (chaos.reject_rate, chaos.disconnects) == (0.005, 1)


@pytest.mark.parametrize(
    "settings",
    [
        {"latency": 80},
        {"latency_ms": -1},
        {"latency_ms": "80"},
        {"latency_ms": True},
        {"profile": "lucky"},
        {"profile": ["quotes"]},
        {"chaos": 1},
        {"seed": 1.5},
        {"seed": "x" * 41},
        {"fees": "free lunch"},
    ],
)
def test_settings_that_say_something_else_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(BadPaperSettingsError):
        PaperSettings.read(settings)
