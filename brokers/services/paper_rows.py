"""The paper broker's records as rows."""

from brokers.models import PaperBooking, PaperExecution, PaperOrder, PaperRequest
from brokers.paper.records import BookingRecord, FillRecord, OrderRecord, RequestRecord


def order_row(order: OrderRecord, account_id: int) -> PaperOrder:
    """Return a new order's row."""
    row = PaperOrder(account_id=account_id, cl_ord_id=order.cl_ord_id, arrives_at=order.arrives_at)
    fill_order_row(row, order)
    return row


def fill_order_row(row: PaperOrder, order: OrderRecord) -> None:
    """Set on the row all that changes in an order's life."""
    row.current_cl_ord_id = order.current_id
    row.ticket = order.ticket.as_dict()
    row.status = order.status
    row.order_qty = order.ticket.quantity
    row.cum_qty = order.cum_qty
    row.fill_count = order.fill_count
    row.is_triggered = order.watch.is_triggered
    row.confirmations = order.watch.confirmations
    row.seen_at = order.watch.seen_at
    row.is_resting = order.is_resting
    row.reason = order.reason
    row.version = order.version
    row.changed_at = order.changed_at
    row.expires_at = order.expires_at


def request_row(request: RequestRecord, account_id: int, order_id: int | None) -> PaperRequest:
    """Return a new request's row."""
    return PaperRequest(
        account_id=account_id,
        order_id=order_id,
        cl_ord_id=request.cl_ord_id,
        orig_cl_ord_id=request.orig_cl_ord_id,
        kind=request.kind,
        state=request.state,
        terms={
            "quantity": request.quantity,
            "limit_price": None if request.limit_price is None else str(request.limit_price),
            "stop_price": None if request.stop_price is None else str(request.stop_price),
        },
        reason=request.reason,
        version=request.version,
        arrives_at=request.arrives_at,
    )


def execution_row(fill: FillRecord, order_id: int) -> PaperExecution:
    """Return a fill's row."""
    return PaperExecution(
        order_id=order_id,
        exec_id=fill.exec_id,
        leg=fill.leg,
        symbol=fill.symbol,
        side=fill.side,
        qty=fill.qty,
        units=fill.units,
        px=fill.px,
        fee=fill.fee,
        multiplier=fill.multiplier,
        transact_at=fill.transact_at,
        quote_at=fill.quote_at,
    )


def booking_row(booking: BookingRecord, account_id: int) -> PaperBooking:
    """Return a booking's row."""
    return PaperBooking(
        account_id=account_id,
        event_id=booking.event_id,
        kind=booking.kind,
        symbol=booking.symbol,
        qty=booking.qty,
        px=booking.px,
        underlying=booking.underlying,
        shares=booking.shares,
        delivery_px=booking.delivery_px,
        fee=booking.fee,
        transact_at=booking.transact_at,
        booked_at=booking.booked_at,
    )
