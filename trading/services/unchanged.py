"""What a change of terms had set aside is given back once it is certain that it never holds."""

from decimal import Decimal

from allcore.kernel.orders import OrdStatus
from risk.models import Reservation
from risk.services import reservations
from trading.models import Order, OrderRequest
from trading.services.advance import may_fill, state_of


def reserved(order: Order) -> dict[str, object]:
    """Return what the order has reserved before a change is asked for, as the change's request keeps it."""
    found = Reservation.objects.filter(order_id=order.pk, released_at=None).values_list("cash", "quantity").first()
    return {} if found is None else {"reserved": [str(found[0]), found[1]]}


def give_back(order: Order, cl_ord_id: str) -> None:
    """Reserve what the order had before the change of that name, which is refused; the order's row is locked.

    What the order works by then was covered before the change was asked for, unless a younger one was accepted or may
    be: then all stays reserved.
    """
    if state_of(order).pending_of(OrdStatus.PENDING_REPLACE) is not None or not (units := may_fill(order)):
        return
    youngest = OrderRequest.objects.filter(order=order, kind=OrderRequest.Kind.REPLACE).order_by("-id").first()
    if youngest is None or youngest.cl_ord_id != cl_ord_id or "reserved" not in youngest.terms:
        return
    cash, quantity = youngest.terms["reserved"]
    reservations.lower(order.pk, cash=Decimal(cash), quantity=quantity, units=units)
