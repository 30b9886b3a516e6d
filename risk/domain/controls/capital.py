"""The account's money: cash behind every promise, a buffer, caps on deployment and on names, and the day's loss."""

from decimal import Decimal

from allcore.kernel.money import ZERO
from risk.domain.book import Pending
from risk.domain.controls.finding import Finding, known, measured, passed, positive
from risk.domain.exposures import cash_required, committed, free_cash
from risk.domain.limits import Bound, Unit
from risk.domain.request import GateRequest
from risk.domain.structure import Structure, structure_of
from risk.domain.verdict import Outcome


def cash_secured(request: GateRequest) -> Finding:
    """Cash covers all that positions and open orders may demand, this order included, to the cent."""
    needed, free = cash_required(request), free_cash(request)
    bound = request.book.cash - free
    after = bound + needed
    is_covered = needed <= free or needed == 0
    return Finding(
        outcome=Outcome.PASS if is_covered else Outcome.HARD_BLOCK,
        message=f"The order binds ${needed:,.2f} of cash, ${free:,.2f} are free.",
        unit=Unit.USD,
        value=after,
        hard=request.book.cash,
        before=bound,
        after=after,
    )


def buffer(request: GateRequest) -> Finding:
    """A part of equity stays free cash; only rolls may spend it (protocol 1.8)."""
    if structure_of(request.ticket) is Structure.ROLL:
        return passed("A roll may spend the buffer.")
    equity = _equity(request)
    terms, bound = request.terms, request.limits["buffer"]
    if terms.is_protocol_account:
        bound = bound.narrowed(hard=max(terms.buffer, terms.buffer_usd / equity))
    before = free_cash(request)
    after = before - cash_required(request)
    return measured("Free cash left, of equity, is", after / equity, bound, before=before / equity)


def deployment(request: GateRequest) -> Finding:
    """What is at work, of equity: strikes of puts, shares at market, and all open orders at worst."""
    equity = _equity(request)
    before = committed(request.book.holdings, request.pending)
    bound = request.limits["deployment"]
    if request.terms.is_protocol_account:
        bound = bound.narrowed(hard=request.terms.deployment_cap)
    return _ratio("Deployed, of equity, is", before, before + cash_required(request), equity, bound)


def name_of_account(request: GateRequest) -> Finding:
    """What one underlying has, of the account's equity."""
    bound = request.limits["name_account"]
    if request.terms.is_protocol_account:
        bound = bound.narrowed(soft=request.terms.name_cap)
    before = _name_before(request, request.pending)
    name = request.ticket.underlying
    after = before + cash_required(request)
    return _ratio(f"{name}, of the account's equity, is", before, after, _equity(request), bound)


def name_of_household(request: GateRequest) -> Finding:
    """What one underlying has in all accounts, of their equity."""
    equity = positive(request.book.household_equity, "The household's equity")
    name = request.ticket.underlying
    before = request.book.household_notional.get(name, ZERO)
    # What a replaced order holds is counted in the household's figure, and does not count against its successor.
    replaced = _name_before(request, request.book.pending) - _name_before(request, request.pending)
    before -= replaced
    after = before + cash_required(request)
    return _ratio(f"{name}, of all accounts' equity, is", before, after, equity, request.limits["name_household"])


def day_loss(request: GateRequest) -> Finding:
    """The day's loss is below its limit. Reaching it blocks: an allowance that is used up leaves nothing."""
    opened = positive(request.book.session_open_equity, "The equity at the session's open")
    pnl = known(request.book.day_pnl, "The day's profit and loss")
    bound = request.limits["day_loss"]
    loss = max(-pnl / opened, ZERO)
    finding = measured("The day's loss, of the equity at the open, is", loss, bound)
    if bound.hard is None or loss != bound.hard:
        return finding
    return Finding(Outcome.HARD_BLOCK, finding.message, bound.unit, loss, bound.soft, bound.hard, loss, loss)


def _name_before(request: GateRequest, pending: tuple[Pending, ...]) -> Decimal:
    name = request.ticket.underlying
    return committed(
        [h for h in request.book.holdings if h.underlying == name], [p for p in pending if p.ticket.underlying == name]
    )


def _equity(request: GateRequest) -> Decimal:
    return positive(request.book.equity, "The account's equity")


def _ratio(what: str, before: Decimal, after: Decimal, equity: Decimal, bound: Bound) -> Finding:
    return measured(what, after / equity, bound, before=before / equity)
