"""What a broker's reports speak of: requests with their orders, locked, and legs; each kind in one statement.

This is read for every report. Through the ORM most of the time went into composing the same statements anew.
"""

from collections.abc import Collection, Iterable, Sequence
from functools import cache
from uuid import UUID

from allcore import rows
from allcore.kernel.reports import COSTS, ExecutionReport
from brokers.models import Account, Connection
from marketdata.models import Instrument
from trading.models import Execution, Order, OrderLeg, OrderRequest

SEEN = """
SELECT e.id FROM execution e JOIN connection c ON c.id = e.connection_id WHERE c.name = %s AND e.exec_id = ANY(%s)
"""


# What stands now for the executions that a correction names: each may have got its cost since, under another name.
STANDING = """
SELECT s.id FROM execution e JOIN connection c ON c.id = e.connection_id JOIN execution s ON s.order_id = e.order_id
 WHERE c.name = %s AND e.exec_id = ANY(%s) AND split_part(s.exec_id, %s, 1) = e.exec_id
"""


def requests_named(connection: str, ids: Collection[str]) -> dict[str, OrderRequest]:
    """Return the connection's requests by ClOrdID, their orders locked in the order of their ids."""
    found = _requests("r.cl_ord_id = ANY(%s)", connection, ids)
    return {request.cl_ord_id: request for request in found}


def not_ours(connection: str, names: Collection[str]) -> dict[str, OrderRequest]:
    """Return the requests of orders that are not ours, by the broker's names for them."""
    found = _requests("r.kind = 'NEW' AND r.orig_cl_ord_id <> '' AND r.orig_cl_ord_id = ANY(%s)", connection, names)
    return {request.orig_cl_ord_id: request for request in found}


def legs_of(orders: Collection[UUID]) -> dict[UUID, list[OrderLeg]]:
    """Return the orders' legs with their instruments, in their order."""
    found: dict[UUID, list[OrderLeg]] = {}
    for row in rows.read(_legs_statement(), (list(orders),)) if orders else ():
        values = iter(row)
        leg, instrument = rows.take(OrderLeg, values), rows.take(Instrument, values)
        leg.instrument = instrument
        found.setdefault(leg.order_id, []).append(leg)
    return found


def executions(connection: str, trades: Iterable[ExecutionReport]) -> dict[tuple[int, str, int], Execution]:
    """Return what was booked already of the reports' ExecIDs, by account, ExecID and leg; most often nothing."""
    trades = list(trades)
    ids = {fill.exec_id for report in trades for fill in report.fills} | {r.ref_exec_id for r in trades}
    if not ids - {""}:
        return {}
    seen = [pk for (pk,) in rows.read(SEEN, (connection, list(ids - {""})))]
    if referred := [r.ref_exec_id for r in trades if r.ref_exec_id]:
        seen += [pk for (pk,) in rows.read(STANDING, (connection, referred, COSTS))]
    if not seen:
        return {}
    found = Execution.objects.filter(pk__in=seen).select_related("account", "instrument", "order").order_by("id")
    return {(row.account_id, row.exec_id, row.leg): row for row in found}


def _requests(condition: str, connection: str, names: Collection[str]) -> Sequence[OrderRequest]:
    if not names:
        return ()
    orders: dict[UUID, Order] = {}
    found = []
    for row in rows.read(_requests_statement(condition), (connection, list(names))):
        values = iter(row)
        request, order = rows.take(OrderRequest, values), rows.take(Order, values)
        account, own = rows.take(Account, values), rows.take(Connection, values)
        order.account, order.connection, account.connection = account, own, own
        request.order = orders.setdefault(order.pk, order)  # two requests of one order share its row
        found.append(request)
    return found


@cache
def _requests_statement(condition: str) -> str:
    own = (rows.columns(OrderRequest, "r"), rows.columns(Order, "o"), rows.columns(Account, "a"))
    return f"""
SELECT {", ".join((*own, rows.columns(Connection, "c")))}
  FROM order_request r JOIN "order" o ON o.id = r.order_id JOIN account a ON a.id = o.account_id
  JOIN connection c ON c.id = a.connection_id JOIN connection heard ON heard.id = r.connection_id
 WHERE heard.name = %s AND {condition} ORDER BY r.order_id, r.id FOR UPDATE OF o
"""  # noqa: S608 only names of columns and the two conditions above are put in


@cache
def _legs_statement() -> str:
    return f"""
SELECT {rows.columns(OrderLeg, "l")}, {rows.columns(Instrument, "i")}
  FROM order_leg l JOIN instrument i ON i.id = l.instrument_id WHERE l.order_id = ANY(%s) ORDER BY l.order_id, l.index
"""  # noqa: S608 only names of columns are put in
