"""Published and own figures of portfolio risk: every vector of tests/data/risk.json and own_risk.json."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from marketdata.domain import pricing
from risk.domain.measures import backtest, delta_gamma, exposure, stress, tails
from risk.domain.measures.revaluation import Instruments

Inputs = dict[str, Any]
Numbers = dict[str, Any]
DATA = Path(__file__).parents[1] / "data"
VECTORS: list[Inputs] = [
    vector
    for name in ("risk.json", "own_risk.json")
    for vector in json.loads((DATA / name).read_text(encoding="utf-8"))["vectors"]
]
PLACES = 1e-4
STRADDLES = re.compile(r"(short|long) (\d+) \w+ [\d.]+ (straddle|call|put)s?")


def historical(inputs: Inputs) -> Numbers:
    pnl = inputs["pnl_percent"]
    if "decay" in inputs:
        tail = tails.aged(pnl, inputs["confidence"], decay=inputs["decay"])
    else:
        tail = tails.historical(pnl, inputs["confidence"], window=inputs.get("window"))
    return {"var": tail.var, "es": tail.es, "k": tail.k}


def parametric(inputs: Inputs) -> Numbers:
    found = tails.parametric(**inputs)
    return {"var": found.var, "es": found.es, "var_10d_sqrt_time": found.over(10).var}


def by_delta_and_gamma(inputs: Inputs) -> Numbers:
    given = {name: inputs[name] for name in ("delta", "gamma", "spot", "sigma")}
    found = delta_gamma.single(**given)
    var = delta_gamma.value_at_risk(found, inputs["confidence"])
    return {"mean": found.mean, "deviation": found.deviation, "skew": found.skew, "var": var}


def straddle(inputs: Inputs) -> tuple[Instruments, np.ndarray[Any, Any]]:
    described = STRADDLES.fullmatch(inputs["position"])
    assert described is not None, inputs["position"]
    side, count, what = described.groups()
    rights = {"straddle": (True, False), "call": (True,), "put": (False,)}[what]
    of_each = np.ones(len(rights))
    book = Instruments(
        owner=np.zeros(len(rights), dtype=np.int64),
        is_option=of_each.astype(np.bool_),
        is_call=np.array(rights),
        is_american=np.zeros(len(rights), dtype=np.bool_),
        spot=of_each * inputs["S"],
        strike=of_each * inputs["K"],
        years=of_each * inputs["T"],
        volatility=of_each * inputs["sigma"],
        dividend=of_each * inputs["q"],
        rate=inputs["r"],
    )
    return book, of_each * int(count) * 100 * (1 if side == "long" else -1)


def stressed(inputs: Inputs, cells: Numbers) -> Numbers:
    """The axes are those of the vector's cells: "-20%|+10v" is a move of spot and points of volatility."""
    book, shares = straddle(inputs)
    pairs = [re.fullmatch(r"(-?[\d.]+)%\|([+-][\d.]+)v", cell) for cell in cells]
    moves, points = (sorted({float(p[n]) / 100 for p in pairs if p is not None}) for n in (1, 2))
    found = np.tensordot(shares, stress.grid(book, moves=moves, points=points), axes=1)
    grid = {
        f"{100 * move:.0f}%|{100 * up:+.0f}v": float(found[m, v])
        for m, move in enumerate(moves)
        for v, up in enumerate(points)
    }
    terms = pricing.terms(
        is_call=book.is_call,
        spot=book.spot,
        strike=book.strike,
        years=book.years,
        rate=book.rate,
        dividend=book.dividend,
    )
    greeks = pricing.raw_greeks(terms, book.volatility)
    return {
        "grid": grid,
        "worst": min(grid.values()),
        "delta_shares": float(shares @ greeks.delta),
        "gamma_shares_per_1usd": float(shares @ greeks.gamma),
        "vega_per_vol_point": float(shares @ greeks.vega) / 100,
    }


def beta_weighted(inputs: Inputs) -> Numbers:
    positions = [exposure.Weighted(p["delta_shares"], p["price"], p["beta"]) for p in inputs["positions"]]
    found = exposure.beta_weighted_delta(positions, inputs["ref_price"])
    return {"beta_weighted_delta": found, "usd_per_1pct": exposure.dollars_a_percent(found, inputs["ref_price"])}


def drawdown(inputs: Inputs) -> Numbers:
    return {"max_drawdown": exposure.max_drawdown(inputs["equity"], inputs.get("flows"))}


def concentration(inputs: Inputs) -> Numbers:
    found = exposure.concentration(inputs["weights"])
    return {"hhi": found.hhi, "effective_n": found.effective_n}


def kupiec(inputs: Inputs) -> Numbers:
    found = backtest.kupiec(days=inputs["T"], exceptions=inputs["N"], p=inputs["p"])
    zone = str(backtest.zone(days=inputs["T"], exceptions=inputs["N"], p=inputs["p"]))
    return {"lr": found.lr, "reject_at_95": found.is_rejected, "critical": found.critical, "zone": zone}


def ewma(inputs: Inputs) -> Numbers:
    return {"volatility": tails.ewma_volatility(inputs["returns"], decay=inputs["decay"])}


RUN: dict[str, Callable[[Inputs], Numbers]] = {
    "historical_var": historical,
    "parametric_var": parametric,
    "delta_gamma_var": by_delta_and_gamma,
    "ewma_volatility": ewma,
    "beta_weighted_delta": beta_weighted,
    "max_drawdown": drawdown,
    "concentration_hhi": concentration,
    "kupiec_pof": kupiec,
}


@pytest.mark.parametrize("vector", [pytest.param(v, id=v["id"]) for v in VECTORS])
def test_the_figures_are_the_published_ones(vector: Inputs) -> None:
    expected = vector["expected"]

    if vector["kind"] == "stress_grid":
        found = stressed(vector["inputs"], expected["grid"])
        assert found.pop("grid") == pytest.approx(expected["grid"], abs=0.0051)
        assert set(expected) - {"grid"} == set(found)
    else:
        found = RUN[vector["kind"]](vector["inputs"])
        assert set(expected) <= set(found)

    for name, value in expected.items():
        if name != "grid":
            tolerance = 0.0051 if name == "worst" else vector.get("tolerance", PLACES)
            assert found[name] == (value if isinstance(value, str) else pytest.approx(value, abs=tolerance)), name


def test_every_kind_of_the_shared_vectors_is_run() -> None:
    shared = json.loads((DATA / "risk.json").read_text(encoding="utf-8"))["vectors"]

    assert {v["kind"] for v in shared} <= {*RUN, "stress_grid"}
