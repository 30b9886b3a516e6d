"""One order's size: contracts, premium, delta, notional by itself and with the day's, and what it can lose."""

from decimal import Decimal

from allcore.kernel.money import ZERO, from_float, to_cents
from risk.domain.controls.finding import Finding, known, measured, passed, positive
from risk.domain.exposures import cash_required
from risk.domain.limits import Bound, MissingNumberError
from risk.domain.lines import contract_of
from risk.domain.prices import both_sides, unit_multiplier, worst_cost
from risk.domain.request import GateRequest
from risk.domain.structure import Structure, opening_shorts, structure_of

ROUND_LOT = 100
CASH_SECURED = (Structure.CASH_SECURED_PUT, Structure.COVERED_CALL, Structure.ROLL)


def contracts(request: GateRequest) -> Finding:
    """The largest leg's contracts; a hundred shares count as one."""
    largest = max(
        leg.ratio * request.ticket.quantity * (1 if contract_of(leg.symbol) else leg.multiplier) / _lot(leg.symbol)
        for leg in request.ticket.legs
    )
    return measured("The largest leg has", Decimal(str(largest)), request.limits["order_contracts"])


def _lot(symbol: str) -> int:
    return 1 if contract_of(symbol) else ROUND_LOT


def premium(request: GateRequest) -> Finding:
    """Option premium that changes hands if all of it fills."""
    ticket = request.ticket
    if not any(contract_of(leg.symbol) for leg in ticket.legs):
        return passed("The order trades no option.")
    dollars = abs(worst_cost(ticket, request.market.quotes)) * unit_multiplier(ticket) * request.quantity
    return measured("The order's premium is", dollars, request.limits["order_premium"])


def delta_notional(request: GateRequest) -> Finding:
    """Shares that the order moves like, leg by leg without netting, at the underlying's price."""
    ticket, market = request.ticket, request.market
    bid, ask = both_sides(ticket.underlying, market.spots)
    shares = sum(
        (_delta(leg.symbol, request) * leg.ratio * leg.multiplier * request.quantity for leg in ticket.legs), ZERO
    )
    dollars = shares * (bid + ask) / 2
    return measured("The order's delta at the underlying's price is", dollars, request.limits["order_delta"])


def _delta(symbol: str, request: GateRequest) -> Decimal:
    if contract_of(symbol) is None:
        return Decimal(1)
    greeks = request.market.greeks.get(symbol)
    if greeks is None:
        raise MissingNumberError(f"The delta of {symbol} is not known.", symbol=symbol)
    return from_float(abs(greeks.delta), 6)


def notional(request: GateRequest) -> Finding:
    """What the order puts to work: strikes of puts sold, prices of what is bought; a covered call adds nothing.

    The hard limit of a protocol account is what one name may have (protocol 7.1).
    """
    bound = request.limits[f"order_notional_{request.market.trading_mode}"]
    terms = request.terms
    if terms.is_protocol_account:
        cap = terms.name_cap * known(request.book.equity, "The account's equity")
        bound = Bound(bound.unit, bound.soft, cap if bound.hard is None else min(cap, bound.hard))
    return measured("The order's notional is", order_notional(request), bound)


def order_notional(request: GateRequest) -> Decimal:
    """Return the strikes of the puts it sells, or else the cash it needs."""
    strikes = ZERO
    if structure_of(request.ticket) in CASH_SECURED:
        for leg in opening_shorts(request.ticket):
            contract = contract_of(leg.symbol)
            if contract is not None and contract.right == "P":
                strikes += contract.strike * leg.ratio * leg.multiplier * request.quantity
        return strikes
    return cash_required(request)


def notional_day(request: GateRequest) -> Finding:
    """What the account's orders open in a day, this one with what filled of it included, of its equity."""
    equity = positive(request.book.equity, "The account's equity")
    before = request.around.opened_today
    after = before + unit_notional(request) * request.ticket.quantity
    limit = request.limits["notional_day"]
    return measured("Opened today, of the account's equity, is", after / equity, limit, before=before / equity)


def opens_with(request: GateRequest) -> Decimal | None:
    """Return what one unit opens, to the cent; None of what only closes, or where it cannot be told."""
    if not request.ticket.is_opening:
        return None
    try:
        return to_cents(unit_notional(request))
    except MissingNumberError:
        return None


def unit_notional(request: GateRequest) -> Decimal:
    """Return what one unit puts to work, dollars."""
    return order_notional(request) / max(request.quantity, 1)


def structure_loss(request: GateRequest) -> Finding:
    """What spreads and long options can lose, as part of equity.

    Cash-secured puts, covered calls and their rolls are left to the protocol's caps on names and deployment: a put's
    whole strike is its intrinsic loss, so that 5 % of equity would forbid the very trade the desk is for. Shares bought
    are held to the same caps.
    """
    structure = structure_of(request.ticket)
    if structure in CASH_SECURED or structure is Structure.LONG_STOCK:
        return passed("The protocol's caps on names and deployment hold this structure.")
    loss = cash_required(request) / positive(request.book.equity, "The account's equity")
    return measured("The most that the structure can lose, of equity, is", loss, request.limits["structure_loss"])
