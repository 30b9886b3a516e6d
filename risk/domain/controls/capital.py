"""The account's money: cash behind every promise, a buffer, caps on deployment and on names, and the day's loss."""

from decimal import Decimal

from allcore.kernel.money import ZERO
from risk.domain.book import Pending
from risk.domain.controls.finding import Finding, known, measured, passed, positive
from risk.domain.exposures import bound, committed, with_order
from risk.domain.limits import Bound, Unit
from risk.domain.request import GateRequest
from risk.domain.structure import Structure, structure_of
from risk.domain.verdict import Outcome


def cash_secured(request: GateRequest) -> Finding:
    """Cash covers all that positions and open orders may demand, this order included, to the cent."""
    cash = request.book.cash
    before = bound(request.book.holdings, request.pending)
    after = bound(request.book.holdings, with_order(request))
    is_covered = after <= cash or after <= before
    return Finding(
        outcome=Outcome.PASS if is_covered else Outcome.HARD_BLOCK,
        message=f"The order binds ${after - before:,.2f} of cash, ${cash - before:,.2f} are free.",
        unit=Unit.USD,
        value=after,
        hard=cash,
        before=before,
        after=after,
    )


def buffer(request: GateRequest) -> Finding:
    """A part of equity stays free cash; only rolls may spend it (protocol 1.8)."""
    if structure_of(request.ticket) is Structure.ROLL:
        return passed("A roll may spend the buffer.")
    equity = _equity(request)
    terms, limit = request.terms, request.limits["buffer"]
    if terms.is_protocol_account:
        limit = limit.narrowed(hard=max(terms.buffer, terms.buffer_usd / equity))
    before = request.book.cash - bound(request.book.holdings, request.pending)
    after = request.book.cash - bound(request.book.holdings, with_order(request))
    return measured("Free cash left, of equity, is", after / equity, limit, before=before / equity)


def deployment(request: GateRequest) -> Finding:
    """What is at work, of equity: strikes of puts, shares at market, and all open orders at worst."""
    equity = _equity(request)
    before = committed(request.book.holdings, request.pending)
    after = committed(request.book.holdings, with_order(request))
    limit = request.limits["deployment"]
    if request.terms.is_protocol_account:
        limit = limit.narrowed(hard=request.terms.deployment_cap)
    return _ratio("Deployed, of equity, is", before, after, equity, limit)


def name_of_account(request: GateRequest) -> Finding:
    """What one underlying has, of the account's equity."""
    limit = request.limits["name_account"]
    if request.terms.is_protocol_account:
        limit = limit.narrowed(soft=request.terms.name_cap)
    before, after = _name(request, request.pending), _name(request, with_order(request))
    what = f"{request.ticket.underlying}, of the account's equity, is"
    return _ratio(what, before, after, _equity(request), limit)


def name_of_household(request: GateRequest) -> Finding:
    """What one underlying has in all accounts, of their equity."""
    equity = positive(request.book.household_equity, "The household's equity")
    name, (before, after) = request.ticket.underlying, in_household(request)
    return _ratio(f"{name}, of all accounts' equity, is", before, after, equity, request.limits["name_household"])


def in_household(request: GateRequest) -> tuple[Decimal, Decimal]:
    """Return what all accounts have at work in the order's underlying, without the order and with it.

    Raises:
        MissingNumberError: it cannot be told of one of them.
    """
    if "in_household" not in request.kept:
        name = request.ticket.underlying
        # The household's figure has this account in it, and what a replaced order holds: that gives way to the order.
        household = known(request.book.household_notional.get(name, ZERO), f"What all accounts have in {name}")
        everybody = household - _name(request, request.book.pending)
        before, after = _name(request, request.pending), _name(request, with_order(request))
        request.kept["in_household"] = everybody + before, everybody + after
    found: tuple[Decimal, Decimal] = request.kept["in_household"]
    return found


def day_loss(request: GateRequest) -> Finding:
    """The day's loss is below its limit. Reaching it blocks: an allowance that is used up leaves nothing."""
    opened = positive(request.book.session_open_equity, "The equity at the session's open")
    pnl = known(request.book.day_pnl, "The day's profit and loss")
    limit = request.limits["day_loss"]
    loss = max(-pnl / opened, ZERO)
    finding = measured("The day's loss, of the equity at the open, is", loss, limit)
    if limit.hard is None or loss != limit.hard:
        return finding
    return Finding(Outcome.HARD_BLOCK, finding.message, limit.unit, loss, limit.soft, limit.hard, loss, loss)


def _name(request: GateRequest, pending: tuple[Pending, ...]) -> Decimal:
    """Return what the account has at work in the order's underlying."""
    name = request.ticket.underlying
    return committed(
        [h for h in request.book.holdings if h.underlying == name], [p for p in pending if p.underlying == name]
    )


def _equity(request: GateRequest) -> Decimal:
    return positive(request.book.equity, "The account's equity")


def _ratio(what: str, before: Decimal, after: Decimal, equity: Decimal, limit: Bound) -> Finding:
    return measured(what, after / equity, limit, before=before / equity)
