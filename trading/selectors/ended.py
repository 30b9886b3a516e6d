"""Orders that have ended and of which no question is open, as a reconciliation holds them against a broker's list."""

from collections.abc import Collection

from allcore import rows
from allcore.kernel.orders import OrdStatus
from allcore.kernel.reports import COSTS
from trading.domain.reconcile.orders import CLOSED_AT_BROKER, Ours

# An order with a replacement behind a cancel is several at the broker: it is read whole, wherever it stands.
ENDED = """
SELECT r.cl_ord_id, r.orig_cl_ord_id, o.status, o.cum_qty,
       ARRAY(SELECT e.exec_id FROM execution e WHERE e.order_id = o.id),
       ARRAY(SELECT split_part(e.exec_id, %(costs)s, 1) FROM execution e WHERE e.order_id = o.id AND e.status = 'LIVE'),
       ARRAY(SELECT e.exec_id || '/' || e.leg FROM execution e
              WHERE e.order_id = o.id AND e.fee = 0 AND e.status = 'LIVE')
  FROM order_request r JOIN "order" o ON o.id = r.order_id JOIN connection c ON c.id = r.connection_id
 WHERE c.name = %(connection)s AND o.status = ANY(%(closed)s)
   AND (r.cl_ord_id = ANY(%(names)s) OR
        (r.kind = 'NEW' AND r.orig_cl_ord_id <> '' AND r.orig_cl_ord_id = ANY(%(names)s)))
   AND NOT EXISTS (SELECT 1 FROM order_request q WHERE q.order_id = o.id
                    AND (q.guard_id IS NOT NULL OR q.state NOT IN ('ACKED', 'REJECTED', 'VOIDED')))
"""


def ended(connection: str, names: Collection[str]) -> dict[str, Ours]:
    """Return the connection's ended orders by each of the names by which the broker may list them; one statement."""
    closed = [status.value for status in CLOSED_AT_BROKER]
    asked = {"connection": connection, "closed": closed, "names": list(names), "costs": COSTS}
    return {
        name: Ours(
            OrdStatus(status), frozenset(exec_ids), cum_qty=cum_qty, live=frozenset(live), unpaid=frozenset(unpaid)
        )
        for cl_ord_id, orig_cl_ord_id, status, cum_qty, exec_ids, live, unpaid in rows.read(ENDED, asked)
        for name in (cl_ord_id, orig_cl_ord_id)
        if name in names
    }
