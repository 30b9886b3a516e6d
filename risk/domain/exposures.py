"""What positions, working orders and the order at hand bind at worst, in dollars.

Orders that may still fill are taken at their worst: over {none fills, all buys fill, all sells fill, all fill}. The
credit of an unfilled order funds nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import TypeVar
from uuid import UUID

from allcore.kernel.money import ZERO
from allcore.kernel.orders import PriceEffect
from risk.domain.book import Holding, Pending
from risk.domain.cover import Requirement, requirement
from risk.domain.limits import MissingNumberError
from risk.domain.lines import Line, contract_of, held, traded
from risk.domain.prices import signed_limit, unit_multiplier, worst_cost
from risk.domain.request import GateRequest

AT_HAND = UUID(int=0)  # the order that is asked about has no id yet
Row = TypeVar("Row", Holding, Pending)


def bases(request: GateRequest) -> Iterator[tuple[Line, ...]]:
    """Yield the underlying's lines as they may be when the order fills."""
    name = request.ticket.underlying
    holdings = [h for h in request.book.holdings if h.underlying == name]
    return _cases(holdings, [p for p in request.pending if p.ticket.underlying == name])


def _cases(holdings: Iterable[Holding], pending: Sequence[Pending]) -> Iterator[tuple[Line, ...]]:
    """Yield one underlying's lines if nothing fills, all buys, all sells, everything."""
    lines = held(holdings)
    buys = [p for p in pending if p.ticket.price_effect is PriceEffect.DEBIT]
    sells = [p for p in pending if p.ticket.price_effect is not PriceEffect.DEBIT]
    yield lines
    for filled in (buys, sells, pending) if pending else ():
        yield lines + tuple(line for p in filled for line in traded(p.ticket, p.leaves))


def worst_change(request: GateRequest) -> Requirement:
    """Return the most that the order adds to what must be secured, and to uncovered calls, over all cases."""
    if not request.worst:
        order = traded(request.ticket, request.quantity)
        changes = [(requirement(base), requirement(base + order)) for base in bases(request)]
        most = Requirement(
            cash=max(after.cash - before.cash for before, after in changes),
            naked_calls=max(after.naked_calls - before.naked_calls for before, after in changes),
        )
        request.worst.append(most)
    return request.worst[0]


def cash_required(request: GateRequest) -> Decimal:
    """Return the cash to set aside so that the order may fill: what it comes to secure, and what it pays.

    Raises:
        MissingNumberError: an order without a limit has no quotes to go by.
    """
    cost = worst_cost(request.ticket, request.market.quotes)
    paid = max(cost, ZERO) * unit_multiplier(request.ticket) * request.quantity
    return max(worst_change(request).cash + paid, ZERO)


def bound(holdings: Iterable[Holding], pending: Iterable[Pending]) -> Decimal:
    """Return the cash that short positions bind and working orders may come to need, underlying by underlying.

    Reservations say what each order needed when it was let in. What covered it then may be gone, so that the cases are
    worked out anew from what is held, and the larger of both figures counts.
    """
    positions, orders = _by_name(holdings), _by_name(pending)
    return sum((_bound(positions.get(n, []), orders.get(n, [])) for n in positions.keys() | orders.keys()), ZERO)


def _bound(holdings: Sequence[Holding], pending: Sequence[Pending]) -> Decimal:
    reserved = requirement(held(holdings)).cash + sum((p.cash for p in pending), ZERO)
    if not pending:
        return reserved
    worst = max(requirement(case).cash for case in _cases(holdings, pending))
    return max(reserved, worst + sum((_paid(p) for p in pending), ZERO))


def _paid(order: Pending) -> Decimal:
    """Return what the order pays at its limit; what one without a limit pays is in its reservation alone."""
    limit = signed_limit(order.ticket)
    return ZERO if limit is None else max(limit, ZERO) * unit_multiplier(order.ticket) * order.leaves


def secured(holdings: Iterable[Holding]) -> Decimal:
    """Return the cash that short positions bind."""
    return bound(holdings, ())


def committed(holdings: Iterable[Holding], pending: Iterable[Pending]) -> Decimal:
    """Return the dollars at work: cash bound by shorts and working orders, longs and shares at market.

    Raises:
        MissingNumberError: a long position has no mark.
    """
    positions = tuple(holdings)
    longs = sum((_market_value(h) for h in positions if h.qty > 0), ZERO)
    return bound(positions, pending) + longs


def notional_by_underlying(holdings: Iterable[Holding], pending: Iterable[Pending]) -> dict[str, Decimal]:
    """Return `committed` by underlying: what the single-name limits count."""
    positions, orders = _by_name(holdings), _by_name(pending)
    names = sorted(positions.keys() | orders.keys())
    return {name: committed(positions.get(name, []), orders.get(name, [])) for name in names}


def _by_name(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row.underlying, []).append(row)
    return found


def with_order(request: GateRequest) -> tuple[Pending, ...]:
    """Return the working orders with the order at hand among them.

    Raises:
        MissingNumberError: its cash cannot be told.
    """
    cash = cash_required(request)
    return (*request.pending, Pending(AT_HAND, request.ticket, request.quantity, cash, request.market.now))


def free_cash(request: GateRequest) -> Decimal:
    """Return the cash that neither positions nor other orders bind."""
    return request.book.cash - bound(request.book.holdings, request.pending)


def room_to_close(request: GateRequest, symbol: str, sign: int) -> int:
    """Return how many of the symbol an order of this sign may still close, other pending orders considered."""
    held_qty = request.book.qty(symbol)
    if held_qty * sign >= 0:
        return 0
    claimed = sum(
        abs(line.qty)
        for p in request.pending
        for line in traded(p.ticket, p.leaves)
        if line.symbol == symbol and line.qty * sign > 0
    )
    return max(abs(held_qty) - claimed, 0)


def only_reduces(request: GateRequest) -> bool:
    """Return whether the order can do nothing but close: it flips nothing and makes no worst case worse."""
    if request.ticket.is_opening:
        return False
    for line in traded(request.ticket, request.quantity):
        if abs(line.qty) > room_to_close(request, line.symbol, 1 if line.qty > 0 else -1):
            return False
    change = worst_change(request)
    return change.cash <= 0 and change.naked_calls <= 0


def option_contracts(lines: Iterable[Line]) -> int:
    """Return the number of option contracts, long and short alike."""
    return sum(abs(line.qty) for line in lines if line.contract is not None)


def _market_value(holding: Holding) -> Decimal:
    if holding.mark is None:
        raise MissingNumberError(f"{holding.symbol} is held and has no mark.", symbol=holding.symbol)
    return holding.qty * holding.mark * holding.multiplier


def is_option(symbol: str) -> bool:
    """Return whether the symbol names an option."""
    return contract_of(symbol) is not None
