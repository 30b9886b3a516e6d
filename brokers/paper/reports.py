"""What the paper broker says: its records in the desk's words."""

from collections.abc import Sequence
from datetime import datetime

from allcore.kernel.orders import OrdStatus
from allcore.kernel.reports import (
    BookReport,
    ExecutionReport,
    LegFill,
    OrderReport,
    PositionReport,
    ReportKind,
)
from brokers.paper.books import AccountBook
from brokers.paper.records import BookingRecord, Carried, FillRecord, OrderRecord, RequestRecord, Status

STATUS_WORDS = {
    Status.PENDING: OrdStatus.PENDING_NEW,
    Status.WORKING: OrdStatus.NEW,
    Status.FILLED: OrdStatus.FILLED,
    Status.CANCELED: OrdStatus.CANCELED,
    Status.REJECTED: OrdStatus.REJECTED,
    Status.EXPIRED: OrdStatus.EXPIRED,
}


class Speaker:
    """Says things in a connection's name."""

    def __init__(self, connection: str) -> None:
        self.connection = connection

    def of_order(self, kind: ReportKind, order: OrderRecord, at: datetime, *, text: str = "") -> ExecutionReport:
        """Return a report about an order under its newest id; a refusal's or an expiry's code is the order's reason."""
        return ExecutionReport(
            kind=kind,
            connection=self.connection,
            account=order.account,
            cl_ord_id=order.current_id,
            transact_at=at,
            broker_order_id=order.cl_ord_id,
            reason=order.reason,
            text=text,
        )

    def of_request(self, kind: ReportKind, request: RequestRecord, at: datetime, *, text: str = "") -> ExecutionReport:
        """Return the answer to a cancel or replace."""
        return ExecutionReport(
            kind=kind,
            connection=self.connection,
            account=request.account,
            cl_ord_id=request.cl_ord_id,
            transact_at=at,
            broker_order_id=request.order_id,
            reason=request.reason,
            text=text,
        )

    def of_fills(self, cl_ord_id: str, fills: Sequence[FillRecord]) -> ExecutionReport:
        """Return one execution: all its legs together, with the quotes and the rule that made it."""
        first = fills[0]
        raw = {"quotes": {f.symbol: f.why["quote"] for f in fills if f.why.get("quote")}}
        return ExecutionReport(
            kind=ReportKind.FILL,
            connection=self.connection,
            account=first.account,
            cl_ord_id=cl_ord_id,
            transact_at=first.transact_at,
            broker_order_id=first.order_id,
            fills=tuple(LegFill(f.exec_id, f.leg, f.symbol, f.side, f.qty, f.px, f.fee) for f in fills),
            combo_qty=first.units,
            raw=raw | {name: value for name, value in first.why.items() if name != "quote"},
        )

    def of_booking(self, booking: BookingRecord) -> BookReport:
        """Return what befell the position."""
        carried = booking.carried or Carried()
        return BookReport(
            kind=booking.kind,
            connection=self.connection,
            account=booking.account,
            event_id=booking.event_id,
            symbol=booking.symbol,
            qty=booking.qty,
            px=booking.px,
            transact_at=booking.transact_at,
            underlying=booking.underlying,
            shares=booking.shares,
            delivery_px=booking.delivery_px,
            fee=booking.fee,
            ratio_new=carried.ratio_new,
            ratio_old=carried.ratio_old,
            amount=carried.amount,
            to_symbol=carried.to_symbol,
            to_qty=carried.to_qty,
            multiplier=carried.multiplier,
            deliverable=carried.deliverable,
            cash=carried.cash,
        )

    def as_it_stands(self, order: OrderRecord, fills: Sequence[FillRecord]) -> OrderReport:
        """Return an order with all its executions."""
        return OrderReport(
            account=order.account,
            cl_ord_id=order.current_id,
            broker_order_id=order.cl_ord_id,
            status=status_word(order),
            order_qty=order.ticket.quantity,
            cum_qty=order.cum_qty,
            fills=tuple(self.of_fills(order.current_id, group) for group in _executions(fills)),
            ticket=order.ticket,
        )


def status_word(order: OrderRecord) -> OrdStatus:
    """Return the order's status in FIX's words."""
    if order.status is Status.WORKING and order.cum_qty:
        return OrdStatus.PARTIALLY_FILLED
    return STATUS_WORDS[order.status]


def positions_of(book: AccountBook) -> tuple[PositionReport, ...]:
    """Return the account's positions, by symbol."""
    return tuple(
        PositionReport(book.number, symbol, held.qty, held.avg_px) for symbol, held in sorted(book.holdings.items())
    )


def _executions(fills: Sequence[FillRecord]) -> list[list[FillRecord]]:
    groups: dict[str, list[FillRecord]] = {}
    for fill in sorted(fills, key=lambda f: (f.transact_at, f.exec_id, f.leg)):
        groups.setdefault(fill.exec_id, []).append(fill)
    return list(groups.values())
