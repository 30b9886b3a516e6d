"""The published P&L cases and our own, each to the cent."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from trading.domain.books.delivery import Delivery, tax_convention, trading_convention
from trading.domain.books.ledger import cash_flow, trade_postings
from trading.domain.books.lots import Booked, Lot, LotMethod, Trade, book
from trading.domain.books.positions import DayTrade, day_pnl, holding, unrealised

DATA = Path(__file__).parents[2] / "data"
CASES: dict[str, Any] = {
    case["id"]: case
    for name in ("pnl.json", "own_pnl.json")
    for case in json.loads((DATA / name).read_text(), parse_float=Decimal)["vectors"]
}
LOT_CASES = [case for case in CASES.values() if case["kind"] == "lot_pnl"]
NOISE = Decimal("1e-9")  # the vectors were written by way of floats


def booked(
    fills: list[tuple[int, Decimal]], multiplier: int, method: LotMethod
) -> tuple[tuple[Lot, ...], list[Decimal]]:
    lots: tuple[Lot, ...] = ()
    realised: list[Decimal] = []
    for qty, px in fills:
        result: Booked = book(lots, Trade(qty, px, multiplier), method)
        lots = result.lots
        realised.append(result.realised)
    return lots, realised


def near(actual: Decimal | None, expected: object) -> bool:
    if expected is None or actual is None:
        return actual is None and expected is None
    return abs(actual - Decimal(str(expected))) < NOISE


@pytest.mark.parametrize("method", [LotMethod.FIFO, LotMethod.LIFO, LotMethod.AVERAGE])
@pytest.mark.parametrize("case", LOT_CASES, ids=lambda case: case["id"])
def test_each_lot_case_realises_what_is_published(case: dict[str, Any], method: LotMethod) -> None:
    fills = [(fill["qty"], Decimal(fill["price"])) for fill in case["fills"]]
    expected = case["results"][method]

    lots, realised = booked(fills, case["multiplier"], method)

    held = holding(lots)
    assert near(sum(realised, Decimal(0)), expected["realised_gross"])
    assert all(near(r, e) for r, e in zip(realised, expected["realised_per_fill"], strict=True))
    assert near(Decimal(held.qty), expected["open_qty"])
    assert near(held.avg_px, expected["open_avg_price"])
    if case["mark"] is not None:
        assert near(unrealised(held, Decimal(case["mark"]), case["multiplier"]), expected["unrealised"])


@pytest.mark.parametrize("case", LOT_CASES, ids=lambda case: case["id"])
def test_each_lot_case_moves_the_published_cash(case: dict[str, Any]) -> None:
    postings = [
        trade_postings(f["qty"], Decimal(f["price"]), case["multiplier"], Decimal(f["fee"])) for f in case["fills"]
    ]

    expected = case["results"]["fifo"]
    assert near(sum((cash_flow(p) for p in postings), Decimal(0)) + expected["fees"], expected["cash_flow_gross"])
    assert all(sum((side.amount for side in p), Decimal(0)) == 0 for p in postings)


def test_a_short_put_assigned_costs_the_same_under_both_conventions() -> None:
    case = CASES["PA-01"]
    seen, wanted = case["inputs"], case["expected"]
    delivery = Delivery(-seen["contracts"], seen["premium_received"], 100 * seen["contracts"], Decimal(seen["strike"]))

    trading, tax = trading_convention(delivery), tax_convention(delivery)

    close = seen["underlying_close"]
    assert trading.option_realised == wanted["trading_convention"]["option_realised"]
    assert trading.share_px == wanted["trading_convention"]["share_cost_basis"]
    assert tax.option_realised == wanted["tax_basis_convention"]["option_realised"]
    assert tax.share_px == wanted["tax_basis_convention"]["share_cost_basis"]
    assert delivery.cash == wanted["cash"]
    for convention in (trading, tax):
        total = convention.option_realised + delivery.shares * (close - convention.share_px)
        assert near(total, wanted["total_both"])


def test_a_covered_call_assigned_realises_the_same_under_both_conventions() -> None:
    case = CASES["PA-02"]
    seen, wanted = case["inputs"], case["expected"]
    delivery = Delivery(-1, seen["premium_received"], -100, Decimal(seen["strike"]))
    shares = (Lot(100, 100 * seen["share_cost_basis"]),)

    trading, tax = trading_convention(delivery), tax_convention(delivery)

    stock = {c.share_px: book(shares, Trade(-100, c.share_px, 1)).realised for c in (trading, tax)}
    assert stock[trading.share_px] == wanted["trading_convention"]["stock_realised"]
    assert trading.option_realised == wanted["trading_convention"]["option_realised"]
    assert tax.share_px == wanted["tax_basis_convention"]["stock_proceeds_per_share"]
    assert stock[tax.share_px] == wanted["tax_basis_convention"]["stock_realised"]
    assert trading.option_realised + stock[trading.share_px] == stock[tax.share_px] == wanted["total_both"]
    assert delivery.cash == wanted["cash"]


def test_a_long_put_exercised_without_shares_sells_them_short() -> None:
    case = CASES["PA-04"]
    seen, wanted = case["inputs"], case["expected"]
    delivery = Delivery(1, seen["premium_paid"], -100, Decimal(seen["strike"]))

    trading, tax = trading_convention(delivery), tax_convention(delivery)

    close = seen["underlying_close"]
    assert trading.option_realised == wanted["trading_convention"]["option_realised"]
    assert tax.share_px == wanted["tax_basis_convention"]["short_sale_proceeds_per_share"]
    assert -100 * (close - tax.share_px) == wanted["tax_basis_convention"]["unrealised_at_close"]
    assert -100 * (close - trading.share_px) == wanted["trading_convention"]["unrealised_at_close"]


def test_a_put_spread_in_the_money_at_expiry_loses_its_width_less_the_credit() -> None:
    case = CASES["PA-05"]
    seen, wanted = case["inputs"], case["expected"]
    bought = Lot(100, Decimal(100) * seen["short_strike"])

    sold = book((bought,), Trade(-100, Decimal(seen["long_strike"]), 1))

    assert holding(sold.lots).qty == wanted["shares_net"]
    assert sold.realised == wanted["cash_from_exercise"]
    assert sold.realised + 100 * seen["credit"] == wanted["total_pnl"]


def test_the_days_pnl_counts_what_was_held_and_what_was_traded() -> None:
    case = CASES["PD-01"]
    seen, wanted = case["inputs"], case["expected"]
    trades = [DayTrade(qty, Decimal(px), Decimal(fee)) for qty, px, fee in seen["trades"]]

    pnl = day_pnl(
        start_qty=seen["prev_qty"],
        previous_close=Decimal(seen["prev_close"]),
        trades=trades,
        mark=seen["mark"],
        multiplier=seen["multiplier"],
    )

    assert pnl == wanted["day_pnl_net"]


def test_a_closing_fill_busted_opens_the_position_again_and_realises_nothing() -> None:
    case = CASES["PB-01"]
    fills = [(qty, Decimal(px)) for qty, px in case["fills"]]

    _, before = booked(fills, 100, LotMethod.FIFO)
    lots, after = booked(fills[:1], 100, LotMethod.FIFO)

    assert sum(before) == case["expected"]["before"]
    assert sum(after) == case["expected"]["after_realised"]
    assert holding(lots).qty == case["expected"]["after_qty"]
