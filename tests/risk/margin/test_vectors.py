"""Published margin figures, reproduced: every vector of its kind that is in tests/data/margin.json."""

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from risk.domain.margin import maintenance, portfolio
from risk.domain.margin import strategy_based as rules
from risk.domain.margin.terms import Kind, MarginLeg, Underlying, UnderlyingClass, stock

D = Decimal
DATA = Path(__file__).parents[2] / "data"
VECTORS = [
    vector
    for name in ("margin.json", "own_margin.json")
    for vector in json.loads((DATA / name).read_text(encoding="utf-8"))["vectors"]
]
MONTHS = {"JAN": 1, "FEB": 2, "MAR": 3, "APR": 4, "MAY": 5, "JUN": 6}
MONTHS |= {"JUL": 7, "AUG": 8, "SEP": 9, "OCT": 10, "NOV": 11, "DEC": 12}
SIDES = {"long": 1, "short": -1}
Inputs = Mapping[str, Any]


def number(value: object) -> Decimal:
    return D(str(value))


def terms_of(given: object) -> Inputs:
    """A leg is written as a pair of strike and premium, as a mapping, or as a strike alone."""
    if isinstance(given, Mapping):
        return given
    if isinstance(given, list):
        return {"strike": given[0], "premium": given[1]}
    return {"strike": given}


def option(kind: str, sign: int, terms: Inputs, inputs: Inputs, strategy: str) -> MarginLeg:
    hedged = inputs.get("shares", inputs.get("short_shares"))
    contracts = int(terms.get("contracts", inputs.get("contracts", 1)))
    expiry = terms.get("expiry")
    return MarginLeg(
        Kind(kind.upper()),
        sign * contracts,
        number(terms.get("premium", inputs.get("premium", 0))),
        number(terms.get("strike", inputs.get("strike", 0))),
        date.max if expiry is None else date(2026, MONTHS[expiry], 15),
        int(inputs.get("multiplier", 100)),
        cover=hedged // contracts if hedged and "index_vs_etf" in strategy else None,
        is_long_dated="gt_9_months" in strategy,
    )


def options_of(inputs: Inputs, strategy: str) -> list[MarginLeg]:
    legs = [
        option(
            kind,
            sign * (1 if ratio > 0 else -1),
            {"strike": strike, "premium": premium, "contracts": n},
            inputs,
            strategy,
        )
        for kind, strike, ratio, premium in inputs.get("legs", [])
        for sign, n in [(1, abs(ratio) * int(inputs.get("contracts", 1)))]
    ]
    for name, given in inputs.items():
        side, _, kind = name.removesuffix("_strike").rpartition("_")
        if kind in ("call", "put") and name != "type":
            sign = SIDES.get(side) or (
                1 if strategy.startswith("long") or (kind, name) == ("put", "put_strike") else -1
            )
            legs.append(option(kind, sign, terms_of(given), inputs, strategy))
    if not legs and "strike" in inputs and strategy.startswith(("conversion", "reversal")):
        down = (
            1 if strategy.startswith("conversion") else -1
        )  # shares with a put below and a call above, or the contrary
        return [option(kind, sign * down, {}, inputs, strategy) for kind, sign in (("put", 1), ("call", -1))]
    if not legs:
        kind = inputs.get("type") or ("put" if "put" in strategy else "call")
        legs.append(option(kind, 1 if strategy.startswith("long") else -1, {}, inputs, strategy))
    return legs


def positions(inputs: Inputs, strategy: str) -> list[MarginLeg]:
    price = number(inputs.get("price", 0))
    shares = int(inputs.get("shares", 0)) - int(inputs.get("short_shares", 0))
    return [*([stock(shares, price)] if shares else []), *options_of(inputs, strategy)]


def underlying(inputs: Inputs, legs: list[MarginLeg]) -> Underlying:
    price = inputs.get("underlying", inputs.get("price", inputs.get("underlying_price")))
    if price is None:  # a defined risk: its margin does not ask where the market is
        price = sum(leg.strike for leg in legs) / len(legs) or 1
    return Underlying(
        number(price),
        UnderlyingClass(inputs.get("underlying_class", "equity")),
        number(inputs.get("leverage", 1)),
    )


def answers(vector: Mapping[str, Any]) -> dict[str, Decimal]:
    """Return every figure that a vector may ask for."""
    inputs, strategy = vector["inputs"], vector["strategy"]
    legs = positions(inputs, strategy)
    where = underlying(inputs, legs)
    asked = rules.requirement(legs, where)
    if strategy == "cash_secured_put":
        asked = rules.cash_secured(legs[0])
    return {
        "requirement": asked.gross,
        "net_of_premium": asked.net,
        "net_cash_required": asked.net,
        "gross_incl_long_cost": asked.gross,
        "margin": asked.margin,
        "long_cost": asked.long_cost,
        "short_proceeds": asked.short_proceeds,
        "cash_reserved_gross": asked.gross,
        "cash_reserved_net_of_premium": asked.net,
        "initial_over_short_proceeds": asked.margin,
        "maintenance": maintenance.maintenance(legs, where),
        "max_stock_value_for_equity": maintenance.stock_value(legs, where.price),
    }


def of_regime(regime: str) -> list[Any]:
    return [pytest.param(v, id=f"{v['id']} {v['strategy']}") for v in VECTORS if v["regime"] == regime]


@pytest.mark.parametrize("vector", of_regime("strategy_based"))
def test_the_strategy_rules_give_the_published_figure(vector: Mapping[str, Any]) -> None:
    found = answers(vector)

    for name, expected in vector["expected"].items():
        assert abs(found[name] - number(expected)) <= number(vector["tolerance"]), name


@pytest.mark.parametrize("vector", of_regime("portfolio_margin_TIMS"))
def test_portfolio_margin_is_near_the_published_figure(vector: Mapping[str, Any]) -> None:
    inputs = vector["inputs"]
    where = underlying(inputs, [])
    rates = portfolio.Rates(inputs["r"], inputs["q"])
    contracts = inputs["contracts"]
    stresses = [
        portfolio.Stress(
            MarginLeg(Kind(kind.upper()), ratio * contracts, number(premium), number(strike)), inputs["T_years"]
        )
        for kind, strike, ratio, premium in inputs["legs"]
    ]
    if inputs["shares_per_contract_hedge"]:
        stresses.append(portfolio.Stress(stock(inputs["shares_per_contract_hedge"] * contracts, where.price)))

    found = portfolio.requirement(stresses, where, rates)

    assert found is not None
    off = abs(found / number(vector["expected"]["requirement"]) - 1) * 100
    assert off <= number(vector["tolerance_pct"])


def test_every_vector_is_of_a_regime_that_is_run() -> None:
    assert {vector["regime"] for vector in VECTORS} == {"strategy_based", "portfolio_margin_TIMS"}
    assert len(VECTORS) >= 55
