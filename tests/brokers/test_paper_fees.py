"""What fills cost, by tariff and by day."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allcore.kernel.instruments import OptionContract, Right
from allcore.kernel.orders import PositionEffect, Side
from brokers.models import Connection
from brokers.paper import tariffs
from brokers.paper.fees import Fill, NoFeesError, fee_of, levies_of, row_on
from brokers.paper.tariffs import COMMISSION_FREE, FLAT, IBKR_TIERED, SCHWAB, TARIFFS, TASTYTRADE, TRADESTATION, Tariff
from brokers.selectors.fees import expected_fee
from tests.builders.paper import buy

DAY = date(2026, 6, 10)
ONE_DAY = timedelta(days=1)


def option(qty: int, px: str = "4.10", *, side: Side = Side.BUY, **terms: object) -> Fill:
    given: dict[str, object] = {"before": 0, "multiplier": 100, **terms}
    return Fill(is_option=True, side=side, px=Decimal(px), filled=qty, **given)  # type: ignore[arg-type]


def shares(qty: int, px: str = "250.00", *, side: Side = Side.BUY, before: int = 0) -> Fill:
    return Fill(is_option=False, side=side, px=Decimal(px), before=before, filled=qty)


@pytest.mark.parametrize(
    ("fill", "fee"),
    [
        (option(1), "0.65"),
        (option(3), "1.95"),
        (shares(1), "1.00"),
        (shares(200), "1.00"),
        (shares(201), "1.00"),
        (shares(400), "2.00"),
    ],
)
def test_the_flat_tariff_is_a_commission_and_nothing_else(fill: Fill, fee: str) -> None:
    assert fee_of(FLAT, fill, DAY) == Decimal(fee)


@settings(deadline=None)
@given(
    parts=st.lists(st.integers(1, 500), min_size=1, max_size=8),
    is_option=st.booleans(),
    tariff=st.sampled_from(list(TARIFFS.values())),
)
def test_a_commission_is_the_same_however_an_order_is_cut_up(
    parts: list[int], tariff: Tariff, *, is_option: bool
) -> None:
    bare = Tariff(tariff.name, tariff.commissions, passes_levies=False)
    build = option if is_option else shares
    paid, before = Decimal(0), 0
    for part in parts:
        paid += fee_of(bare, build(part, "1.00", before=before), DAY)
        before += part

    assert paid == fee_of(bare, build(before, "1.00"), DAY)


@pytest.mark.parametrize(
    ("px", "rate"), [("0.04", "0.25"), ("0.05", "0.50"), ("0.09", "0.50"), ("0.10", "0.65"), ("0.11", "0.65")]
)
def test_a_cheap_option_has_a_cheaper_band(px: str, rate: str) -> None:
    bare = Tariff("x", IBKR_TIERED.commissions, passes_levies=False)

    assert fee_of(bare, option(10, px), DAY) == 10 * Decimal(rate)


@pytest.mark.parametrize(("qty", "fee"), [(1, "1.00"), (2, "1.30")])
def test_an_order_costs_a_dollar_at_least(qty: int, fee: str) -> None:
    bare = Tariff("x", IBKR_TIERED.commissions, passes_levies=False)

    assert fee_of(bare, option(qty), DAY) == Decimal(fee)
    assert sum(fee_of(bare, option(1, legs=2), DAY) for _ in range(2)) == Decimal("1.30")


@pytest.mark.parametrize(("qty", "fee"), [(9, "9.00"), (10, "10.00"), (11, "10.00")])
def test_a_leg_is_capped_to_open_and_free_to_close(qty: int, fee: str) -> None:
    bare = Tariff("x", TASTYTRADE.commissions, passes_levies=False)

    assert fee_of(bare, option(qty), DAY) == Decimal(fee)
    assert fee_of(bare, option(qty, effect=PositionEffect.CLOSE), DAY) == 0


@pytest.mark.parametrize("tariff", [SCHWAB, TRADESTATION])
def test_an_index_option_costs_a_dollar(tariff: Tariff) -> None:
    bare = Tariff("x", tariff.commissions, passes_levies=False)

    assert fee_of(bare, option(3, is_index=True), DAY) == Decimal("3.00")


@pytest.mark.parametrize("tariff", [IBKR_TIERED, TASTYTRADE, COMMISSION_FREE])
@pytest.mark.parametrize(("px", "taken"), [("0.99", "0.57"), ("1.00", "0.66"), ("1.01", "0.66")])
def test_the_exchange_takes_its_own_for_its_index(tariff: Tariff, px: str, taken: str) -> None:
    fill = option(10, px, is_index=True)

    extra = fee_of(tariff, replace(fill, root="SPXW"), DAY) - fee_of(tariff, replace(fill, root="XSP"), DAY)

    assert extra == 10 * Decimal(taken)


@pytest.mark.parametrize(("broker", "fee"), [("ibkr", "1.66"), ("schwab", "1.00"), ("tda", "0.65"), ("paper", "0.65")])
def test_a_connection_that_names_no_tariff_has_its_brokers_own(broker: str, fee: str) -> None:
    index = buy(OptionContract("SPXW", date(2026, 6, 19), Right.PUT, Decimal(6000)).symbol, "4.00")
    connection = Connection(name="x", broker=broker, settings={})
    levies = levies_of(option(1, "4.00"), DAY, cents_up=broker != "ibkr").values()

    told = expected_fee(connection, index, Decimal(4), DAY)

    assert told == Decimal(fee) + (0 if broker == "paper" else sum(levies))


@pytest.mark.parametrize(
    ("name", "changed_on", "before", "on"),
    [
        ("SEC", date(2021, 2, 25), "22.1000", "5.1000"),
        ("SEC", date(2024, 5, 22), "8.0000", "27.8000"),
        ("SEC", date(2025, 5, 14), "27.8000", "0.0000"),
        ("TAF", date(2024, 1, 1), "0.2440", "0.2790"),
        ("ORF", date(2025, 3, 3), "2.6850", "2.8150"),
        ("OCC", date(2025, 2, 14), "2.0000", "2.5000"),
        ("CAT", date(2024, 9, 1), "0.0000", "0.3500"),
    ],
)
def test_a_levy_changes_on_its_day(name: str, changed_on: date, before: str, on: str) -> None:
    sale = option(100, "100.00", side=Side.SELL)  # a million dollars

    assert levies_of(sale, changed_on - ONE_DAY, cents_up=False)[name] == Decimal(before)
    assert levies_of(sale, changed_on, cents_up=False)[name] == Decimal(on)


@pytest.mark.parametrize(("qty", "due"), [(2749, "54.98"), (2750, "55.00"), (2751, "55.00")])
def test_clearing_was_capped_until_it_was_not(qty: int, due: str) -> None:
    assert levies_of(option(qty), date(2025, 2, 13), cents_up=False)["OCC"] == Decimal(due)
    assert levies_of(option(qty), date(2025, 2, 14), cents_up=False)["OCC"] == Decimal("0.025") * qty


@pytest.mark.parametrize(("qty", "due"), [(49_999, "8.2998"), (50_000, "8.30"), (50_001, "8.30")])
def test_the_activity_fee_on_shares_is_capped(qty: int, due: str) -> None:
    assert levies_of(shares(qty, side=Side.SELL), date(2025, 6, 10), cents_up=False)["TAF"] == Decimal(due)


def test_a_buyer_pays_no_levy_on_sales() -> None:
    due = levies_of(option(10), DAY, cents_up=False)

    assert (due["SEC"], due["TAF"]) == (0, 0)
    assert due["ORF"] > 0


@pytest.mark.parametrize(
    ("px", "sec"), [("0.99", "0.01"), ("3.59", "0.01"), ("3.60", "0.02")], ids=["begun", "below a cent", "above"]
)
def test_a_cent_begun_is_charged_whole_where_the_broker_does_so(px: str, sec: str) -> None:
    sale = option(1, px, side=Side.SELL)

    assert levies_of(sale, date(2024, 6, 10), cents_up=True)["SEC"] == Decimal(sec)


def test_a_brokers_fee_is_its_commission_and_the_levies() -> None:
    sale = option(10, side=Side.SELL)

    assert fee_of(SCHWAB, sale, DAY) == Decimal("6.50") + sum(levies_of(sale, DAY, cents_up=True).values())
    assert fee_of(SCHWAB, sale, DAY) > fee_of(SCHWAB, option(10), DAY)


def test_a_day_before_all_rows_is_refused() -> None:
    with pytest.raises(NoFeesError):
        row_on((tariffs.Levy(DAY, Decimal(0), "x"),), DAY - ONE_DAY)


def test_every_row_names_its_source_and_rows_go_forward() -> None:
    levies = (tariffs.ORF, tariffs.OCC, tariffs.SECTION_31, tariffs.TAF_SHARES, tariffs.TAF_OPTIONS, tariffs.CAT)
    tables = [[(row.effective_from, row.source) for row in rows] for rows in levies]
    tables += [[(row.effective_from, row.source) for row in tariff.commissions] for tariff in TARIFFS.values()]
    for dated in tables:
        days = [day for day, _ in dated]
        assert days == sorted(set(days))
        assert all(source for _, source in dated)
