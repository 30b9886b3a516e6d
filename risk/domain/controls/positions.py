"""What the account would come to hold: nothing uncovered, nothing short that must be borrowed, not too much of it."""

from decimal import Decimal

from allcore.kernel.clock import new_york_date, seconds_between
from risk.domain.controls.finding import Finding, blocked, measured, passed, yes_or_no
from risk.domain.exposures import bases, option_contracts, worst_change
from risk.domain.lines import Line, contract_of, merged, traded
from risk.domain.request import GateRequest


def naked_calls(request: GateRequest) -> Finding:
    """Each short call has a share lot or a longer long call of its own, whichever of the working orders fill."""
    more = worst_change(request).naked_calls
    return yes_or_no(
        ok=more <= 0,
        good="No short call is left uncovered.",
        bad=f"{more} short calls would be uncovered: shares and long calls cover once, open orders included.",
    )


def short_stock(request: GateRequest) -> Finding:
    """No shares are sold that the account has not, whichever of the working orders fill."""
    order = traded(request.ticket, request.quantity)
    if not any(line.contract is None and line.qty < 0 for line in order):
        return passed("The order sells no shares.")
    lowest = min(_shares(base + order) for base in bases(request))
    if lowest < 0:
        return blocked(f"The account would be short {-lowest} shares of {request.ticket.underlying}.")
    return passed("The shares sold are held.")


def _shares(lines: tuple[Line, ...]) -> int:
    return sum(line.qty for line in lines if line.contract is None)


def contracts_in_name(request: GateRequest) -> Finding:
    """Option contracts in the underlying, at the worst of what may fill."""
    order = traded(request.ticket, request.quantity)
    cases = list(bases(request))
    before = Decimal(max(option_contracts(merged(case)) for case in cases))
    after = Decimal(max(option_contracts(merged(case + order)) for case in cases))
    name = request.ticket.underlying
    return measured(f"Option positions in {name} come to", after, request.limits["position_contracts"], before=before)


def positions(request: GateRequest) -> Finding:
    """Instruments held, those of open orders included."""
    held = {h.symbol for h in request.book.holdings if h.qty} | {
        leg.symbol for p in request.pending for leg in p.ticket.legs
    }
    before, after = len(held), len(held | {leg.symbol for leg in request.ticket.legs})
    bound = request.limits["positions"]
    if request.terms.is_protocol_account:
        bound = bound.narrowed(hard=Decimal(request.terms.max_positions))
    return measured("Positions held or on order:", Decimal(after), bound, before=Decimal(before))


def expiry_day(request: GateRequest) -> Finding:
    """Nothing is sold to open in an option's last two hours: there is no time left to manage it."""
    market = request.market
    limit = request.limits["expiry_day"]
    today = [
        str(contract)
        for leg in request.ticket.legs
        if (contract := contract_of(leg.symbol)) and contract.expiry == new_york_date(market.exchange_now)
    ]
    if not today or market.closes_at is None:
        return passed("No leg expires today.")
    left = Decimal(str(seconds_between(market.exchange_now, market.closes_at)))
    return measured(f"{today[0]} expires today in", left, limit)
