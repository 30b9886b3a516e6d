"""The protocol's own rules at opening; an account outside the protocol is not held by them."""

from decimal import Decimal

from allcore.kernel.calendar import sessions_until
from allcore.kernel.clock import new_york_date
from allcore.kernel.instruments import Right
from allcore.kernel.money import from_float
from risk.domain.controls.finding import Finding, blocked, passed, yes_or_no
from risk.domain.limits import MissingNumberError, Unit
from risk.domain.lines import contract_of
from risk.domain.protocol import DeltaRange
from risk.domain.request import GateRequest
from risk.domain.structure import Structure, opening_shorts, structure_of
from risk.domain.verdict import Outcome

OUTSIDE = passed("The account is not under the protocol.")
POINTS_PLACES = 4


def universe(request: GateRequest) -> Finding:
    """Only approved names are opened."""
    if not request.terms.is_protocol_account:
        return OUTSIDE
    name, approved = request.ticket.underlying, request.terms.universe
    return yes_or_no(
        ok=name in approved,
        good=f"{name} is approved.",
        bad=f"{name} is not approved for this account; approved are {', '.join(sorted(approved)) or 'none'}.",
    )


def strategy(request: GateRequest) -> Finding:
    """Only the protocol's kinds of trade are opened."""
    if not request.terms.is_protocol_account:
        return OUTSIDE
    structure = structure_of(request.ticket)
    words = structure.replace("_", " ").lower()
    return yes_or_no(
        ok=structure in request.terms.strategies,
        good=f"The protocol knows this trade: {words}.",
        bad=f"The protocol does not open this kind of trade: {words}.",
    )


def delta_range(request: GateRequest) -> Finding:
    """Short options are opened inside the account's delta range, ends included. A roll's is reported, not held."""
    terms, shorts = request.terms, opening_shorts(request.ticket)
    if not terms.is_protocol_account:
        return OUTSIDE
    if not shorts:
        return passed("The order opens no short option.")
    is_roll = structure_of(request.ticket) is Structure.ROLL
    findings = [_delta_finding(request, leg.symbol, is_roll=is_roll) for leg in shorts]
    return next((f for f in findings if f.outcome is not Outcome.PASS), findings[0])


def _delta_finding(request: GateRequest, symbol: str, *, is_roll: bool) -> Finding:
    low, high = _range(request, symbol)
    greeks = request.market.greeks.get(symbol)
    if greeks is None:
        raise MissingNumberError(f"The delta of {symbol} is not known.", symbol=symbol)
    points = from_float(abs(greeks.delta) * 100, POINTS_PLACES)
    floor, ceiling = Decimal(str(low)), Decimal(str(high))
    outside = Outcome.WARN if is_roll else Outcome.HARD_BLOCK
    seen = f"The delta of {contract_of(symbol)} is {_said(points, floor, ceiling)} points"
    return Finding(
        outcome=Outcome.PASS if floor <= points <= ceiling else outside,
        message=f"{seen}, the range is {low:g} to {high:g}.",
        unit=Unit.POINTS,
        value=points,
        hard=ceiling,
        after=points,
    )


def _said(points: Decimal, floor: Decimal, ceiling: Decimal) -> str:
    """Return the points in the fewest digits, from one, that keep them on their side of both ends."""
    shown = (round(points, places) for places in range(1, POINTS_PLACES))
    return str(next((n for n in shown if (floor <= n <= ceiling) == (floor <= points <= ceiling)), points))


def _range(request: GateRequest, symbol: str) -> DeltaRange:
    contract = contract_of(symbol)
    is_call = contract is not None and contract.right is Right.CALL
    chosen = request.terms.call_delta_ranges.get(request.ticket.underlying) if is_call else None
    chosen = request.terms.delta_range if chosen is None else chosen
    if chosen is None:
        raise MissingNumberError("The account has no delta range at the moment.")
    return chosen


def entry_window(request: GateRequest) -> Finding:
    """New positions are opened on the account's entry days and hours; rolls are not entries."""
    terms, structure = request.terms, structure_of(request.ticket)
    if not terms.is_protocol_account:
        return OUTSIDE
    if structure is Structure.ROLL:
        return passed("A roll is not an entry.")
    is_call = structure is Structure.COVERED_CALL
    is_open, reason = (terms.calls_open, terms.calls_reason) if is_call else (terms.entry_open, terms.entry_reason)
    if is_open:
        return passed("Entries are open.")
    return Finding(Outcome.SOFT_BLOCK, reason or "Entries are closed.")


def dte_window(request: GateRequest) -> Finding:
    """New puts expire within the account's window of sessions."""
    terms = request.terms
    if not terms.is_protocol_account:
        return OUTSIDE
    if terms.dte_sessions is None or structure_of(request.ticket) is not Structure.CASH_SECURED_PUT:
        return passed("No window of sessions applies.")
    contract = contract_of(request.ticket.legs[0].symbol)
    if contract is None:
        return blocked("A put has no expiry.")
    low, high = terms.dte_sessions
    sessions = sessions_until(new_york_date(request.market.exchange_now), contract.expiry)
    outcome = Outcome.PASS if low <= sessions <= high else Outcome.SOFT_BLOCK
    return Finding(
        outcome,
        f"{contract} expires in {sessions} sessions, the window is {low} to {high}.",
        Unit.COUNT,
        Decimal(sessions),
        Decimal(high),
    )
