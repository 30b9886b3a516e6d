"""Lists of orders to read, and what orders wait for."""

from uuid import UUID

from django.db.models import QuerySet

from allcore.accounts.models import User
from allcore.kernel.errors import NotFoundError
from allcore.kernel.orders import CLOSED_STATUSES, OrdStatus
from brokers.selectors.capabilities import title_of
from risk.selectors.permissions import visible_accounts
from trading.models import Hold, Order, OrderLink, OrderList
from trading.selectors.rows import Row, iso, order_row, text
from trading.selectors.waiting import waits_for


def visible(user: User) -> QuerySet[OrderList]:
    """Return the lists the person may see."""
    lists = OrderList.objects.filter(account__in=visible_accounts(user)).select_related("account__connection")
    return lists.prefetch_related(
        "links__order__account", "links__order__hold", "links__order__legs__instrument", "links__order_list"
    )


def detail(user: User, list_id: UUID) -> Row:
    """Return one list.

    Raises:
        NotFoundError: there is none, or it is not theirs to see.
    """
    found = visible(user).filter(pk=list_id).first()
    if found is None:
        raise NotFoundError(f"There is no order list {list_id}.", order_list_id=list_id)
    return list_row(found)


def list_row(found: OrderList) -> Row:
    """Return a list's row with its orders; links, orders, their accounts, legs and holds should be loaded."""
    links = sorted(found.links.all(), key=lambda link: link.index)
    return {
        "id": str(found.pk),
        "account": found.account.code,
        "kind": found.kind,
        "linkage": found.linkage,
        "policy": found.policy,
        "held_locally": not found.is_native,
        "held_by": held_by(found),
        "held_says": held_says(found),
        "alarms": found.alarms,
        "created_at": iso(found.created_at),
        "closed_at": iso(found.closed_at),
        "orders": [_linked_row(link) for link in links],
    }


def held_by(found: OrderList) -> str:
    """Return who keeps the list, by name; its account and connection should be loaded."""
    return title_of(found.account.connection.broker) if found.is_native else "this desk"


def held_says(found: OrderList) -> str:
    """Return in a person's words who keeps the list, what that means while the desk is down, and why."""
    if found.is_native:
        return f"Held by {held_by(found)}: it works on while the desk is down."
    return f"Held by this desk: it protects nothing while the desk is down. {found.held_because}".strip()


def _linked_row(link: OrderLink) -> Row:
    row = link_row(link) or {}
    return {**row, "where": where(link.order), "order": order_row(link.order), "hold": hold_row(link.order)}


def where(order: Order) -> str:
    """Return where the order is: at the DESK, in the OUTBOX on its way, at the BROKER, or DONE."""
    if OrdStatus(order.status) in CLOSED_STATUSES:
        return "DONE"
    return {OrdStatus.HELD: "DESK", OrdStatus.READY: "OUTBOX"}.get(OrdStatus(order.status), "BROKER")


def link_row(link: OrderLink | None) -> Row | None:
    """Return an order's place in its list, or None."""
    if link is None:
        return None
    return {
        "order_list_id": str(link.order_list_id),
        "kind": link.order_list.kind,
        "index": link.index,
        "role": link.role,
        "planned_qty": link.planned_qty,
    }


def hold_row(order: Order) -> Row | None:
    """Return what an order waits for, or None; its account, legs, hold and link with its list should be loaded."""
    hold: Hold | None = getattr(order, "hold", None)
    if hold is None:
        return None
    return {
        "state": hold.state,
        "waits_for": waits_for(hold),
        "condition": hold.condition,
        "condition_met_at": iso(hold.condition_met_at),
        "watches_price": hold.is_watched,
        "mark": text(hold.mark),
        "level": text(hold.level),
        "send_at": iso(hold.send_at),
        "ends_at": iso(hold.ends_at),
        "why": hold.why,
        "fired_at": iso(hold.fired_at),
        "released_at": iso(hold.released_at),
    }
