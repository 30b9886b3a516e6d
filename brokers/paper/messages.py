"""Messages to the paper broker, as its records take them."""

from datetime import datetime

from allcore.kernel.tickets import OrderTicket
from brokers.paper.records import OrderRecord, RequestKind, RequestRecord, Status
from brokers.ports import Replacement


def received(cl_ord_id: str, account: str, ticket: OrderTicket, now: datetime) -> OrderRecord:
    """Return a new order, as if it arrived at once."""
    return OrderRecord(cl_ord_id, cl_ord_id, account, ticket, Status.PENDING, arrives_at=now, changed_at=now)


def asked(
    kind: RequestKind, account: str, ids: tuple[str, str, str], arrives_at: datetime, terms: Replacement | None
) -> RequestRecord:
    """Return a cancel, or a replace by its terms; `ids` are its own, the one it means, and that order's first."""
    cl_ord_id, orig, order_id = ids
    request = RequestRecord(cl_ord_id, kind, account, order_id, orig, arrives_at)
    if terms is None:
        return request
    return RequestRecord(
        cl_ord_id,
        kind,
        account,
        order_id,
        orig,
        arrives_at,
        quantity=terms.quantity,
        limit_price=terms.limit_price,
        stop_price=terms.stop_price,
        ticket=terms.ticket,
    )
