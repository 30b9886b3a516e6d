"""The exchanges' position limits: contracts of one name on the same side of the market, over all accounts of the owner.

Long calls and short puts are on one side, short calls and long puts on the other. The tier of a name is a limit of its
own for that underlying; without one it has the lowest. Source: FINRA Rule 2360(b)(3).
"""

from collections.abc import Iterable
from decimal import Decimal

from allcore.kernel.instruments import Right
from risk.domain.controls.finding import Finding, measured, passed
from risk.domain.exposures import is_option
from risk.domain.lines import Line, held, traded
from risk.domain.request import GateRequest

Counts = dict[str, int]


def same_side(request: GateRequest) -> Finding:
    """Contracts on the fuller side, whichever of the working orders fill."""
    name, book = request.ticket.underlying, request.book
    if not any(is_option(leg.symbol) for leg in request.ticket.legs):
        return passed("The order trades no option.")
    lines = held(h for h in (*book.holdings, *book.others) if h.underlying == name)
    orders = [_signed(traded(p.ticket, p.leaves)) for p in (*request.pending, *book.elsewhere) if p.underlying == name]
    at_hand = _signed(traded(request.ticket, request.quantity))
    before, after = _fuller(_signed(lines), orders), _fuller(_signed(lines), [*orders, at_hand])
    what = f"Contracts on one side of {name} in all accounts come to"
    return measured(what, Decimal(after), request.limits["exchange_position"], before=Decimal(before))


def _signed(lines: Iterable[Line]) -> Counts:
    """Return contracts by symbol, above zero where they gain as the underlying rises."""
    found: Counts = {}
    for line in lines:
        if line.contract is not None:
            sign = 1 if line.contract.right is Right.CALL else -1
            found[line.symbol] = found.get(line.symbol, 0) + sign * line.qty
    return found


def _fuller(positions: Counts, orders: Iterable[Counts]) -> int:
    """Return the larger of both sides, each at the worst: all that adds to it fills, nothing that takes away."""
    up, down = dict(positions), dict(positions)
    for order in orders:
        for symbol, qty in order.items():
            side = up if qty > 0 else down
            side[symbol] = side.get(symbol, 0) + qty
    return max(sum(max(qty, 0) for qty in up.values()), sum(max(-qty, 0) for qty in down.values()))
