"""What is sold to open and soon assigned: no time value left, or a dividend worth more than it."""

import math
from collections.abc import Iterator
from decimal import Decimal

from allcore.kernel.calendar import sessions_until
from allcore.kernel.clock import new_york_date
from allcore.kernel.instruments import OptionContract, Right
from allcore.kernel.money import ZERO, from_float
from risk.domain.controls.finding import Finding, measured, passed
from risk.domain.controls.liquidity import by_hand, told
from risk.domain.limits import MissingNumberError
from risk.domain.lines import contract_of
from risk.domain.prices import both_sides
from risk.domain.request import GateRequest
from risk.domain.structure import opening_shorts
from risk.domain.verdict import Outcome

NO_SHORT = passed("The order opens no short option.")
CENTS = 100
YEAR = 365


def time_value(request: GateRequest) -> Finding:
    """A short option that is opened in the money has time value left, and more than a session."""
    lowest: tuple[Decimal, OptionContract] | None = None
    today = new_york_date(request.market.exchange_now)
    for contract in _shorts(request):
        try:
            inside, left = _inside(request, contract), _time_value(request, contract)
        except MissingNumberError as error:
            return told(error.message)
        if inside <= 0:
            continue
        if sessions_until(today, contract.expiry) <= 1:
            said = f"{contract} is {inside} in the money and expires on {contract.expiry}: assignment is near."
            return by_hand(request, Finding(Outcome.SOFT_BLOCK, said))
        lowest = (left, contract) if lowest is None else min(lowest, (left, contract), key=lambda one: one[0])
    if lowest is None:
        return NO_SHORT if not list(_shorts(request)) else passed("No short option is opened in the money.")
    what = f"The time value of {lowest[1]}, in the money, in cents, is"
    return by_hand(request, measured(what, lowest[0] * CENTS, request.limits["time_value"]))


def dividend(request: GateRequest) -> Finding:
    """No short call is opened whose holder does best to exercise it for a dividend: D > P(K, T) + K (1 - e^-rT).

    Source: no arbitrage; P is the put of the same strike and expiry.
    """
    today = new_york_date(request.market.exchange_now)
    for contract in _shorts(request):
        due = [d for d in request.around.dividends if today < d.ex_date <= contract.expiry]
        if contract.right is not Right.CALL or not due:
            continue
        nearest = min(due, key=lambda one: one.ex_date)
        try:
            keeping = worth_keeping(request, contract)
        except MissingNumberError as error:
            return told(error.message)
        if nearest.amount > keeping:
            said = f"{contract} may be exercised early: the dividend of {nearest.amount} on {nearest.ex_date} is more"
            return by_hand(request, Finding(Outcome.SOFT_BLOCK, f"{said} than keeping it is worth, {keeping:.4f}."))
    return passed("No dividend makes it worth exercising what is sold.")


def worth_keeping(request: GateRequest, call: OptionContract) -> Decimal:
    """Return what the holder of a call gives up by exercising it, dollars a share.

    Raises:
        MissingNumberError: the put of its strike has no price, or nobody knows the rate.
    """
    twin = twin_of(call)
    quote, rate = request.market.quotes.get(twin), request.around.rate
    if quote is None or quote.mid is None or rate is None:
        raise MissingNumberError(f"{twin} has no price to weigh a dividend by.", symbol=twin)
    return kept(call, quote.mid, rate, (call.expiry - new_york_date(request.market.exchange_now)).days)


def kept(call: OptionContract, put: Decimal, rate: float, days: int) -> Decimal:
    """Return the put's price and the interest on the strike for so many days."""
    return put + from_float(float(call.strike) * -math.expm1(-rate * days / YEAR), 6)


def twin_of(call: OptionContract) -> str:
    """Return the symbol of the put of a call's strike and expiry."""
    return OptionContract(call.root, call.expiry, Right.PUT, call.strike).symbol


def _shorts(request: GateRequest) -> Iterator[OptionContract]:
    return (c for leg in opening_shorts(request.ticket) if (c := contract_of(leg.symbol)) is not None)


def _inside(request: GateRequest, contract: OptionContract) -> Decimal:
    """Return how far it is in the money, dollars a share; below zero it is out of it."""
    bid, ask = both_sides(request.ticket.underlying, request.market.spots)
    spot = (bid + ask) / 2
    return spot - contract.strike if contract.right is Right.CALL else contract.strike - spot


def _time_value(request: GateRequest, contract: OptionContract) -> Decimal:
    bid, ask = both_sides(contract.symbol, request.market.quotes)
    return max((bid + ask) / 2 - max(_inside(request, contract), ZERO), ZERO)
