"""By what right an order that waited leaves: what was allowed when it was placed is asked again.

What only closes leaves all the same, be its mandate over or its placer gone: a stop must not leave a position without
protection because of a date. Only a mandate that a person took back holds that too.
"""

from datetime import datetime

from allcore.kernel.tickets import OrderTicket
from risk.domain.permissions import Action
from risk.models import Reservation
from risk.selectors.permissions import may
from trading.models import Approval, Mandate, Order

ENDED = "The mandate that it was placed under is no longer in force."


def refusal(order: Order, ticket: OrderTicket, now: datetime) -> str:
    """Return why the order may not leave, or nothing; what it may use has been reserved by now."""
    approval = order.approval
    if approval is None or approval.kind == Approval.Kind.PROPOSAL:  # what was approved as a proposal stays approved
        return ""
    if approval.mandate is not None and (why := _mandated(order, ticket, approval.mandate, now)):
        return why
    if ticket.is_opening and not may(approval.user, Action.SEND_ORDER, order.account):
        return f"{approval.user.username} may not send orders on {order.account.code} any more."
    return ""


def _mandated(order: Order, ticket: OrderTicket, signed: Mandate, now: datetime) -> str:
    in_force = Mandate.objects.filter(
        account=order.account_id, grantee=signed.grantee_id, revoked_at=None, expires_at__gt=now
    )
    found = in_force.order_by("id").first()  # there is one at most
    if found is None:
        return ENDED if ticket.is_opening or signed.revoked_at is not None else ""
    cash = Reservation.objects.get(order_id=order.pk).cash
    if ticket.is_opening and cash > found.max_order_cash:
        return f"It would use ${cash}; the mandate allows ${found.max_order_cash} an order."
    return ""
