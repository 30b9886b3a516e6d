"""What happened between two looks at an order."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from allcore.kernel.reports import ExecutionReport, LegFill, ReportKind
from brokers.rest.combos import Units, whole_units
from brokers.rest.views import ENDED, LegExecution, OrderView, Standing

TAKEN = frozenset({Standing.WORKING, Standing.CANCELING}) | ENDED - {Standing.REJECTED}
ENDINGS = {
    Standing.CANCELED: ReportKind.UNSOLICITED_CANCEL,
    Standing.EXPIRED: ReportKind.EXPIRE,
    Standing.REJECTED: ReportKind.REJECT,
    Standing.REPLACED: ReportKind.UNSOLICITED_CANCEL,  # elsewhere: the desk cancels, and sends anew
}
OPEN = frozenset({Standing.PENDING, Standing.WORKING, Standing.CANCELING, Standing.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Names:
    """What we call the order, and the cancel that was asked for, if one was."""

    connection: str
    cl_ord_id: str
    cancel_id: str = ""


def changes(
    before: OrderView | None, after: OrderView, names: Names, *, is_acknowledged: bool, now: datetime
) -> tuple[ExecutionReport, ...]:
    """Return what the broker would have told, had it a line to tell it on: acceptance, executions, the end."""
    say = _Speaker(names, after, now)
    reports = []
    if not is_acknowledged and after.standing in TAKEN:
        reports.append(say.of(ReportKind.ACK))
    reports += _traded(before, after, say)
    if before is None or before.standing in OPEN:
        reports += _ended(after, names, say)
    return tuple(reports)


def answers(view: OrderView, names: Names, *, now: datetime) -> tuple[ExecutionReport, ...]:
    """Return what an order's end answers to a cancel that was asked for."""
    said = _ended(view, names, _Speaker(names, view, now))
    return tuple(report for report in said if report.cl_ord_id == names.cancel_id)


def fills_of(view: OrderView, names: Names) -> tuple[ExecutionReport, ...]:
    """Return every whole unit that has traded, as fills."""
    say = _Speaker(names, view, view.entered_at)
    return tuple(say.traded(units) for units in whole_units(view))


def _traded(before: OrderView | None, after: OrderView, say: "_Speaker") -> list[ExecutionReport]:
    """Return what traded, what was corrected and what was taken back since.

    A corrected execution has another id (`renamed`), made of the first one's: the two find each other by that.
    """
    was = {fill.exec_id: fill for units in (() if before is None else whole_units(before)) for fill in units.fills}
    units_now = whole_units(after)
    fills_now = {fill.exec_id: fill for units in units_now for fill in units.fills}
    gone = [key for key in was if key not in fills_now]
    successors = {_origin(key): fill for key, fill in fills_now.items() if key not in was}
    corrected = {key: successors[_origin(key)] for key in gone if _origin(key) in successors}
    said = set(was) | {fill.exec_id for fill in corrected.values()}
    reports = [say.traded(units) for units in units_now if any(fill.exec_id not in said for fill in units.fills)]
    reports += [say.corrected(key, fill) for key, fill in corrected.items()]
    return reports + [say.busted(was[key]) for key in gone if key not in corrected]


def renamed(view: OrderView, first: Mapping[str, tuple[int, Decimal]]) -> OrderView:
    """Return the view with another id for each execution that is not what it was `first` (by id: quantity, price)."""
    return replace(view, executions=tuple(_renamed(e, first.get(e.exec_id)) for e in view.executions))


def _renamed(execution: LegExecution, first: tuple[int, Decimal] | None) -> LegExecution:
    if first is None or first == (execution.qty, execution.px):
        return execution
    return replace(execution, exec_id=f"{execution.exec_id}~{execution.qty}x{execution.px.normalize():f}")


def _origin(exec_id: str) -> str:
    return re.sub(r"~[^+]*", "", exec_id)


def _ended(after: OrderView, names: Names, say: "_Speaker") -> list[ExecutionReport]:
    if names.cancel_id and after.standing is Standing.CANCELED:
        return [say.of(ReportKind.CANCEL_ACK, cl_ord_id=names.cancel_id)]
    ending = [say.of(ENDINGS[after.standing])] if after.standing in ENDINGS else []
    if names.cancel_id and after.standing not in OPEN:
        ending.append(say.of(ReportKind.CANCEL_REJECT, cl_ord_id=names.cancel_id, reason="TOO_LATE"))
    return ending


class _Speaker:
    def __init__(self, names: Names, view: OrderView, now: datetime) -> None:
        self._names = names
        self._view = view
        self._now = now

    def of(self, kind: ReportKind, *, cl_ord_id: str = "", reason: str = "") -> ExecutionReport:
        view = self._view
        return ExecutionReport(
            kind=kind,
            connection=self._names.connection,
            account=view.account,
            cl_ord_id=cl_ord_id or self._names.cl_ord_id,
            transact_at=self._now,
            broker_order_id=view.broker_order_id,
            reason=reason or view.reason,
            text=view.text,
            raw=view.raw,
        )

    def traded(self, units: Units) -> ExecutionReport:
        view = self._view
        return ExecutionReport(
            kind=ReportKind.FILL,
            connection=self._names.connection,
            account=view.account,
            cl_ord_id=self._names.cl_ord_id,
            transact_at=units.at,
            broker_order_id=view.broker_order_id,
            fills=units.fills,
            combo_qty=units.qty,
        )

    def corrected(self, old: str, fill: LegFill) -> ExecutionReport:
        return self._about(ReportKind.CORRECT, old, (fill,))

    def busted(self, fill: LegFill) -> ExecutionReport:
        return self._about(ReportKind.BUST, fill.exec_id, ())

    def _about(self, kind: ReportKind, exec_id: str, fills: tuple[LegFill, ...]) -> ExecutionReport:
        view = self._view
        return ExecutionReport(
            kind=kind,
            connection=self._names.connection,
            account=view.account,
            cl_ord_id=self._names.cl_ord_id,
            transact_at=self._now,
            broker_order_id=view.broker_order_id,
            fills=fills,
            ref_exec_id=exec_id,
            raw=view.raw,
        )
