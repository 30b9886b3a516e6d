"""What the broker says is applied once: order, execution, lots, position, cash and audit change together or not."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from django.db import transaction

from allcore import live, rows
from allcore.kernel.errors import InvalidInputError, RefusedError
from allcore.kernel.orders import CLOSED_STATUSES, OrdStatus
from allcore.kernel.reports import BookReport, ExecutionReport, ReportKind
from risk.services import reservations
from trading.domain.orders.lifecycle import Event, apply
from trading.models import Execution, Order, OrderRequest
from trading.selectors.rows import execution_row, order_row
from trading.services import (
    book,
    bookings,
    carried,
    cash,
    digits,
    early,
    external,
    gap,
    inquiries,
    repeats,
    trades,
    unchanged,
    unite,
)
from trading.services.advance import DERIVED, may_fill, state_of
from trading.services.batch import UNANSWERED, Batch, Report
from trading.services.contingent import lists
from trading.services.quarantine import quarantine

__all__ = ["apply_reports", "quarantine"]

State = OrderRequest.State
Data = dict[str, object]

TRADES: Mapping[ReportKind, Callable[[Batch, Order, ExecutionReport], None]] = {
    ReportKind.FILL: trades.book_fill,
    ReportKind.BUST: trades.bust,
    ReportKind.CORRECT: trades.correct,
}
# What an answer is to the order, and to the request that it answers.
ANSWERS: Mapping[ReportKind, tuple[str, OrderRequest.State]] = {
    ReportKind.ACK: ("ack", State.ACKED),
    ReportKind.CANCEL_ACK: ("cancel_ack", State.ACKED),
    ReportKind.CANCEL_REJECT: ("cancel_rej", State.REJECTED),
    ReportKind.REPLACE_ACK: ("replace_ack", State.ACKED),
    ReportKind.REPLACE_REJECT: ("replace_rej", State.REJECTED),
    ReportKind.EXPIRE: ("expire", State.ACKED),
    ReportKind.UNSOLICITED_CANCEL: ("unsol_cancel", State.ACKED),
    ReportKind.RESTATE: ("restate", State.ACKED),
}
# Of a replacement that went out as a new order: to the desk's order it is the replacement, or the end.
GUARDED: Mapping[ReportKind, tuple[str, OrderRequest.State]] = {
    ReportKind.ACK: ("replace_ack", State.ACKED),
    ReportKind.REJECT: ("cancel_ack", State.REJECTED),
}
REJECTS = {"NEW": "reject", "CANCEL": "cancel_rej", "REPLACE": "replace_rej"}
REQUEST_OF = {"cancel_rej": "CANCEL", "replace_ack": "REPLACE", "replace_rej": "REPLACE"}
AUDITED_AS = {
    "reject": "order.rejected",
    "cancel_ack": "order.canceled",
    "cancel_rej": "order.cancel_rejected",
    "replace_ack": "order.replaced",
    "replace_rej": "order.replace_rejected",
    "expire": "order.expired",
    "unsol_cancel": "order.canceled",
    "restate": "order.restated",
}

ANSWER = """
UPDATE order_request SET state = %s, reason = %s, answered_at = %s WHERE id = ANY(%s) AND state = ANY(%s) RETURNING id
"""

# What follows from reports about orders once their whole batch is booked, in the same transaction: linked orders,
# algorithms. Each is called once with all of the batch: each report with its order, locked and as it is now, whether or
# not the report changed it.
AfterExecution = Callable[[Sequence[tuple[Order, ExecutionReport]], datetime], None]
AFTER_EXECUTION: tuple[AfterExecution, ...] = (lists.follow, repeats.follow)


@transaction.atomic
def apply_reports(connection_name: str, reports: Sequence[Report], *, now: datetime) -> None:
    """Apply a batch, in its order, in one transaction. What was applied before changes nothing.

    A report that contradicts what is known is quarantined and the others go on; a database that is away fails all.
    """
    reports = [report if isinstance(report, BookReport) else external.named(report) for report in reports]
    batch = Batch.read(connection_name, reports, now)
    for report in reports:
        try:
            _take(batch, report)
        except (RefusedError, InvalidInputError) as e:  # refused before anything of it was written
            quarantine(connection_name, report, code=e.code, message=e.message, now=now)
    unite.look(batch)
    _write(batch)
    carried.follow(batch.events, now=now)
    for follow in AFTER_EXECUTION if batch.applied else ():
        follow(batch.applied, now)
    if waited := early.taken_up(batch):
        apply_reports(connection_name, waited, now=now)


def _take(batch: Batch, report: Report) -> None:
    if isinstance(report, BookReport):
        bookings.note(batch, digits.booking_kept(report))
        return
    report = digits.execution_kept(report)
    request = batch.requests.get(report.cl_ord_id)
    if request is None:
        order = external.order_of(batch, report)
        if order is not None:
            TRADES[report.kind](batch, order, report)
            batch.applied.append((order, report))
        return
    order = request.order
    if report.account not in (order.account.broker_account, order.account.code):
        raise external.AccountMismatchError(
            f"Order {order.cl_ord_id} is of account {order.account.code}, its report of {report.account!r}."
        )
    report = _under_its_last_name(order, report)
    if report.kind in TRADES:
        if request.kind == OrderRequest.Kind.REPLACE and request.state in UNANSWERED and report.kind is ReportKind.FILL:
            _answer(batch, request, replace(report, kind=ReportKind.REPLACE_ACK))  # it fills under its new name
        external.make_room(batch, order, report)
        TRADES[report.kind](batch, order, report)
        if request.kind == OrderRequest.Kind.NEW:
            batch.answer(request, State.ACKED)
    else:
        _answer(batch, request, report)
    batch.applied.append((order, report))


def _under_its_last_name(order: Order, report: ExecutionReport) -> ExecutionReport:
    """Return the report without what the broker called the order before its last replacement."""
    renames = order.broker_order_id != "" and report.broker_order_id not in ("", order.broker_order_id)
    is_behind = renames and state_of(order).is_behind(report.cl_ord_id)
    return replace(report, broker_order_id="") if is_behind else report


def _answer(batch: Batch, request: OrderRequest, report: ExecutionReport) -> None:
    if report.kind in gap.HEARD and (made := gap.hears(request, report, now=batch.now)) is not None:
        request.state = made
        return
    event, state = _meaning(request, report)
    order, reason = request.order, report.reason or report.text
    data: Data = {"reason": reason} if reason else {}
    if report.broker_order_id:
        data["broker_order_id"] = report.broker_order_id
    if REQUEST_OF.get(event) == request.kind:
        data["cl_ord_id"] = request.cl_ord_id
    if report.kind is ReportKind.RESTATE:
        data |= {"qty": report.order_qty, "px": report.limit_price}
    if _is_news(order, event, data):
        _advance(batch, order, event, data, report)
    batch.answer(request, state, reason if state is State.REJECTED else "")
    if event == "replace_rej":
        batch.unchanged.append(request)
    if event == "cancel_rej":
        inquiries.ask(order, "CANCEL_REJECTED", now=batch.now)  # too late, unknown, or other: how does it stand?


def _meaning(request: OrderRequest, report: ExecutionReport) -> tuple[str, OrderRequest.State]:
    """Return what the answer is to the order, and to the request."""
    if request.guard_id is not None and report.kind in GUARDED:
        return GUARDED[report.kind]
    if report.kind is ReportKind.REJECT:
        return REJECTS[request.kind], State.REJECTED
    return ANSWERS[report.kind]


def _is_news(order: Order, event: str, data: Data) -> bool:
    """Return whether the event changes anything: a broker may say a thing three times."""
    before = state_of(order)
    applied = apply(before, Event.read(event, data))
    after = replace(applied.state, applied=before.applied, ignored=before.ignored)
    return after != before or bool(applied.alerts) or data.get("broker_order_id", "") not in ("", order.broker_order_id)


def _advance(batch: Batch, order: Order, event: str, data: Data, report: ExecutionReport) -> None:
    batch.advance(order, event, data, report)
    if event in AUDITED_AS:
        batch.touched[order.pk] = order
        batch.audit(order, AUDITED_AS[event], data)


def _write(batch: Batch) -> None:
    moved = book.movements(batch.entries, batch.corrections)
    new = [*batch.executions, *batch.events, *batch.happened, *batch.audited]
    if new:
        rows.write(new, changed=list(batch.moved.values()), names=DERIVED)
    if batch.taken_back:
        Execution.objects.bulk_update(batch.taken_back, ["status"])
    for (state, reason), requests in batch.answers.items():
        rows.read(ANSWER, (state, reason, batch.now, requests, list(UNANSWERED)))
    reservations.settle({order.pk: _units_left(order) for order in batch.touched.values()}, batch.now)
    for request in batch.unchanged:
        unchanged.give_back(request.order, request.cl_ord_id)
    if moved:
        book.post(batch.entries, now=batch.now, stale=batch.stale, ledger=cash.ledger(moved))
    _tell(batch)


def _units_left(order: Order) -> int:
    return 0 if OrdStatus(order.status) in CLOSED_STATUSES else may_fill(order)


def _tell(batch: Batch) -> None:
    """Publish each order and execution that changed, once each, in one trip after the commit."""
    moved = batch.moved.values()
    told = [live.message("orders", "order", order_row(order), account=order.account.code) for order in moved]
    told += [
        live.message("executions", "execution", execution_row(execution), account=execution.account.code)
        for execution in batch.executions
    ]
    if told:
        live.publish_all_on_commit(told)
