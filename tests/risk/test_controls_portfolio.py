"""The account as a whole, at, just below and just above each limit."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest

from allcore.kernel.instruments import OptionContract, Right
from allcore.kernel.orders import PositionEffect, PriceEffect, Side
from allcore.kernel.quotes import Greeks
from allcore.kernel.tickets import OrderTicket
from marketdata.domain import pricing
from risk.domain import weighed
from risk.domain.gate import assess
from risk.domain.limits import Limits
from risk.domain.measures.numbers import Floats
from risk.domain.request import GateRequest
from risk.domain.sheet import Name, Sheet, cluster
from risk.domain.verdict import Outcome
from tests.builders.risk import (
    CALL,
    GEN_TERMS,
    NOW,
    PUT,
    SHARE,
    SHEET,
    book,
    buy_back,
    by_code,
    check,
    combo,
    dec,
    holding,
    leg,
    limits,
    listing,
    market,
    pending,
    quote,
    request,
    sell_put,
    single,
)

PASS, WARN, SOFT, HARD, ERROR = (
    Outcome.PASS,
    Outcome.WARN,
    Outcome.SOFT_BLOCK,
    Outcome.HARD_BLOCK,
    Outcome.ERROR,
)
OPEN, CLOSE, BUY, SELL = PositionEffect.OPEN, PositionEffect.CLOSE, Side.BUY, Side.SELL
BUY_SHARES = single(SHARE, BUY, OPEN, 100, "250.02")
OF_EQUITY = {  # what an order comes to of $100,000, by hand; gamma 0.01 and vega 0.1 a share, spot 250.02
    "net_delta": (BUY_SHARES, 100 * 250.02),
    "beta_delta": (BUY_SHARES, 1.5 * 100 * 250.02),
    "vega": (sell_put(2), 200 * 0.1),
    "short_gamma": (sell_put(2), 200 * 0.5 * 0.01 * (0.03 * 250.02) ** 2),
    "stress_loss": (BUY_SHARES, 0.20 * 100 * 250.02),
    "name_stress": (BUY_SHARES, 0.20 * 100 * 250.02),
    "var_99": (BUY_SHARES, 0.03 * 100 * 250.02),
}
UNIT = Decimal("0.000001")


def sheet(names: Mapping[str, Name] | None = None, **changes: object) -> Sheet:
    return replace(SHEET, names={**SHEET.names, "TSLA": falls(), **(names or {})}, **changes)  # type: ignore[arg-type]


def falls() -> Name:
    """Return a name whose third worst day of 252 is a fall of 3 %, and whose beta is one and a half."""
    moves = np.full(252, 0.001)
    moves[[10, 20, 30, 40]] = -0.05, -0.04, -0.03, -0.02
    return Name(moves, beta=1.5)


def asked(ticket: OrderTicket, **changes: object) -> GateRequest:
    return request(ticket, **{"sheet": sheet(), **changes})


def hard(code: str, value: float) -> Limits:
    return limits(**{code: (None, f"{value:.6f}")})


@pytest.mark.parametrize("code", OF_EQUITY)
def test_a_measure_passes_at_its_limit_and_below_and_is_refused_above(code: str) -> None:
    ticket, dollars = OF_EQUITY[code]
    seen = check(code, asked(ticket)).value
    assert seen is not None
    assert float(seen) == pytest.approx(dollars / 100_000, rel=1e-6)

    at, below, above = (
        check(code, asked(ticket, limits=limits(**{code: (None, str(bound))})))
        for bound in (seen, seen + UNIT, seen - UNIT)
    )

    assert (at.outcome, below.outcome, above.outcome) == (PASS, PASS, HARD)
    assert above.message.startswith(above.label)
    assert "the hard limit is" in above.message


@pytest.mark.parametrize("code", OF_EQUITY)
def test_of_two_orders_of_sixty_per_cent_of_a_limit_the_second_is_refused(code: str) -> None:
    ticket, dollars = OF_EQUITY[code]
    room = hard(code, dollars / 100_000 / 0.6)

    assert check(code, asked(ticket, limits=room)).outcome is PASS
    with_first = book(pending=(pending(ticket),))
    assert check(code, asked(ticket, limits=room, book=with_first)).outcome is HARD


@pytest.mark.parametrize("code", OF_EQUITY)
def test_an_order_that_may_gain_does_not_make_room_before_it_fills(code: str) -> None:
    ticket, dollars = OF_EQUITY[code]
    held = book(holdings=(holding(SHARE, 100, "250"),) if ticket is BUY_SHARES else (holding(PUT, -2),))
    away = single(SHARE, SELL, CLOSE, 100, "250.02") if ticket is BUY_SHARES else buy_back(2)
    room = hard(code, dollars / 100_000 * 1.5)

    refused = check(code, asked(ticket, limits=room, book=replace(held, pending=(pending(away),))))

    assert refused.outcome is HARD
    assert refused.before is not None
    assert refused.after is not None
    assert float(refused.after) == pytest.approx(2 * float(refused.before))


@pytest.mark.parametrize("code", OF_EQUITY)
def test_what_the_order_does_not_make_worse_is_warned_of(code: str) -> None:
    ticket, dollars = OF_EQUITY[code]
    held = (holding(SHARE, 300, "250"),) if ticket is BUY_SHARES else (holding(PUT, -6),)
    hedge = single(PUT, BUY, OPEN, 2, "4.20")  # it gains where the shares and the short puts lose
    room = hard(code, dollars / 100_000)

    found = check(code, asked(hedge, limits=room, book=book(holdings=held)))

    assert found.outcome is (HARD if code == "vega" and ticket is BUY_SHARES else WARN)


def test_a_spread_is_weighed_as_one() -> None:
    naked = check("stress_loss", asked(sell_put()))
    spread = check(
        "stress_loss",
        asked(
            combo(
                leg(PUT, SELL, OPEN), leg("TSLA  260612P00240000", BUY, OPEN), effect=PriceEffect.CREDIT, limit="2.60"
            )
        ),
    )

    assert naked.value is not None
    assert spread.value is not None
    assert float(naked.value) == pytest.approx(0.05, abs=0.005)  # a fall of 20 % takes it 50 into the money, less value
    assert float(spread.value) < 0.0101  # never more than the width of ten dollars


def test_without_a_sheet_nothing_opens_and_closing_is_warned_of() -> None:
    opening = assess(request(sell_put(), sheet=None))
    closing = assess(request(buy_back(), sheet=None, book=book(holdings=(holding(PUT, -1, "4.16"),))))

    assert opening.outcome is HARD
    assert "has not looked at the desk's risk" in by_code(opening)["risk_age"].message
    assert closing.outcome is WARN
    assert [r.code for r in closing.of(WARN)] == ["risk_age"]


@pytest.mark.parametrize(("age", "outcome"), [(4.999, PASS), (5.0, PASS), (5.001, HARD)])
def test_the_monitors_last_look_is_at_most_five_seconds_old(age: float, outcome: Outcome) -> None:
    seen = replace(SHEET, at=NOW - timedelta(seconds=age))

    assert check("risk_age", request(sell_put(), sheet=seen)).outcome is outcome


def test_an_old_look_does_not_hold_what_only_closes() -> None:
    held = book(holdings=(holding(PUT, -1, "4.16"),))
    seen = replace(SHEET, at=NOW - timedelta(minutes=5))

    assert check("risk_age", request(buy_back(), sheet=seen, book=held)).outcome is WARN


def test_a_position_without_a_volatility_refuses_what_opens() -> None:
    greeks = {symbol: values for symbol, values in market().greeks.items() if symbol != CALL}
    held = book(holdings=(holding(CALL, 1),))

    assert check("stress_loss", asked(sell_put(), market=market(greeks=greeks), book=held)).outcome is ERROR


@pytest.mark.parametrize(("known", "outcome"), [(249, ERROR), (250, PASS)])
def test_a_value_at_risk_takes_two_hundred_and_fifty_days(known: int, outcome: Outcome) -> None:
    moves = np.full(252, np.nan)
    moves[-known:] = 0.001
    told = check("var_99", asked(BUY_SHARES, sheet=sheet({"TSLA": Name(moves, beta=1.0)})))

    assert told.outcome is outcome


def test_a_name_without_closes_or_beta_refuses_what_opens() -> None:
    without = replace(SHEET, names={name: past for name, past in SHEET.names.items() if name != "TSLA"})

    assert "no daily closes of TSLA" in check("var_99", asked(BUY_SHARES, sheet=without)).message
    assert check("beta_delta", asked(BUY_SHARES, sheet=sheet({"TSLA": Name(falls().moves)}))).outcome is ERROR


@pytest.mark.parametrize(("code", "top"), [("var_99", "1"), ("beta_delta", "10")])
def test_a_limit_where_it_holds_nothing_asks_for_no_past(code: str, top: str) -> None:
    young = sheet({"TSLA": Name(np.full(252, np.nan))})
    below = str(dec(top) - UNIT)

    assert check(code, asked(BUY_SHARES, sheet=young, limits=limits(**{code: (None, top)}))).outcome is PASS
    assert check(code, asked(BUY_SHARES, sheet=young, limits=limits(**{code: (None, below)}))).outcome is ERROR


def test_volatilities_of_the_past_scale_the_options() -> None:
    still = check("var_99", asked(sell_put()))
    doubled = check("var_99", asked(sell_put(), sheet=sheet(volatility=np.full(252, 2.0))))

    assert still.value is not None
    assert doubled.value is not None
    assert doubled.value > still.value


# What all accounts have together.

HOUSE = {"NVDA": dec(50_000), "AAPL": dec(25_000)}  # of $250,000


def wave(phase: float) -> Floats:
    found: Floats = 0.01 * np.sin(np.arange(252) * 0.9 + phase)
    return found


NAMES = {
    "TSLA": Name(wave(0.0), 1.0, sector="Cars"),
    "NVDA": Name(wave(0.5), 1.0, sector="Chips"),
    "AMD": Name(wave(1.0), 1.0, sector="Chips"),
    "AAPL": Name(wave(1.57), 1.0, sector="Phones"),
}


def house(**changes: object) -> GateRequest:
    fields = {"sheet": sheet(NAMES), "book": book(household_notional=HOUSE), **changes}
    return request(sell_put(), **fields)


@pytest.mark.parametrize(("limit", "outcome"), [("0.300001", PASS), ("0.3", PASS), ("0.299999", SOFT)])
def test_names_that_fall_together_count_as_one(limit: str, outcome: Outcome) -> None:
    found = check("cluster", house(limits=limits(cluster=(limit, None))))  # TSLA 25,000 and NVDA 50,000

    assert found.outcome is outcome
    assert "NVDA, TSLA, which fall together" in found.message


def test_a_name_that_moves_with_nothing_else_held_is_said_to_fall_alone() -> None:
    found = check("cluster", house(book=book(household_notional={"AAPL": dec(25_000)})))

    assert found.value == dec("0.1")
    assert "TSLA, which falls alone, of all accounts' equity, is 10 %" in found.message


@pytest.mark.parametrize(("phase", "counted"), [(0.79, True), (0.80, False)])
def test_names_are_together_from_a_correlation_of_seven_tenths(phase: float, counted: bool) -> None:
    shifted = sheet({"TSLA": Name(wave(0.0)), "NVDA": Name(wave(phase))})
    correlation = shifted.together("TSLA", "NVDA")

    assert correlation is not None
    assert (correlation >= 0.7) is counted
    assert ("NVDA" in cluster(shifted, "TSLA", ["NVDA"])[0]) is counted


def test_a_cluster_reaches_over_a_name_between() -> None:
    found, unknown = cluster(sheet(NAMES), "TSLA", ["NVDA", "AMD", "AAPL"])

    assert found == {"TSLA", "NVDA", "AMD", "AAPL"}
    assert unknown == frozenset()
    assert cluster(sheet(NAMES), "TSLA", ["AAPL"])[0] == {"TSLA"}


@pytest.mark.parametrize(("known", "unknown"), [(59, {"NVDA"}), (60, set())])
def test_fewer_than_sixty_days_count_as_moving_together_and_are_named(known: int, unknown: set[str]) -> None:
    moves = np.full(252, np.nan)
    moves[-known:] = -wave(0.0)[-known:]  # always the other way
    seen = sheet({"TSLA": Name(wave(0.0)), "NVDA": Name(moves)})

    assert cluster(seen, "TSLA", ["NVDA"]) == ({"TSLA"} | unknown, unknown)
    said = check("cluster", house(sheet=seen, limits=limits(cluster=("0.10", None)))).message
    assert ("too few days are known" in said) is bool(unknown)


@pytest.mark.parametrize(("limit", "outcome"), [("0.300001", PASS), ("0.3", PASS), ("0.299999", SOFT)])
def test_names_of_a_sector_are_counted_together(limit: str, outcome: Outcome) -> None:
    names = {**NAMES, "TSLA": replace(NAMES["TSLA"], sector="Chips")}
    found = check("sector", house(sheet=sheet(names), limits=limits(sector=(limit, None))))

    assert found.outcome is outcome
    assert "The sector Chips, of all accounts' equity, is 30 %" in found.message


def test_without_a_sector_the_rule_does_not_apply_and_says_so() -> None:
    found = check("sector", house(sheet=sheet(), limits=limits(sector=("0", None))))

    assert found.outcome is PASS
    assert "not known to the desk" in found.message


@pytest.mark.parametrize(("limit", "outcome"), [("0.060001", PASS), ("0.06", PASS), ("0.059999", HARD)])
def test_squared_shares_of_names_are_held(limit: str, outcome: Outcome) -> None:
    found = check("concentration", house(limits=limits(concentration=(None, limit))))

    assert found.value == dec("0.06")  # 0.1 of TSLA, 0.2 of NVDA, 0.1 of AAPL
    assert found.outcome is outcome


def test_a_name_that_cannot_be_valued_refuses_what_is_told_of_all() -> None:
    unmarked = book(household_notional={**HOUSE, "NVDA": None})

    assert check("concentration", house(book=unmarked)).outcome is ERROR
    assert check("cluster", house(book=unmarked)).outcome is ERROR


@pytest.mark.parametrize(("limit", "outcome"), [("0.500001", PASS), ("0.5", PASS), ("0.499999", SOFT)])
def test_what_ends_on_one_day_is_held(limit: str, outcome: Outcome) -> None:
    held = book(holdings=(holding(PUT, -1, "4.16"), holding("TSLA  260618P00240000", -1, "3.00")))
    found = check("expiry_share", house(book=held, limits=limits(expiry_share=(limit, None))))

    assert found.outcome is outcome
    assert (found.before, found.after) == (dec("0.25"), dec("0.5"))


def test_shares_have_no_expiry() -> None:
    assert check("expiry_share", request(BUY_SHARES, limits=limits(expiry_share=("0", None)))).outcome is PASS


# The protocol's own trades live with what a desk starts with.


def valued(symbol: str, spot: float, iv: float) -> Greeks:
    contract = OptionContract.parse(symbol)
    terms = pricing.terms(
        is_call=contract.right is Right.CALL,
        spot=spot,
        strike=float(contract.strike),
        years=pricing.years_to_expiry(NOW, contract.expiry),
        rate=0.045,
        dividend=0.0,
    )
    g = pricing.desk_greeks(terms, iv)
    return Greeks(float(g.price), iv, float(g.delta), float(g.gamma), float(g.theta), float(g.vega), float(g.rho))


def a_hard_year(volatility: float, beta: float, *, seed: int) -> Name:
    """Return a year of fat tails at the volatility a year, half of it the market's."""
    common = np.random.default_rng(1).standard_t(4, 252)
    own = np.random.default_rng(seed).standard_t(4, 252)
    raw = (common + own) / 2
    return Name(volatility / np.sqrt(252) * raw / raw.std(), beta)


def test_a_generation_account_deploys_all_that_the_protocol_lets_it() -> None:
    tsla, nvda = "TSLA  260612P00250000", "NVDA  260612P00129000"
    greeks = {tsla: valued(tsla, 250.0, 0.60), nvda: valued(nvda, 129.7, 0.50)}
    seen = market(
        greeks=greeks,
        quotes={nvda: quote(nvda, "1.31", "1.35"), tsla: quote(tsla), "NVDA": quote("NVDA", "129.68", "129.72")},
        spots={SHARE: quote(SHARE), "NVDA": quote("NVDA", "129.68", "129.72")},
        listings={nvda: listing(nvda)},
    )
    past = sheet({"TSLA": a_hard_year(0.60, 2.0, seed=2), "NVDA": a_hard_year(0.50, 1.8, seed=3)})
    ticket = OrderTicket.from_dict({**sell_put(3, "1.33", symbol=nvda).as_dict(), "underlying": "NVDA"})
    held = book(cash=dec(100_834), holdings=(holding(tsla, -2, "4.17"),), household_notional={"TSLA": dec(50_000)})

    found = assess(request(ticket, market=seen, sheet=past, book=held, terms=GEN_TERMS))

    asked_of_all = {"net_delta", "beta_delta", "vega", "short_gamma", "stress_loss", "name_stress", "var_99"}
    house = {"expiry_share", "sector", "cluster", "concentration", "risk_age"}
    assert {by_code(found)[code].outcome for code in asked_of_all | house} == {PASS}
    assert not found.is_blocked
    stress = by_code(found)["stress_loss"].value
    assert stress is not None
    assert dec("0.15") < stress <= dec("0.20")


def test_the_worst_of_the_grid_is_what_full_revaluation_of_american_options_says() -> None:
    asked_of = asked(sell_put(2), market=market(greeks={PUT: valued(PUT, 250.02, 0.6)}))
    european = weighed.weighed(asked_of, SHEET)
    american = replace(european, book=replace(european.book, is_american=np.ones(1, dtype=np.bool_)))

    ours, theirs = (weighed.stress_losses(one, weighed.stress_grid(one))[1] for one in (european, american))
    assert ours == pytest.approx(theirs, rel=0.001)
