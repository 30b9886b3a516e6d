"""The paper broker's records as its statements take them."""

from dataclasses import asdict

from brokers.paper.records import BookingRecord, FillRecord, OrderRecord, RequestRecord
from brokers.services.paper_sql import Row


def order_row(order: OrderRecord, was: int) -> Row:
    """Return an order; `was` is the version it is written over."""
    return {
        "account": order.account,
        "cl_ord_id": order.cl_ord_id,
        "current_id": order.current_id,
        "ticket": order.ticket.as_dict(),
        "status": order.status,
        "order_qty": order.ticket.quantity,
        "cum_qty": order.cum_qty,
        "fill_count": order.fill_count,
        "is_triggered": order.watch.is_triggered,
        "confirmations": order.watch.confirmations,
        "seen_at": order.watch.seen_at,
        "trail_mark": order.watch.mark,
        "is_resting": order.is_resting,
        "queue_ahead": None if order.queue is None else order.queue.ahead,
        "queue_shown": None if order.queue is None else order.queue.shown,
        "queue_volume": None if order.queue is None else order.queue.volume,
        "reason": order.reason,
        "version": order.version,
        "was": was,
        "arrives_at": order.arrives_at,
        "changed_at": order.changed_at,
        "expires_at": order.expires_at,
    }


def request_row(request: RequestRecord, was: int) -> Row:
    """Return a request; `was` is the version it is written over."""
    return {
        "account": request.account,
        "order_id": request.order_id,
        "cl_ord_id": request.cl_ord_id,
        "orig_cl_ord_id": request.orig_cl_ord_id,
        "kind": request.kind,
        "state": request.state,
        "terms": {
            "quantity": request.quantity,
            "limit_price": request.limit_price,
            "stop_price": request.stop_price,
            "ticket": None if request.ticket is None else request.ticket.as_dict(),
        },
        "reason": request.reason,
        "version": request.version,
        "was": was,
        "arrives_at": request.arrives_at,
    }


def execution_row(fill: FillRecord) -> Row:
    """Return one leg's fill."""
    return {
        "order_id": fill.order_id,
        "exec_id": fill.exec_id,
        "leg": fill.leg,
        "symbol": fill.symbol,
        "side": fill.side,
        "qty": fill.qty,
        "units": fill.units,
        "px": fill.px,
        "fee": fill.fee,
        "multiplier": fill.multiplier,
        "transact_at": fill.transact_at,
        "quote_at": fill.quote_at,
        "why": fill.why,
    }


def booking_row(booking: BookingRecord) -> Row:
    """Return what befell a position."""
    return {
        "account": booking.account,
        "event_id": booking.event_id,
        "kind": booking.kind,
        "symbol": booking.symbol,
        "qty": booking.qty,
        "px": booking.px,
        "underlying": booking.underlying,
        "shares": booking.shares,
        "delivery_px": booking.delivery_px,
        "fee": booking.fee,
        "carried": None if booking.carried is None else asdict(booking.carried),
        "transact_at": booking.transact_at,
        "booked_at": booking.booked_at,
    }
