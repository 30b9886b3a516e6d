"""Executions, busts and corrections: what was traded, applied once."""

from dataclasses import replace
from decimal import Decimal

from allcore.kernel.clock import new_york_date
from allcore.kernel.errors import RefusedError
from allcore.kernel.orders import PriceEffect
from allcore.kernel.reports import ExecutionReport, LegFill, uncharged
from trading.domain.orders.units import Units, units_of
from trading.models import Execution, Order
from trading.services import unite
from trading.services.batch import Batch
from trading.services.cash import reversal_of
from trading.services.entries import entry_of

PX_PLACES = Decimal("0.00000001")


class UnbookableError(RefusedError):
    """The report contradicts what is known; it is kept aside for a person."""

    code = "UNBOOKABLE"


class ExecIdConflictError(UnbookableError):
    """The ExecID was seen with other content."""

    code = "EXEC_ID_CONFLICT"


class LegMismatchError(UnbookableError):
    """The report names a leg or an instrument that the order does not have."""

    code = "LEG_MISMATCH"


class UnknownExecIdError(UnbookableError):
    """A bust or correction of an execution that was never booked."""

    code = "UNKNOWN_EXEC_ID"


def is_known(batch: Batch, account_id: int, report: ExecutionReport) -> bool:
    """Return whether the report's executions are all booked already, exactly so.

    Raises:
        ExecIdConflictError: some are, or with other content.
    """
    seen = [batch.known.get((account_id, fill.exec_id, fill.leg)) for fill in report.fills]
    same = [row is not None and _says(row) == _content(fill) for row, fill in zip(seen, report.fills, strict=True)]
    if any(row is not None for row in seen) and not all(same):
        ids = ", ".join(sorted({fill.exec_id for fill in report.fills}))
        raise ExecIdConflictError(f"Execution {ids} was booked with other content; the new one is not applied.")
    return bool(seen) and all(same)


def _says(row: Execution) -> tuple[object, ...]:
    return row.instrument.symbol, row.side, row.qty, row.px


def _content(fill: LegFill) -> tuple[object, ...]:
    return fill.symbol, fill.side, fill.qty, fill.px


def book_fill(batch: Batch, order: Order, report: ExecutionReport) -> None:
    """Apply an execution to its order and put its legs down for booking."""
    if is_known(batch, order.account_id, report):
        return
    units = _units(batch, order, report)
    executions = [_execution(batch, order, report, fill) for fill in report.fills]
    if units.is_balanced:
        data = {"exec": report.fills[0].exec_id, "qty": units.qty, "px": units.px}
        unite.advance(batch, order, "fill", data, report)
    else:
        unite.complete(batch, order, report, executions)
    _note(batch, executions)
    _record(batch, order, "execution.booked", report)


def bust(batch: Batch, order: Order, report: ExecutionReport) -> None:
    """Take an execution back: the books are made again without it."""
    gone = _live(batch, order, report)
    if not gone:
        return
    if len(batch.legs.get(order.pk, ())) > 1:
        unite.recount(batch, order, report, gone)
    else:
        data = {"exec": report.ref_exec_id, "reinstated": bool(report.raw.get("reinstated")), "reason": report.reason}
        unite.advance(batch, order, "bust", data, report)
    _take_back(batch, gone, Execution.Status.BUSTED)
    _record(batch, order, "execution.busted", report)


def correct(batch: Batch, order: Order, report: ExecutionReport) -> None:
    """Replace an execution by what the broker now says it was; both versions stay on record."""
    if is_known(batch, order.account_id, report):
        return
    gone = _live(batch, order, report)
    if not gone:
        return
    units = _units(batch, order, report)
    executions = [_execution(batch, order, report, fill) for fill in report.fills]
    if uncharged(report.fills[0].exec_id) == report.ref_exec_id:
        _charge(batch, order, report, gone, executions)
        return
    new_id = report.fills[0].exec_id
    if units.is_balanced:
        data = {"exec": report.ref_exec_id, "new_exec": new_id, "qty": units.qty, "px": units.px}
        unite.advance(batch, order, "correct", data, report)
    else:
        unite.recount(batch, order, report, gone, executions)
    _take_back(batch, gone, Execution.Status.CORRECTED)
    _note(batch, executions)
    batch.stale |= {(execution.account_id, execution.instrument_id) for execution in executions}
    _record(batch, order, "execution.corrected", report)


def _charge(
    batch: Batch, order: Order, report: ExecutionReport, gone: list[Execution], executions: list[Execution]
) -> None:
    """Replace what was booked by the same with its cost. To the order nothing has happened.

    Raises:
        ExecIdConflictError: it is not the same.
    """
    legs = {execution.leg for execution in executions}
    gone = [execution for execution in gone if execution.leg in legs]
    if [_says(row) for row in gone] != [_content(fill) for fill in report.fills]:
        raise ExecIdConflictError(
            f"Execution {report.ref_exec_id} was booked with other content than it is charged for."
        )
    for old, new in zip(gone, executions, strict=True):
        new.market, new.trade_date, new.transact_at = old.market, old.trade_date, old.transact_at
    _take_back(batch, gone, Execution.Status.CORRECTED)
    _note(batch, executions)
    _record(batch, order, "execution.charged", report)


def _live(batch: Batch, order: Order, report: ExecutionReport) -> list[Execution]:
    """Return the executions that the report refers to, their cost told or not; none, if they were taken back before.

    Raises:
        UnknownExecIdError: there never were any.
    """
    ref = report.ref_exec_id
    named = [e for e in batch.known.values() if uncharged(e.exec_id) == ref and e.order_id == order.pk]
    if not named:
        raise UnknownExecIdError(f"Execution {report.ref_exec_id!r} of order {order.cl_ord_id} is not known here.")
    return [execution for execution in named if execution.status == Execution.Status.LIVE]


def _take_back(batch: Batch, gone: list[Execution], status: Execution.Status) -> None:
    for execution in gone:
        execution.status = status
        entry = entry_of(execution)
        batch.corrections.append(reversal_of(entry, f"{status.label}: {execution.exec_id}"))
        batch.stale.add(entry.pair)
    batch.taken_back.extend(gone)


def _units(batch: Batch, order: Order, report: ExecutionReport) -> Units:
    legs = {leg.index: leg for leg in batch.legs.get(order.pk, ())}
    for fill in report.fills:
        leg = legs.get(fill.leg)
        if leg is None or leg.instrument.symbol != fill.symbol:
            raise LegMismatchError(f"Order {order.cl_ord_id} has no leg {fill.leg} in {fill.symbol!r}.")
    if not report.fills:
        raise LegMismatchError(f"An execution of order {order.cl_ord_id} names no leg.")
    units = units_of(report.fills, unite.shapes(legs.values()), report.combo_qty, PriceEffect(order.price_effect))
    return replace(units, px=units.px.quantize(PX_PLACES).normalize())


def _execution(batch: Batch, order: Order, report: ExecutionReport, fill: LegFill) -> Execution:
    quotes = report.raw.get("quotes")
    return Execution(
        order=order,
        connection=order.account.connection,
        account=order.account,
        instrument=batch.instruments[fill.symbol],
        exec_id=fill.exec_id,
        leg=fill.leg,
        side=fill.side,
        qty=fill.qty,
        px=fill.px,
        fee=fill.fee,
        market=quotes.get(fill.symbol, {}) if isinstance(quotes, dict) else {},
        trade_date=new_york_date(report.transact_at),
        transact_at=report.transact_at,
        received_at=batch.now,
    )


def _note(batch: Batch, executions: list[Execution]) -> None:
    for execution in executions:
        batch.known[execution.account_id, execution.exec_id, execution.leg] = execution
    batch.executions += executions
    batch.entries += [entry_of(execution) for execution in executions]


def _record(batch: Batch, order: Order, action: str, report: ExecutionReport) -> None:
    fills = [
        {"exec_id": f.exec_id, "leg": f.leg, "symbol": f.symbol, "side": f.side, "qty": f.qty, "px": f.px, "fee": f.fee}
        for f in report.fills
    ]
    seen = {"ref_exec_id": report.ref_exec_id, "transact_at": report.transact_at.isoformat(), "fills": fills}
    batch.audit(order, action, seen)
