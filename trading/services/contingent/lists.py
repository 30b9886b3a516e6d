"""Lists of orders: what one does to the others is done here, step by step, as often as it is asked.

A crash between two steps costs nothing: `react` is asked again, after each report of an order in a list and by a sweep.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import structlog
from django.db import transaction

from allcore import rows
from allcore.audit.services import record
from allcore.kernel.errors import DeskError
from allcore.kernel.orders import CLOSED_STATUSES, OrdStatus
from allcore.kernel.reports import ExecutionReport
from allcore.kernel.tickets import OrderTicket
from risk.domain.book import claim_of
from risk.services import gate
from trading.domain.contingent import native
from trading.domain.contingent.lists import (
    Alarm,
    Linkage,
    LinkedOrders,
    Member,
    Place,
    Plan,
    Policy,
    Step,
    StepKind,
    plan,
)
from trading.models import Hold, Order, OrderLink, OrderList, OrderRequest
from trading.selectors.tickets import ticket_of
from trading.services import submit
from trading.services.alerts import raise_alert
from trading.services.contingent import release
from trading.services.contingent.alone import alone
from trading.services.contingent.holds import State

ANSWERED = frozenset(
    {OrdStatus.NEW, OrdStatus.PARTIALLY_FILLED, OrdStatus.SUSPENDED, OrdStatus.DONE_FOR_DAY, OrdStatus.HELD}
)
MOST_CANCEL_REJECTS = 3
MOST_ROUNDS = 8
SAYS = {
    Alarm.BOTH_FILLED: "Linked orders filled against each other: more was closed than was held. All of it is booked.",
    Alarm.UNPROTECTED: "Every exit of the list has ended, and part of what its entry opened is still held.",
    Alarm.REFUSED: "The broker refused an order of the list; what is left of it works without that one.",
    Alarm.GONE: "The broker took an order of the list off the market, though nothing else of the list was done.",
}

LISTS = "SELECT DISTINCT order_list_id FROM order_link WHERE order_id = ANY(%s)"

log = structlog.get_logger("desk.contingent")


def react_to(order_ids: Iterable[UUID], *, now: datetime) -> None:
    """Once the transaction is committed, do what the lists of these orders miss; what fails is left to the sweep."""
    for (list_id,) in rows.read(LISTS, (list(order_ids),)):
        transaction.on_commit(lambda list_id=list_id: react(list_id, now=now), robust=True)  # type: ignore[misc]  # bound now


def follow(applied: Sequence[tuple[Order, ExecutionReport]], now: datetime) -> None:
    """Act on what reports did to orders of lists."""
    react_to({order.pk for order, _ in applied}, now=now)


def sweep(*, now: datetime) -> int:
    """Do what any open list misses; return how many steps were done."""
    done = 0
    first = OrderLink.objects.filter(index=0, order_list__closed_at=None)
    found = first.order_by("order_list__created_at", "order_list_id").values_list("order_list_id", "order_id")
    for list_id, order_id in found:
        with alone(order_id, now=now):  # the market or another part is away: the next sweep tries again
            done += react(list_id, now=now)
    return done


@transaction.atomic
def react(list_id: UUID, *, now: datetime) -> int:
    """Do what the list misses, until nothing is missing; return how many steps were done.

    A list that is over is looked at too: an order of it may have filled late, or come to life again.
    """
    found = OrderList.objects.select_for_update(of=("self",)).select_related("account__connection").get(pk=list_id)
    gate.lock(found.account)
    done = 0
    for _ in range(MOST_ROUNDS):
        orders = locked_orders(found)
        missing = (native.plan if found.is_native else plan)(linked(found, orders))
        did = sum(_do(orders[step.index], step, now) for step in missing.steps)
        done += did
        if not did:
            _finish(found, orders, missing, now)
            break
    return done


def locked_orders(found: OrderList) -> dict[int, Order]:
    """Return the list's orders by their place in it, their rows locked."""
    query = Order.objects.select_for_update(of=("self",)).select_related("account__connection", "link", "hold")
    locked = query.filter(link__order_list=found).prefetch_related("legs__instrument").order_by("id")
    return {order.link.index: order for order in locked}


def linked(found: OrderList, orders: dict[int, Order]) -> LinkedOrders:
    """Return the list as the pure part looks at it."""
    asked = _asked(found) if found.is_native else frozenset()
    members = tuple(_member(order, is_asked=order.pk in asked) for _, order in sorted(orders.items()))
    return LinkedOrders(Linkage(found.linkage), members, Policy(found.policy))


def _asked(found: OrderList) -> frozenset[UUID]:
    """Return the orders that a cancellation was ever asked for."""
    cancels = OrderRequest.objects.filter(order__link__order_list=found, kind=OrderRequest.Kind.CANCEL)
    return frozenset(cancels.values_list("order_id", flat=True))


def _member(order: Order, *, is_asked: bool) -> Member:
    hold: Hold | None = getattr(order, "hold", None)
    status = OrdStatus(order.status)
    return Member(
        index=order.link.index,
        place=_place(status, hold),
        planned=order.link.planned_qty,
        asked=order.order_qty,
        cum_qty=order.cum_qty,
        claim=claim_of(ticket_of(order)),
        is_entry=order.link.role == OrderLink.Role.ENTRY,
        waits=hold is not None and (hold.is_watched or hold.condition is not None or hold.send_at is not None),
        is_set_off=hold is not None and hold.state == State.FIRED,
        is_free=status in ANSWERED and int(order.state.get("cancel_rejects", 0)) < MOST_CANCEL_REJECTS,
        is_unsent=status is OrdStatus.READY,
        is_refused=status is OrdStatus.REJECTED,
        is_asked=is_asked,
        is_gone=status is OrdStatus.CANCELED and not is_asked,
    )


def _place(status: OrdStatus, hold: Hold | None) -> Place:
    if status in CLOSED_STATUSES:
        return Place.DONE
    if status is not OrdStatus.HELD:
        return Place.OUT
    return Place.DORMANT if hold is not None and hold.state == State.WAITING else Place.HELD


def _do(order: Order, step: Step, now: datetime) -> bool:
    """Do one step; what is refused or cannot be done now is left, and looked at again."""
    try:
        with transaction.atomic():
            return _done(order, step, now)
    except DeskError as e:
        log.warning("list_step_waits", order=order.cl_ord_id, step=str(step.kind), reason=e.message)
        return False


def _done(order: Order, step: Step, now: datetime) -> bool:
    match step.kind:
        case StepKind.ARM:
            release.resize(order, step.quantity, now=now)
            return bool(Hold.objects.filter(order=order, state=State.WAITING).update(state=State.ARMED))
        case StepKind.RELEASE:
            why = order.hold.why or "Its turn in the list has come."
            return release.release(order.pk, why=why, now=now, quantity=step.quantity)
        case StepKind.RESIZE if order.status == OrdStatus.HELD:
            release.resize(order, step.quantity, now=now)
        case StepKind.RESIZE:
            submit.replace_locked(
                order, as_sent(order, step.quantity), actor=release.ACTOR, now=now, wait=release.place_of(order)
            )
        case StepKind.CANCEL:
            submit.cancel_locked(order, actor=release.ACTOR, reason=step.reason, now=now)
    return True


def as_sent(order: Order, total: int) -> OrderTicket:
    """Return the order's ticket for another total, in the form in which it went out."""
    hold: Hold | None = getattr(order, "hold", None)
    own = ticket_of(order)
    went_out = own if hold is None or hold.wire is None else OrderTicket.from_dict(hold.wire)
    return replace(own if went_out.ord_type == own.ord_type else went_out, quantity=total)


def _finish(found: OrderList, orders: dict[int, Order], missing: Plan, now: datetime) -> None:
    for alarm in missing.alarms:
        if str(alarm) not in found.alarms:
            found.alarms = [*found.alarms, str(alarm)]
            raise_alert(orders[0], str(alarm), SAYS[alarm], now=now)
    is_over = all(OrdStatus(order.status) in CLOSED_STATUSES for order in orders.values())
    if is_over != (found.closed_at is not None):
        found.closed_at = now if is_over else None
        record(
            "order_list.closed" if is_over else "order_list.reopened",
            f"order_list:{found.pk}",
            {"kind": found.kind, "alarms": found.alarms},
            actor=release.ACTOR,
            at=now,
            account=found.account.code,
            trace_id=found.trace_id,
        )
    found.save(update_fields=["alarms", "closed_at"])
