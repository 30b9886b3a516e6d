"""The gate on the protocol's worked month (protocol 10): the numbers that its text names."""

from dataclasses import replace
from decimal import Decimal

from allcore.kernel.orders import OrdType, PositionEffect, PriceEffect, Side, TimeInForce
from allcore.kernel.tickets import OrderTicket, TicketLeg
from risk.domain.gate import assess
from risk.domain.market import MarketView
from risk.domain.request import GateRequest
from risk.domain.verdict import Outcome
from tests.builders.risk import (
    GEN_TERMS,
    SHARE,
    around,
    book,
    by_code,
    dec,
    greeks,
    holding,
    listing,
    market,
    quote,
    request,
)

HARD, SOFT, PASS = Outcome.HARD_BLOCK, Outcome.SOFT_BLOCK, Outcome.PASS
TSLA_250, TSLA_247 = "TSLA  260612P00250000", "TSLA  260612P00247500"
TSLA_255, NVDA_129 = "TSLA  260612P00255000", "NVDA  260612P00129000"
NVDA_123 = "NVDA  260612P00123000"


def put(symbol: str, lots: int, limit: str) -> OrderTicket:
    leg = TicketLeg(symbol, Side.SELL, PositionEffect.OPEN)
    name = symbol[:4]
    return OrderTicket(
        "GEN-1", name, (leg,), lots, OrdType.LIMIT, TimeInForce.DAY, PriceEffect.CREDIT, limit_price=Decimal(limit)
    )


def view(symbol: str, mid: str, delta: float, spot: str) -> MarketView:
    near, name = Decimal("0.02"), symbol[:4]
    return market(
        quotes={symbol: quote(symbol, str(Decimal(mid) - near), str(Decimal(mid) + near)), name: quote(name)},
        spots={SHARE: quote(SHARE), name: quote(name, spot, str(Decimal(spot) + near))},
        greeks={TSLA_250: greeks(-0.489), symbol: greeks(delta)},
        listings={symbol: listing(symbol)},
    )


def ask(symbol: str, lots: int, mid: str, delta: float, spot: str, **changes: object) -> GateRequest:
    limit = str(Decimal(mid) - Decimal("0.02"))
    return request(
        put(symbol, lots, limit),
        market=view(symbol, mid, delta, spot),
        terms=GEN_TERMS,
        around=around(interest={symbol: 9_000}),
        **changes,
    )


def test_week_one_rejects_the_delta_of_39_6_and_takes_48_9() -> None:
    refused = assess(ask(TSLA_247, 2, "3.10", -0.396, "250"))
    taken = assess(ask(TSLA_250, 2, "4.19", -0.489, "250"))

    assert [r.code for r in refused.of(HARD)] == ["delta_range"]
    assert taken.outcome is PASS
    assert by_code(taken)["name_household"].value == dec("0.2")  # at the soft limit, not over


def test_week_one_takes_three_lots_of_nvda_and_refuses_the_fourth() -> None:
    held = book(
        cash=dec("100834"),
        holdings=(holding(TSLA_250, -2),),
        household_notional={"TSLA": dec(50_000)},
    )
    three = assess(ask(NVDA_129, 3, "1.35", -0.404, "130", book=held))
    four = assess(ask(NVDA_129, 4, "1.35", -0.404, "130", book=held))

    assert three.outcome is PASS
    assert by_code(three)["deployment"].value == dec("0.887")
    assert {r.code for r in four.of(HARD)} == {"cash_secured", "day_trading", "buffer", "deployment"}
    assert by_code(four)["deployment"].value == dec("1.016")


def test_week_two_is_a_soft_breach_of_the_household_and_of_a_live_orders_notional() -> None:
    house = book(cash=dec("101229.75"), equity=dec("101229.75"), household_equity=dec("251229.75"))
    paper = ask(TSLA_255, 2, "3.66", -0.452, "256", book=house)
    live = replace(
        paper,
        book=replace(house, environment="LIVE"),
        market=replace(paper.market, trading_mode="live", feed_source="LIVE"),
    )

    assert [r.code for r in assess(paper).of(SOFT)] == ["name_household"]
    assert [r.code for r in assess(live).of(SOFT)] == ["order_notional", "name_household"]
    assert not assess(paper).is_blocked


def test_week_four_takes_one_lot_under_the_red_overlay_and_not_two() -> None:
    red = replace(GEN_TERMS, delta_range=(35.0, 45.0), deployment_cap=dec("0.7125"), name_cap=dec("0.4125"))
    house = book(cash=dec("102903.25"), equity=dec("102903.25"), household_equity=dec("252903.25"))
    symbol = "TSLA  260612P00237500"
    one, two = (assess(replace(ask(symbol, lots, "3.27", -0.400, "240", book=house), terms=red)) for lots in (1, 2))

    assert one.outcome is PASS
    assert [r.code for r in two.of(HARD)] == ["order_notional"]
    assert [r.code for r in two.of(SOFT)] == ["name_account"]


def test_week_four_rolls_into_the_235_put() -> None:
    old, new = "TSLA  260612P00237500", "TSLA  260619P00235000"
    ticket = OrderTicket(
        "GEN-1",
        "TSLA",
        (
            TicketLeg(old, Side.BUY, PositionEffect.CLOSE),
            TicketLeg(new, Side.SELL, PositionEffect.OPEN),
        ),
        1,
        OrdType.LIMIT,
        TimeInForce.DAY,
        PriceEffect.CREDIT,
        limit_price=dec("1.35"),
    )
    seen = market(
        quotes={
            old: quote(old, "14.90", "14.96"),
            new: quote(new, "16.28", "16.34"),
            SHARE: quote(SHARE, "222.58", "222.62"),
        },
        spots={SHARE: quote(SHARE, "222.58", "222.62"), "NVDA": quote("NVDA", "121.38", "121.42")},
        greeks={old: greeks(-0.95), new: greeks(-0.75), NVDA_123: greeks(-0.70)},
        listings={old: listing(old), new: listing(new)},
    )
    held = book(
        cash=dec("103660.65"),
        equity=dec("102000"),
        household_equity=dec("252000"),
        holdings=(holding(old, -1, "14.93"), holding(NVDA_123, -3, "1.60")),
        household_notional={"TSLA": dec(23_750), "NVDA": dec(36_900)},
    )
    red = replace(GEN_TERMS, deployment_cap=dec("0.7125"), name_cap=dec("0.4125"), entry_open=False)

    assessment = assess(
        request(ticket, market=seen, book=held, terms=red, around=around(interest={old: 900, new: 900}))
    )

    assert assessment.outcome is Outcome.WARN  # the new delta is outside the entry range, which is reported
    assert {r.code for r in assessment.of(Outcome.WARN)} == {"delta_range"}
    assert assessment.cash_required == 0
