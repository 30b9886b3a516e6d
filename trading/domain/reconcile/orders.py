"""What a broker's list of orders tells about ours."""

from dataclasses import dataclass
from datetime import datetime

from allcore.kernel.orders import OrdStatus
from allcore.kernel.reports import ExecutionReport, OrderReport, ReportKind, charged

UNACKNOWLEDGED = frozenset({OrdStatus.PENDING_NEW, OrdStatus.IN_DOUBT, OrdStatus.REJECTED})
OPEN_AT_BROKER = frozenset(
    {
        OrdStatus.NEW,
        OrdStatus.PARTIALLY_FILLED,
        OrdStatus.PENDING_CANCEL,
        OrdStatus.PENDING_REPLACE,
        OrdStatus.SUSPENDED,
        OrdStatus.DONE_FOR_DAY,
    }
)
ENDED = {
    OrdStatus.CANCELED: ReportKind.UNSOLICITED_CANCEL,
    OrdStatus.EXPIRED: ReportKind.EXPIRE,
    OrdStatus.REJECTED: ReportKind.REJECT,
}
CLOSED_AT_BROKER = frozenset({OrdStatus.FILLED, *ENDED})


@dataclass(frozen=True, slots=True)
class Ours:
    """An order as our books have it. `cum_qty` None: the broker's order is only a part of ours."""

    status: OrdStatus
    exec_ids: frozenset[str]
    awaits_replace: bool = False  # the broker lists the order under the id of a replacement nobody answered
    cancel_id: str = ""  # of a cancel that was asked for and not answered
    cum_qty: int | None = None
    live: frozenset[str] = frozenset()  # the executions that count, each by the broker's own name
    unpaid: frozenset[str] = frozenset()  # executions, each with its leg (`X/0`), that stand booked without a cost


def missing_reports(
    theirs: OrderReport, ours: Ours | None, *, connection: str, taken_at: datetime
) -> tuple[ExecutionReport, ...]:
    """Return what the broker must have told us and we have not applied: acceptance, then fills, then the end.

    A list that has fewer fills than we do is old and tells nothing but which of them were corrected or taken back: that
    may be why it has fewer. One that has more without saying which holds the end back: executions are asked for before
    the status changes.
    """
    if is_stale(theirs, ours):
        return amendments(theirs, ours)
    fills = new_fills(theirs, ours) or charges(theirs, ours)
    reports: list[ExecutionReport] = []
    status = OrdStatus(theirs.status)
    if ours is not None and _was_accepted(ours, status, fills):
        reports.append(_say(ReportKind.ACK, theirs, connection, taken_at))
    if ours is not None and ours.awaits_replace:
        reports.append(_say(ReportKind.REPLACE_ACK, theirs, connection, taken_at))
    reports.extend(fills)
    ends = (ending := ENDED.get(status)) is not None and (ours is None or ours.status not in ENDED)
    if ends and ending is not None and not lacks_executions(theirs, ours):
        asked = ours is not None and bool(ours.cancel_id) and ending is ReportKind.UNSOLICITED_CANCEL
        if asked and ours is not None:
            reports.append(_say(ReportKind.CANCEL_ACK, theirs, connection, taken_at, cl_ord_id=ours.cancel_id))
        else:
            reports.append(_say(ending, theirs, connection, taken_at))
    return tuple(reports)


def agrees(theirs: OrderReport, ours: Ours | None) -> bool:
    """Return whether both have the order as ended alike, to the last fill: the list tells nothing of it then."""
    return (
        ours is not None
        and ours.status in CLOSED_AT_BROKER
        and (theirs.status, theirs.cum_qty) == (ours.status, ours.cum_qty)
        and not new_fills(theirs, ours)
        and not charges(theirs, ours)
    )


def _was_accepted(ours: Ours, status: OrdStatus, fills: tuple[ExecutionReport, ...]) -> bool:
    if status is OrdStatus.REJECTED or ours.status not in UNACKNOWLEDGED:
        return False
    # What we hold for rejected is alive again only if the broker works it: an ended one has nothing left to work.
    return ours.status is not OrdStatus.REJECTED or status in OPEN_AT_BROKER


def new_fills(theirs: OrderReport, ours: Ours | None) -> tuple[ExecutionReport, ...]:
    """Return the executions that our books lack, and what was taken back of those that they have."""
    if ours is None:
        return theirs.fills
    gone = tuple(report for report in theirs.taken_back if report.ref_exec_id in ours.live)
    return (*(f for f in theirs.fills if any(leg.exec_id not in ours.exec_ids for leg in f.fills)), *gone)


def amendments(theirs: OrderReport, ours: Ours | None) -> tuple[ExecutionReport, ...]:
    """Return how executions that count in our books were corrected or taken back since."""
    live = frozenset() if ours is None else ours.live
    return tuple(report for report in new_fills(theirs, ours) if report.ref_exec_id in live)


def charges(theirs: OrderReport, ours: Ours | None) -> tuple[ExecutionReport, ...]:
    """Return what gives executions their cost that were booked without: it was told after them, or not at all."""
    unpaid = frozenset() if ours is None else ours.unpaid
    told = [(report, leg) for report in theirs.fills for leg in report.fills] if unpaid else []
    return tuple(charged(report, leg) for report, leg in told if leg.fee and f"{leg.exec_id}/{leg.leg}" in unpaid)


def is_stale(theirs: OrderReport, ours: Ours | None) -> bool:
    """Return whether the broker's list is older than what it has told us since: it has fewer fills."""
    return ours is not None and ours.cum_qty is not None and theirs.cum_qty < ours.cum_qty


def lacks_executions(theirs: OrderReport, ours: Ours | None) -> bool:
    """Return whether the broker has filled more than all the executions that it has told."""
    if ours is None or ours.cum_qty is None:
        return False
    told = (report for report in new_fills(theirs, ours) if report.kind is ReportKind.FILL)  # a correction adds nothing
    return theirs.cum_qty > ours.cum_qty + sum(report.combo_qty for report in told)


def _say(
    kind: ReportKind, theirs: OrderReport, connection: str, taken_at: datetime, *, cl_ord_id: str = ""
) -> ExecutionReport:
    return ExecutionReport(
        kind=kind,
        connection=connection,
        account=theirs.account,
        cl_ord_id=cl_ord_id or theirs.cl_ord_id,
        transact_at=taken_at,
        broker_order_id=theirs.broker_order_id,
        reason="learnt by reconciliation",
    )
