"""Another quantity for the orders of a list, all or none: children follow their entry, siblings one another."""

from dataclasses import dataclass
from dataclasses import replace as with_
from datetime import datetime

from allcore.accounts.actors import Actor
from allcore.audit.services import record
from allcore.kernel.orders import OrdStatus
from allcore.kernel.tickets import OrderTicket
from risk.services import gate
from trading.domain.contingent import quantities
from trading.domain.orders.terms import NewTerms, changed
from trading.models import Order, OrderLink, OrderList
from trading.selectors.tickets import ticket_of
from trading.services import submit
from trading.services.contingent import lists, reapproving, release, rewaiting
from trading.services.mandates import keep_within, right_of


@dataclass(frozen=True, slots=True)
class _Resizing:
    """Who gives the list's orders other quantities, and when; `terms` are those of the order that was named."""

    found: OrderList
    orders: dict[int, Order]
    named: int
    terms: NewTerms
    actor: Actor
    now: datetime


def resize(link: OrderLink, terms: NewTerms, actor: Actor, now: datetime) -> None:
    """Give the order at the link its terms, and every order of the list the quantity that goes with them.

    What waits at the desk changes at once; of what works, the broker is asked. The caller has locked the account.

    Raises:
        ListQuantityError: the list cannot be for so much.
        SetOffError: one of its orders was set off before this came.
        OrderClosedError, NotReplaceableError, ReplacementUnderWayError: of what works, as `submit.replace`.
        RiskDeniedError, MandateExceededError: the new terms are refused; nothing was changed.
    """
    found = link.order_list
    if found.is_native:
        raise submit.NotReplaceableError(
            "The broker keeps the list, whose orders are for as much as one another: its quantity was not changed. "
            "Cancel the list and place another.",
            order_list_id=found.pk,
        )
    gate.lock(found.account)
    orders = lists.locked_orders(found)
    for order in orders.values():
        if order.status == OrdStatus.HELD:
            rewaiting.unsent(order)  # what is set off takes another's place already
    linked = lists.linked(found, orders)
    before = {m.index: m.planned for m in linked.members}
    planned = quantities.wanted(linked, link.index, terms.quantity or link.planned_qty)
    asked = _Resizing(found, orders, link.index, terms, actor, now)
    after: OrderTicket | None = None
    for index, total in sorted(quantities.totals(linked, planned).items()):
        OrderLink.objects.filter(order_list=found, index=index).update(planned_qty=planned[index])
        ticket = _give(asked, index, total, planned[index], after)
        if linked.entry is not None and index == linked.entry.index:
            after = with_(ticket, quantity=total - orders[index].cum_qty)
    for index, quantity in planned.items():
        OrderLink.objects.filter(order_list=found, index=index).update(planned_qty=quantity)
    record(
        "order_list.resized",
        f"order_list:{found.pk}",
        {"quantities": [planned[n] for n in sorted(planned)], "were": [before[n] for n in sorted(before)]},
        actor=actor.name,
        at=now,
        account=found.account.code,
        trace_id=found.trace_id,
    )
    lists.react_to([order.pk for order in orders.values()], now=now)


def _give(asked: _Resizing, index: int, total: int, planned: int, after: OrderTicket | None) -> OrderTicket:
    """Give one order its total, and its other terms if it is the one that was named; return its new ticket."""
    order = asked.orders[index]
    terms = with_(asked.terms, quantity=total) if index == asked.named else NewTerms(quantity=total)
    if order.status != OrdStatus.HELD:
        return _ask(order, changed(lists.as_sent(order, total), terms), asked)
    hold = rewaiting.unsent(order)
    old = ticket_of(order)
    new = changed(old, terms)
    condition = rewaiting.condition_under(hold, terms)
    wait = rewaiting.wait_under(hold, new, condition, now=asked.now, after=after)
    reapproving.put_in_force(reapproving.Change(order, hold, old, new, wait, planned), asked.actor, asked.now)
    return new


def _ask(order: Order, new: OrderTicket, asked: _Resizing) -> OrderTicket:
    if order.status == OrdStatus.IN_DOUBT:
        raise submit.OrderClosedError("An order of the list is in doubt; nothing was changed.", order_id=order.pk)
    if new.quantity == order.order_qty and new == lists.as_sent(order, order.order_qty):
        return new
    right = right_of(order, new, asked.actor, asked.now)
    submit.replace_locked(order, new, actor=asked.actor.name, now=asked.now, wait=release.place_of(order))
    keep_within(right, order)
    return new
