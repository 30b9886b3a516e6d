"""What an order that waits is to wait for under other terms, and its place in its list."""

from dataclasses import replace as with_
from datetime import datetime
from typing import Any

from allcore.kernel.errors import ConflictError
from allcore.kernel.orders import TimeInForce
from allcore.kernel.tickets import OrderTicket
from marketdata.selectors.clock import exchange_now
from risk.domain.book import claim_of
from trading.domain.contingent.waits import Placed, Wait, wait_of
from trading.domain.orders.terms import Keep, NewTerms
from trading.models import Hold, Order, OrderLink
from trading.selectors import conditions, exposures
from trading.selectors.tickets import ticket_of
from trading.selectors.waiting import is_linked


class SetOffError(ConflictError):
    """What the order waited for has come: it is on its way as it was."""

    code = "ORDER_SET_OFF"


def unsent(order: Order) -> Hold:
    """Return what the order waits for, its row locked.

    Raises:
        SetOffError: that has come already.
    """
    query = Hold.objects.select_for_update(of=("self",)).select_related("order__account__connection")
    hold = query.get(order=order)
    if hold.state == Hold.State.FIRED:
        raise SetOffError(f"The order is set off: {hold.why} It goes as it was approved.", order_id=order.pk)
    return hold


def condition_under(hold: Hold, terms: NewTerms) -> dict[str, Any] | None:
    """Return the condition that the terms leave the order with."""
    if isinstance(terms.condition, Keep):
        return hold.condition
    return None if terms.condition is None else dict(terms.condition)


def wait_under(
    hold: Hold, new: OrderTicket, condition: dict[str, Any] | None, *, now: datetime, after: OrderTicket | None = None
) -> Wait:
    """Return what the order is to wait for: its condition once met stays met, unless it is another one.

    `after` is the entry whose fill is assumed, if that is not as the entry's own row has it.
    """
    order = hold.order
    link = link_of(order)
    placed = None if link is None else _placed(link)
    takes, at = exposures.takes(order.account.connection.broker), exchange_now(now)
    if after is None and link is not None and hold.state == Hold.State.WAITING:
        after = _entry(link)
    if condition != hold.condition:
        conditions.must_be_known(condition)
    found = wait_of(new, takes, condition=condition, placed=placed, after=after, exchange_now=at)
    if found is None or not found.is_held:  # it waits for nothing any more: the engine's next look sends it
        found = Wait(placed=placed, is_held=True, ends_at=hold.ends_at)
    if new.time_in_force is TimeInForce.GTC and order.expire_at is not None and found.ends_at is not None:
        return with_(found, ends_at=min(found.ends_at, order.expire_at))  # other terms give it no longer life
    return found


def link_of(order: Order) -> OrderLink | None:
    """Return the order's place in a list, or None."""
    return OrderLink.objects.filter(order=order).select_related("order_list").first()


def _placed(link: OrderLink) -> Placed:
    made = link.order_list
    shares = is_linked(link) and _has_rival(link)
    return Placed(made.pk, link.index, link.role, list_hash=made.content_hash, shares_slot=shares)


def _has_rival(link: OrderLink) -> bool:
    """Return whether another order of the list would close the same position."""
    beside = OrderLink.objects.filter(order_list=link.order_list).exclude(role=OrderLink.Role.ENTRY)
    claims = {one.index: claim_of(ticket_of(one.order)) for one in beside.select_related("order__account")}
    own = claims.pop(link.index, None)
    return own is not None and own in claims.values()


def _entry(link: OrderLink) -> OrderTicket | None:
    """Return the ticket of what the entry has yet to fill."""
    found = OrderLink.objects.filter(order_list=link.order_list, role=OrderLink.Role.ENTRY).first()
    if found is None or found.order.leaves_qty == 0:
        return None
    return with_(ticket_of(found.order), quantity=found.order.leaves_qty)
