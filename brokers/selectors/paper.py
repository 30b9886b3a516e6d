"""The paper broker's books, as its records."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet, Sum

from allcore.kernel.instructions import InstructionKind
from allcore.kernel.instructions import Standing as InstructionStanding
from allcore.kernel.orders import Side
from allcore.kernel.reports import BookKind
from allcore.kernel.tickets import OrderTicket
from brokers.models import (
    Account,
    PaperAccount,
    PaperBooking,
    PaperExecution,
    PaperInstruction,
    PaperOrder,
    PaperPosition,
    PaperRequest,
)
from brokers.paper.actions import Standing
from brokers.paper.books import AccountBook, Holding
from brokers.paper.market import Queue, Shelf, Taken
from brokers.paper.records import (
    OPEN_STATUSES,
    BookingRecord,
    Carried,
    FillRecord,
    InstructionRecord,
    OrderRecord,
    RequestKind,
    RequestRecord,
    RequestState,
    Status,
)
from brokers.paper.settlement import Settlement
from brokers.paper.store import History, Snapshot
from brokers.paper.triggers import Watch


def snapshot(connection_name: str) -> Snapshot:
    """Return what a session needs to go on."""
    accounts = _accounts(connection_name)
    orders = PaperOrder.objects.filter(account__in=accounts, status__in=OPEN_STATUSES)
    requests = PaperRequest.objects.filter(account__in=accounts, state=RequestState.PENDING)
    records = _order_records(orders.order_by("arrives_at", "id"))
    symbols = {leg.symbol for record in records for leg in record.ticket.legs}
    return Snapshot(
        accounts=account_books(connection_name),
        orders=records,
        requests=tuple(
            _request_record(r) for r in requests.select_related("account", "order").order_by("arrives_at", "id")
        ),
        taken=_taken(symbols),
        ids=_ids_of_open(orders),
        instructions=_instructions(connection_name, Q(standing=InstructionStanding.ACCEPTED)),
    )


def account_books(connection_name: str) -> dict[str, AccountBook]:
    """Return cash and holdings of each of the connection's accounts."""
    accounts = {row.id: row for row in _accounts(connection_name).order_by("id")}
    holdings: dict[int, dict[str, Holding]] = {account_id: {} for account_id in accounts}
    for row in PaperPosition.objects.filter(account__in=accounts).order_by("account_id", "symbol"):
        holdings[row.account_id][row.symbol] = Holding(row.qty, row.avg_px)
    return {
        row.number: AccountBook(
            row.number,
            row.cash,
            holdings[row.id],
            Standing.from_dict(row.standing),
            Settlement.from_dict(row.settlement),
        )
        for row in accounts.values()
    }


def order_of(account: str, any_id: str) -> str | None:
    """Return the first id of the order that the account ever knew by the id: its own, or an accepted replace's."""
    by_own = PaperOrder.objects.filter(account__number=account, cl_ord_id=any_id)
    by_replace = PaperRequest.objects.filter(
        account__number=account, cl_ord_id=any_id, kind=RequestKind.REPLACE, order__isnull=False
    )
    return (
        by_own.values_list("cl_ord_id", flat=True).first()
        or by_replace.order_by("id").values_list("order__cl_ord_id", flat=True).first()
    )


def history(connection_name: str, since: datetime) -> History:
    """Return what is open or has changed since the system's time `since`, orders with all their executions."""
    accounts = _accounts(connection_name)
    open_or_changed = Q(status__in=OPEN_STATUSES) | Q(changed_at__gte=since)
    orders = _order_records(PaperOrder.objects.filter(open_or_changed, account__in=accounts).order_by("id"))
    # By name, and not by the same question again: the planner finds a few names by their index.
    fills = PaperExecution.objects.filter(order__cl_ord_id__in=[order.cl_ord_id for order in orders])
    bookings = PaperBooking.objects.filter(account__in=accounts, booked_at__gte=since).select_related("account")
    return History(
        accounts=account_books(connection_name),
        orders=orders,
        fills=tuple(_fill_record(row) for row in fills.select_related("order__account").order_by("id")),
        bookings=tuple(_booking_record(row) for row in bookings.order_by("id")),
    )


def instructions(connection_name: str, ids: Sequence[str]) -> tuple[InstructionRecord, ...]:
    """Return those of the connection's exercise instructions that have the ids."""
    return _instructions(connection_name, Q(instruction_id__in=ids))


def _instructions(connection_name: str, which: Q) -> tuple[InstructionRecord, ...]:
    found = PaperInstruction.objects.filter(which, account__in=_accounts(connection_name)).select_related("account")
    return tuple(
        InstructionRecord(
            instruction_id=row.instruction_id,
            account=row.account.number,
            symbol=row.symbol,
            kind=InstructionKind(row.kind),
            qty=row.qty,
            acts_by=row.acts_by,
            taken_at=row.taken_at,
            standing=InstructionStanding(row.standing),
            exercised=row.exercised,
            version=row.version,
        )
        for row in found.order_by("taken_at", "id")
    )


def _accounts(connection_name: str) -> QuerySet[PaperAccount]:
    numbers = Account.objects.filter(connection__name=connection_name).values("broker_account")
    return PaperAccount.objects.filter(number__in=numbers)


def _ids_of_open(orders: QuerySet[PaperOrder]) -> dict[str, str]:
    ids = {
        name: first
        for first, current in orders.values_list("cl_ord_id", "current_cl_ord_id")
        for name in (first, current)
    }
    replaced = PaperRequest.objects.filter(order__in=orders, kind=RequestKind.REPLACE, state=RequestState.ACCEPTED)
    return ids | dict(replaced.values_list("cl_ord_id", "order__cl_ord_id"))


def _taken(symbols: Iterable[str]) -> dict[Shelf, Taken]:
    """Return how much of the last update of each quote was taken: a restart does not put it back on the shelf."""
    latest = (
        PaperExecution.objects.filter(symbol__in=symbols)
        .order_by("symbol", "side", "-quote_at")
        .distinct("symbol", "side")
        .values_list("symbol", "side", "quote_at")
    )
    sums: dict[Shelf, Taken] = {}
    for symbol, side, quote_at in latest:
        qty = PaperExecution.objects.filter(symbol=symbol, side=side, quote_at=quote_at).aggregate(qty=Sum("qty"))[
            "qty"
        ]
        sums[symbol, Side(side)] = Taken(quote_at, qty or 0)
    return sums


def _order_records(rows: QuerySet[PaperOrder]) -> tuple[OrderRecord, ...]:
    return tuple(
        OrderRecord(
            cl_ord_id=row.cl_ord_id,
            current_id=row.current_cl_ord_id,
            account=row.account.number,
            ticket=OrderTicket.from_dict(row.ticket),
            status=Status(row.status),
            arrives_at=row.arrives_at,
            changed_at=row.changed_at,
            expires_at=row.expires_at,
            cum_qty=row.cum_qty,
            fill_count=row.fill_count,
            watch=Watch(row.is_triggered, row.confirmations, row.seen_at, row.trail_mark),
            is_resting=row.is_resting,
            queue=_queue(row),
            reason=row.reason,
            version=row.version,
        )
        for row in rows.select_related("account")
    )


def _queue(row: PaperOrder) -> Queue | None:
    if row.queue_ahead is None or row.queue_shown is None or row.queue_volume is None:
        return None
    return Queue(row.queue_ahead, row.queue_shown, row.queue_volume)


def _request_record(row: PaperRequest) -> RequestRecord:
    price, stop, ticket = (row.terms.get(name) for name in ("limit_price", "stop_price", "ticket"))
    return RequestRecord(
        cl_ord_id=row.cl_ord_id,
        kind=RequestKind(row.kind),
        account=row.account.number,
        order_id="" if row.order is None else row.order.cl_ord_id,
        orig_cl_ord_id=row.orig_cl_ord_id,
        arrives_at=row.arrives_at,
        state=RequestState(row.state),
        quantity=row.terms.get("quantity"),
        limit_price=None if price is None else Decimal(price),
        stop_price=None if stop is None else Decimal(stop),
        reason=row.reason,
        version=row.version,
        ticket=None if ticket is None else OrderTicket.from_dict(ticket),
    )


def _fill_record(row: PaperExecution) -> FillRecord:
    return FillRecord(
        order_id=row.order.cl_ord_id,
        account=row.order.account.number,
        exec_id=row.exec_id,
        leg=row.leg,
        symbol=row.symbol,
        side=Side(row.side),
        qty=row.qty,
        px=row.px,
        fee=row.fee,
        multiplier=row.multiplier,
        transact_at=row.transact_at,
        quote_at=row.quote_at,
        units=row.units,
        why=row.why,
    )


def _booking_record(row: PaperBooking) -> BookingRecord:
    return BookingRecord(
        account=row.account.number,
        event_id=row.event_id,
        kind=BookKind(row.kind),
        symbol=row.symbol,
        qty=row.qty,
        transact_at=row.transact_at,
        booked_at=row.booked_at,
        underlying=row.underlying,
        shares=row.shares,
        delivery_px=row.delivery_px,
        px=row.px,
        fee=row.fee,
        carried=None if row.carried is None else _carried(row.carried),
    )


def _carried(kept: dict[str, Any]) -> Carried:
    amount = kept["amount"]
    priced = {"amount": None if amount is None else Decimal(amount), "cash": Decimal(kept["cash"])}
    return Carried(**{**kept, **priced})
