"""Reports of orders that are not ours. What was executed is real: the order gets a row of its own and is booked."""

from allcore.audit.services import record
from allcore.kernel.clock import new_york_date
from allcore.kernel.ids import mint_cl_ord_id
from allcore.kernel.orders import OrdStatus, OrdType, PositionEffect, PriceEffect, Side, TimeInForce
from allcore.kernel.reports import ExecutionReport, ReportKind
from allcore.kernel.tickets import natural_effect
from brokers.models import Account
from trading.domain.orders.lifecycle import OrderState
from trading.models import Order, OrderEvent, OrderLeg, OrderRequest
from trading.services.advance import open_order
from trading.services.alerts import raise_alert
from trading.services.batch import Batch, legs_of
from trading.services.quarantine import ACTOR
from trading.services.trades import UnbookableError, is_known


class AccountMismatchError(UnbookableError):
    """The report and its order are of different accounts."""

    code = "ACCOUNT_MISMATCH"


class NotOurAccountError(UnbookableError):
    """No account of the connection has that number."""

    code = "NOT_OUR_ACCOUNT"


class UnknownOrderError(UnbookableError):
    """The report is of no order that is known here, and tells of no execution."""

    code = "UNKNOWN_ORDER"


class UnlistedInstrumentError(UnbookableError):
    """The report names an instrument that is not known here."""

    code = "UNLISTED_INSTRUMENT"


def account_of(batch: Batch, number: str) -> Account:
    """Return the account that the broker's number, or our own code, names.

    Raises:
        NotOurAccountError: none.
    """
    if number not in batch.accounts:
        raise NotOurAccountError(f"No account of {batch.connection} has the number {number!r}.")
    return batch.accounts[number]


def order_of(batch: Batch, report: ExecutionReport) -> Order | None:
    """Return the order to book the report on, made for it if need be; None if the report was booked before.

    Raises:
        NotOurAccountError, UnknownOrderError, UnlistedInstrumentError, ExecIdConflictError: it cannot be booked.
    """
    account = account_of(batch, report.account)
    if report.kind in (ReportKind.BUST, ReportKind.CORRECT):
        return _executed(batch, account, report)
    if report.kind is not ReportKind.FILL or not report.fills:
        raise UnknownOrderError(f"Order {report.cl_ord_id!r} is not known here.")
    if is_known(batch, account.pk, report):
        return None
    for fill in report.fills:
        if fill.symbol not in batch.instruments:
            raise UnlistedInstrumentError(f"No instrument is called {fill.symbol!r}; the execution is not booked.")
    return _adopt(batch, account, report)


def _executed(batch: Batch, account: Account, report: ExecutionReport) -> Order:
    for (account_id, exec_id, _), execution in batch.known.items():
        if account_id == account.pk and exec_id == report.ref_exec_id:
            locked = Order.objects.select_for_update(of=("self",)).select_related("account__connection")
            order = locked.get(pk=execution.order_id)
            batch.legs |= legs_of({order.pk})
            return order
    raise UnknownOrderError(f"Execution {report.ref_exec_id!r} is not known here.")


def _adopt(batch: Batch, account: Account, report: ExecutionReport) -> Order:
    """Return a new EXTERNAL order: of the account, of no strategy.

    Its ClOrdID follows from the execution, so that the same report makes the same order. Each further execution makes
    another: how large the whole order is, is not known here.
    """
    order = _blank(batch, account, report)
    open_order(order, [("ack", {})], now=batch.now, source=OrderEvent.Source.BROKER, actor=ACTOR)
    batch.legs[order.pk] = OrderLeg.objects.bulk_create(
        OrderLeg(
            order=order,
            index=fill.leg,
            instrument=batch.instruments[fill.symbol],
            side=fill.side,
            position_effect=PositionEffect.OPEN,  # not known; what it did to the position, its lots say
            ratio=max(fill.qty // order.order_qty, 1),
        )
        for fill in report.fills
    )
    OrderRequest.objects.create(
        order=order,
        connection=order.connection,
        kind=OrderRequest.Kind.NEW,
        cl_ord_id=order.cl_ord_id,
        state=OrderRequest.State.ACKED,
        created_at=batch.now,
        sent_at=batch.now,
        answered_at=batch.now,
    )
    seen = {"cl_ord_id": order.cl_ord_id, "theirs": report.cl_ord_id, "broker_order_id": report.broker_order_id}
    record("order.external", f"order:{order.pk}", seen, actor=ACTOR, at=batch.now, account=account.code)
    raise_alert(order, "EXTERNAL_ORDER", "The broker executed an order that is not from this desk.", now=batch.now)
    return order


def _blank(batch: Batch, account: Account, report: ExecutionReport) -> Order:
    first, is_single = report.fills[0], len(report.fills) == 1
    instrument = batch.instruments[first.symbol]
    units = report.combo_qty or min(fill.qty for fill in report.fills)
    cl_ord_id = mint_cl_ord_id(f"external:{batch.connection}:{account.broker_account}:{first.exec_id}")
    state = OrderState(order_qty=units, chain=(cl_ord_id,), base=OrdStatus.PENDING_NEW)
    return Order(
        cl_ord_id=cl_ord_id,
        account=account,
        connection=account.connection,
        origin=Order.Origin.EXTERNAL,
        underlying=instrument.symbol if instrument.underlying is None else instrument.underlying.symbol,
        description="Found at the broker",
        side=first.side if is_single else Side.SELL,
        ord_type=OrdType.MARKET,
        time_in_force=TimeInForce.DAY,
        price_effect=natural_effect(first.side) if is_single else PriceEffect.EVEN,
        order_qty=units,
        state=state.as_dict(),
        broker_order_id=report.broker_order_id,
        trace_id="",
        trade_date=new_york_date(report.transact_at),
        created_at=batch.now,
        sent_at=batch.now,
    )
