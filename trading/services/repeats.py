"""What fills too often in too short a time is stopped: the strategy and scripts trade by themselves, and may repeat.

Fills of one order are one execution, and so are those of an algorithm's slices: what counts is how often it decided.
A ticket by hand is a decision of its own.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from allcore import rows
from allcore.kernel.orders import PositionEffect
from allcore.kernel.reports import ExecutionReport, ReportKind
from risk.domain.structure import Structure, structure_of
from risk.selectors.limits import in_force
from risk.services import holds
from risk.services.holds import Kind
from trading.models import Order
from trading.selectors.tickets import ticket_of

WINDOW = timedelta(minutes=10)  # of the exchange's clock
LOOKED_AT = 200  # fills of a name's last ten minutes: a limit is far below it
BY_ITSELF = (Order.Origin.PROPOSAL, Order.Origin.API)
# OFFSET has each fill look its order up by key: on a young database the planner would go through all orders.
LATELY = """
SELECT o.id, coalesce((SELECT c.run_id FROM algo_child c WHERE c.order_id = o.id), o.parent_id, o.id)
  FROM execution e CROSS JOIN LATERAL
    (SELECT id, parent_id, underlying, side, origin FROM "order" WHERE id = e.order_id OFFSET 0) o
 WHERE e.account_id = %s AND e.transact_at > %s AND e.transact_at <= %s AND e.status = 'LIVE'
   AND o.underlying = %s AND o.side = %s AND o.origin IN ('PROPOSAL', 'API')
 ORDER BY e.transact_at DESC, e.id LIMIT %s
"""


def follow(done: Sequence[tuple[Order, ExecutionReport]], now: datetime) -> None:
    """Count what filled with a batch, and stop what came too often; it is told."""
    newest: dict[tuple[int, str, str], tuple[Order, datetime]] = {}
    for order, report in done:
        if report.kind is ReportKind.FILL and order.origin in BY_ITSELF and order.unit_notional is not None:
            key = (order.account_id, order.underlying, order.side)
            known = newest.get(key)
            if known is None or report.transact_at > known[1]:
                newest[key] = (order, report.transact_at)
    for order, at in newest.values():
        _look(order, at, now)


def _look(order: Order, at: datetime, now: datetime) -> None:
    bound = in_force(order.account, order.underlying).bounds.get("repeated_fills")
    most = None if bound is None else bound.hard
    if most is None:
        return  # nothing is counted where nothing would stop: every fill passes here
    asked = (order.account_id, at - WINDOW, at, order.underlying, order.side, LOOKED_AT)
    found = {decided: order_id for order_id, decided in rows.read(LATELY, asked)}
    if len(found) < most:
        return
    ticket = ticket_of(order)
    structure = structure_of(ticket)
    count = sum(kind is structure for kind in _structures(found.values()))
    if count < most:
        return
    for side in sorted({leg.side for leg in ticket.legs if leg.position_effect is PositionEffect.OPEN}):
        holds.stop(Kind(order.account, structure, order.underlying, side), fills=count, now=now)


def _structures(order_ids: Iterable[object]) -> list[Structure]:
    orders = Order.objects.filter(pk__in=list(order_ids)).select_related("account").prefetch_related("legs__instrument")
    return [structure_of(ticket_of(order)) for order in orders.order_by("id")]
