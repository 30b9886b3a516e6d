"""Orders at the broker that are not ours. They are real: each gets one row of its own, and what it fills is booked."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from allcore.kernel.orders import CLOSED_STATUSES, OrdStatus, OrdType, PositionEffect, PriceEffect, TimeInForce
from allcore.kernel.reports import ExecutionReport, OrderReport, ReportKind
from allcore.kernel.tickets import OrderTicket, TicketLeg, natural_effect
from brokers.models import Account
from marketdata.models import Instrument
from trading.models import ExternalOrder, Order, OrderEvent
from trading.services import enlist
from trading.services.advance import advance
from trading.services.batch import Batch
from trading.services.enlist import ACTOR, Found
from trading.services.spoken import legs_of
from trading.services.submit import cancel_locked
from trading.services.trades import UnbookableError, is_known

FOUND = "An order that is not from this desk works at the broker."
Told = TypeVar("Told", ExecutionReport, OrderReport)
EXECUTED = "The broker executed an order that is not from this desk."


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


def named(report: Told) -> Told:
    """Return the report under the order's name: of one that is not ours, and has none of ours, the broker's id."""
    nameless = not report.cl_ord_id and report.broker_order_id
    return replace(report, cl_ord_id=report.broker_order_id) if nameless else report


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
    known = {symbol: batch.instruments[symbol] for f in report.fills if (symbol := f.symbol) in batch.instruments}
    _check_listed([fill.symbol for fill in report.fills], known)
    theirs = report.cl_ord_id or f"exec:{report.fills[0].exec_id}"
    ticket = _ticket_of_fills(account, report, known)
    found = Found(account, theirs, report.broker_order_id, ticket, report.transact_at, EXECUTED)
    request = enlist.insert(found, known, now=batch.now)
    batch.requests[theirs] = request
    batch.legs |= legs_of({request.order.pk})
    return request.order


def make_room(batch: Batch, order: Order, report: ExecutionReport) -> None:
    """Let an order that is not ours be as large as what it fills: how large it is, only the broker knows."""
    if order.origin != Order.Origin.EXTERNAL or report.kind is not ReportKind.FILL:
        return
    if is_known(batch, order.account_id, report):
        return
    ratios = {leg.index: leg.ratio for leg in batch.legs.get(order.pk, ())}
    units = report.combo_qty or min((fill.qty // ratios.get(fill.leg, 1) for fill in report.fills), default=0)
    if order.cum_qty + units > order.order_qty:
        _restate(order, order.cum_qty + units, batch.now)


def take_listed(connection: str, theirs: OrderReport, *, now: datetime) -> Order:
    """Return a row for an order that the broker lists and we do not know.

    Raises:
        NotOurAccountError, UnknownOrderError, UnlistedInstrumentError: it has no account, terms or instrument here.
    """
    accounts = Account.objects.select_related("connection").filter(connection__name=connection)
    account = accounts.filter(broker_account=theirs.account).first()
    if account is None:
        raise NotOurAccountError(f"No account of {connection} has the number {theirs.account!r}.")
    if theirs.ticket is None:
        raise UnknownOrderError(f"Order {theirs.cl_ord_id!r} is not known here, and the broker does not say its terms.")
    symbols = [leg.symbol for leg in theirs.ticket.legs]
    rows = Instrument.objects.select_related("underlying").filter(symbol__in=symbols)
    known = {row.symbol: row for row in rows}
    _check_listed(symbols, known)
    found = Found(account, theirs.cl_ord_id, theirs.broker_order_id, theirs.ticket, now, FOUND)
    return enlist.insert(found, known, now=now).order


def keep_up(order: Order, theirs: OrderReport, *, now: datetime) -> None:
    """Take over the size that the broker says, and do with the order what the account's policy asks for."""
    if order.order_qty != theirs.order_qty and theirs.order_qty >= order.cum_qty:
        _restate(order, theirs.order_qty, now)
    row = ExternalOrder.objects.filter(order=order, state=ExternalOrder.State.OBSERVED, decided_at=None).first()
    policy = order.account.external_policy
    if row is None or policy == Account.ExternalPolicy.OBSERVE or OrdStatus(order.status) in CLOSED_STATUSES:
        return
    cancels = policy == Account.ExternalPolicy.CANCEL
    row.state = ExternalOrder.State.CANCELING if cancels else ExternalOrder.State.ADOPTED
    row.reason, row.decided_at = f"The account's policy: {policy.lower()}.", now
    row.save(update_fields=["state", "reason", "decided_at"])
    if cancels:
        cancel_locked(order, actor=ACTOR, reason="not from this desk", now=now)
    enlist.note(order, "order.adopted" if not cancels else "order.external_canceled", {"reason": row.reason}, now)


def _restate(order: Order, qty: int, now: datetime) -> None:
    advance(order, "restate", now=now, source=OrderEvent.Source.BROKER, actor=ACTOR, data={"qty": qty})


def _check_listed(symbols: Sequence[str], known: Mapping[str, Instrument]) -> None:
    for symbol in symbols:
        if symbol not in known:
            raise UnlistedInstrumentError(f"No instrument is called {symbol!r}; the execution is not booked.")


def _executed(batch: Batch, account: Account, report: ExecutionReport) -> Order:
    for (account_id, exec_id, _), execution in batch.known.items():
        if account_id == account.pk and exec_id == report.ref_exec_id:
            if (
                execution.order_id in batch.moved
            ):  # an earlier report of the batch changed it, and it is not written yet
                return batch.moved[execution.order_id]
            locked = Order.objects.select_for_update(of=("self",)).select_related("account__connection")
            order = locked.get(pk=execution.order_id)
            batch.legs |= legs_of({order.pk})
            return order
    raise UnknownOrderError(f"Execution {report.ref_exec_id!r} is not known here.")


def _ticket_of_fills(account: Account, report: ExecutionReport, known: Mapping[str, Instrument]) -> OrderTicket:
    """Return what a first execution tells of its order; its whole size and its price are not known."""
    first, is_single = report.fills[0], len(report.fills) == 1
    instrument = known[first.symbol]
    units = report.combo_qty or min(fill.qty for fill in report.fills)
    return OrderTicket(
        account=account.code,
        underlying=instrument.symbol if instrument.underlying is None else instrument.underlying.symbol,
        legs=tuple(
            TicketLeg(
                symbol=fill.symbol,
                side=fill.side,
                position_effect=PositionEffect.OPEN,  # not known; what it did to the position, its lots say
                ratio=max(fill.qty // units, 1),
                multiplier=known[fill.symbol].multiplier,
            )
            for fill in sorted(report.fills, key=lambda fill: fill.leg)
        ),
        quantity=units,
        ord_type=OrdType.MARKET,
        time_in_force=TimeInForce.DAY,
        price_effect=natural_effect(first.side) if is_single else PriceEffect.EVEN,
    )
