"""What a broker's list of orders tells about ours."""

from dataclasses import dataclass
from datetime import datetime

from allcore.kernel.orders import OrdStatus
from allcore.kernel.reports import ExecutionReport, OrderReport, ReportKind

UNACKNOWLEDGED = frozenset({OrdStatus.PENDING_NEW, OrdStatus.IN_DOUBT})
OPEN_AT_BROKER = frozenset(
    {OrdStatus.NEW, OrdStatus.PARTIALLY_FILLED, OrdStatus.PENDING_CANCEL, OrdStatus.PENDING_REPLACE}
)
ENDED = {
    OrdStatus.CANCELED: ReportKind.UNSOLICITED_CANCEL,
    OrdStatus.EXPIRED: ReportKind.EXPIRE,
    OrdStatus.REJECTED: ReportKind.REJECT,
}


@dataclass(frozen=True, slots=True)
class Ours:
    """An order as our books have it."""

    status: OrdStatus
    exec_ids: frozenset[str]
    awaits_replace: bool = False  # the broker lists the order under the id of a replacement nobody answered


def missing_reports(
    theirs: OrderReport, ours: Ours | None, *, connection: str, taken_at: datetime
) -> tuple[ExecutionReport, ...]:
    """Return what the broker must have told us and we have not applied: acceptance, then fills, then the end."""
    fills = tuple(f for f in theirs.fills if ours is None or any(leg.exec_id not in ours.exec_ids for leg in f.fills))
    reports: list[ExecutionReport] = []
    status = OrdStatus(theirs.status)
    if ours is not None and ours.status in UNACKNOWLEDGED and status is not OrdStatus.REJECTED:
        reports.append(_say(ReportKind.ACK, theirs, connection, taken_at))
    if ours is not None and ours.awaits_replace:
        reports.append(_say(ReportKind.REPLACE_ACK, theirs, connection, taken_at))
    reports.extend(fills)
    if (ending := ENDED.get(status)) is not None and (ours is None or ours.status not in ENDED):
        reports.append(_say(ending, theirs, connection, taken_at))
    return tuple(reports)


def _say(kind: ReportKind, theirs: OrderReport, connection: str, taken_at: datetime) -> ExecutionReport:
    return ExecutionReport(
        kind=kind,
        connection=connection,
        account=theirs.account,
        cl_ord_id=theirs.cl_ord_id,
        transact_at=taken_at,
        broker_order_id=theirs.broker_order_id,
        reason="learnt by reconciliation",
    )
