"""A ticket looked at before it is sent: its name, what it can win and lose, its Greeks, its curves.

All dollars are of the whole order, fees apart.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from math import sqrt

import numpy as np

from allcore.kernel.orders import Side
from allcore.kernel.tickets import OrderTicket
from risk.domain.prices import signed_limit, unit_multiplier
from risk.domain.structure import Structure, structure_of
from trading.domain.structures import chance
from trading.domain.structures.legs import Leg, expiries, legs_of
from trading.domain.structures.modelled import profile_of
from trading.domain.structures.profile import Profile
from trading.domain.structures.recognise import name_of, recognise
from trading.domain.structures.worth import Assumptions, Floats, ends_at, sensitivities, worth

POINTS = 121
SIGMAS = 3.5
LEAST_SPAN = 0.06
SECONDS_A_YEAR = 365 * 86_400.0


@dataclass(frozen=True, slots=True)
class View:
    """The market that the ticket is looked at in. `net` is what a share of one unit costs (below zero: brings in).

    `shares_held` are the account's in the underlying: they may cover what is sold.
    """

    spot: float
    at: datetime  # the exchange's time
    rate: float
    dividend: float
    ivs: Mapping[str, float]
    net: Decimal
    shares_held: int = 0
    is_american: bool = True  # its options may be exercised at any time


@dataclass(frozen=True, slots=True)
class Scenario:
    """What if: the curve's moment (None: now), points of volatility added as a fraction, the price looked at."""

    at: datetime | None = None
    shift: float = 0.0
    spot: float | None = None


def net_of(ticket: OrderTicket, natural: Decimal) -> Decimal:
    """Return what a share of one unit is taken to cost: the limit, or what the market asks where there is none."""
    limit = signed_limit(ticket)
    return natural if limit is None else limit


def analyse(ticket: OrderTicket, view: View, scenario: Scenario) -> dict[str, object]:
    """Return the analysis as JSON values; None where a number cannot be told."""
    legs = [replace(leg, qty=leg.qty * ticket.quantity) for leg in legs_of(ticket)]
    cost = view.net * unit_multiplier(ticket) * ticket.quantity
    assumed = Assumptions(view.rate, view.dividend, 0.0, dict(view.ivs), is_american=view.is_american)
    found = profile_of(legs, cost, view.spot, assumed)
    at_first = [float(price) for price in found.break_evens]
    greeks = sensitivities(legs, view.spot, view.at, assumed)
    return {
        "structure": named(ticket, view.shares_held),
        "cost": f"{cost:f}",
        "profile": _profile(found),
        "chance": _chance(legs, float(cost), found, view, assumed),
        "greeks": None if greeks is None else greeks.as_dict(),
        "payoff": _curves(legs, float(cost), view, scenario, assumed) | {"break_evens": at_first},
    }


def named(ticket: OrderTicket, shares_held: int) -> dict[str, object]:
    """Return what the ticket is: its shape's name, and what it does to the book."""
    kind, legs = structure_of(ticket), legs_of(ticket)
    code = recognise(legs, is_cash_secured=kind is Structure.CASH_SECURED_PUT)
    if kind is Structure.COVERED_CALL and shares_held >= -sum(leg.shares for leg in legs) * ticket.quantity:
        code = str(Structure.COVERED_CALL)
    action = str(kind) if kind in (Structure.ROLL, Structure.CLOSING) else "OPENING"
    side = "DEBIT" if ticket.side is Side.BUY else "CREDIT"
    return {"code": code, "name": name_of(code), "action": action, "side": side}


def _profile(found: Profile) -> dict[str, object]:
    return {
        "max_profit": None if found.max_profit is None else f"{found.max_profit:f}",
        "max_loss": None if found.max_loss is None else f"{found.max_loss:f}",
        "break_evens": [f"{price:f}" for price in found.break_evens],
        "is_modelled": found.is_modelled,
        "is_known": found.is_known,
    }


def _sigma(legs: list[Leg], view: View) -> float | None:
    """Return the volatility of the option struck nearest to the market."""
    near = [
        (abs(float(leg.contract.strike) - view.spot), leg.contract.symbol, view.ivs[leg.contract.symbol])
        for leg in legs
        if leg.contract is not None and leg.contract.symbol in view.ivs
    ]
    return min(near)[2] if near else None


def _years(legs: list[Leg], view: View) -> float | None:
    days = expiries(legs)
    return max((ends_at(days[0]) - view.at).total_seconds(), 60.0) / SECONDS_A_YEAR if days else None


def _chance(legs: list[Leg], cost: float, found: Profile, view: View, assumed: Assumptions) -> float | None:
    sigma, years = _sigma(legs, view), _years(legs, view)
    if sigma is None or years is None or not found.is_known:
        return None
    turns = [float(price) for price in found.break_evens]
    end = ends_at(expiries(legs)[0])
    law = chance.Lognormal(view.spot, sigma, years, view.rate, view.dividend)
    return round(chance.of_profit(law, turns, lambda price: float(worth(legs, [price], end, assumed)[0]) - cost), 4)


def _curves(legs: list[Leg], cost: float, view: View, scenario: Scenario, assumed: Assumptions) -> dict[str, object]:
    days, sigma, years = expiries(legs), _sigma(legs, view), _years(legs, view)
    end = ends_at(days[0]) if days else view.at
    move = view.spot * (sigma or 0.0) * sqrt(years or 0.0)
    prices = _prices(legs, view.spot, move)
    moment = view.at if scenario.at is None else min(max(scenario.at, view.at), end)
    shifted = replace(assumed, shift=scenario.shift)
    looked_at = view.spot if scenario.spot is None else scenario.spot
    return {
        "prices": _rounded(prices),
        "at_expiry": _rounded(worth(legs, prices, end, assumed) - cost),
        "now": _rounded(worth(legs, prices, view.at, assumed) - cost),
        "what_if": _rounded(worth(legs, prices, moment, shifted) - cost),
        "point": {
            "price": round(looked_at, 2),
            "what_if": round(float(worth(legs, [looked_at], moment, shifted)[0]) - cost, 2) + 0.0,
            "at_expiry": round(float(worth(legs, [looked_at], end, assumed)[0]) - cost, 2) + 0.0,
        },
        "spot": round(view.spot, 2),
        "sigma_low": round(max(view.spot - move, 0.0), 2) if move else None,
        "sigma_high": round(view.spot + move, 2) if move else None,
        "from": view.at.isoformat(),
        "until": end.isoformat(),
        "at": moment.isoformat(),
    }


def _prices(legs: list[Leg], spot: float, move: float) -> Floats:
    span = max(SIGMAS * move, spot * LEAST_SPAN)
    strikes = [float(leg.contract.strike) for leg in legs if leg.contract is not None]
    low = max(min([spot - span, *(strike * 0.98 for strike in strikes)]), 0.01)
    high = max([spot + span, *(strike * 1.02 for strike in strikes)])
    return np.unique(np.concatenate([np.linspace(low, high, POINTS), strikes]))


def _rounded(values: Floats) -> list[float]:
    return [round(float(value), 2) + 0.0 for value in values]
