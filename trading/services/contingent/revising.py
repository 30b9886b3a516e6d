"""New terms for an order that waits at the desk: no broker knows it, so they hold at once, or not at all.

The trigger engine may set the same order off meanwhile. Both change the hold's row: whoever locks it first is right. An
engine that looked at the old terms finds another `version` and changes nothing; who comes after an order was set off is
told so, and the order goes as it was approved.
"""

from dataclasses import replace as with_
from datetime import datetime
from uuid import UUID

from django.db import transaction

from allcore.accounts.actors import Actor
from allcore.kernel.errors import InvalidInputError
from allcore.kernel.orders import CLOSED_STATUSES, OrdStatus
from risk.domain.permissions import Action
from risk.selectors.permissions import require
from trading.domain.orders.terms import NewTerms, changed
from trading.models import Hold, Order
from trading.selectors.natively import native_row
from trading.selectors.tickets import ticket_of
from trading.services import submit
from trading.services.contingent import lists, reapproving, release, resizing, rewaiting
from trading.services.contingent.rewaiting import SetOffError

NOTHING_CHANGES = "Nothing changes: give another price, distance, quantity or condition."


@transaction.atomic
def replace(*, order_id: UUID, terms: NewTerms, actor: Actor, now: datetime) -> Order:
    """Give the order other terms: at once if it waits at the desk, else as `submit.replace` asks the broker.

    The whole new order passes the gate, and whoever changes it approves it: their yes is bound to the new terms.

    Raises:
        NotFoundError, ForbiddenError: there is no such order, or it is not theirs to send.
        OrderClosedError, NotReplaceableError, ReplacementUnderWayError: as `submit.replace`; the second also of what
            the broker waits for by itself.
        SetOffError: it was set off before this came; nothing was changed.
        InvalidInputError: nothing changes, or its type has no such term.
        ListQuantityError: the list that it is of cannot be for so much.
        RiskDeniedError, MandateExceededError: the new terms are refused; it waits on with the old ones.
        UnavailableError: the market cannot be seen; likewise.
    """
    if terms == NewTerms():
        raise InvalidInputError(NOTHING_CHANGES)
    order = release.locked(order_id)
    require(actor.user, Action.SEND_ORDER, order.account)
    link = rewaiting.link_of(order)
    is_over = OrdStatus(order.status) in CLOSED_STATUSES
    if link is not None and not is_over and terms.quantity not in (None, link.planned_qty):
        _still_waits(order, terms)
        resizing.resize(link, terms, actor, now)
        return release.locked(order_id)
    if link is not None and not is_over:  # it has its part of the list already, however much of that is free to go
        terms = with_(terms, quantity=None)
    if order.status == OrdStatus.HELD:
        return _revise(order, terms, actor, now)
    _still_waits(order, terms)
    return submit.replace(order_id=order_id, terms=terms, actor=actor, now=now)


def _still_waits(order: Order, terms: NewTerms) -> None:
    """Pass if nothing is asked for that the desk alone keeps, of an order that has left it."""
    if order.status == OrdStatus.HELD or OrdStatus(order.status) in CLOSED_STATUSES:
        return
    if terms.is_of_held and (native := native_row(order)) is not None:
        raise submit.NotReplaceableError(
            f"{native['held_by']} has the order with what it waits for, and its price and quantity alone can change: "
            "cancel it and send another. It was not changed.",
            order_id=order.pk,
        )
    hold = Hold.objects.filter(order=order).first()
    if terms.is_of_held or (hold is not None and hold.is_watched and terms.stop_price is not None):
        raise SetOffError(
            f"The order does not wait at the desk, it is {order.status.lower()}: what sets it off cannot be changed.",
            order_id=order.pk,
        )


def _revise(order: Order, terms: NewTerms, actor: Actor, now: datetime) -> Order:
    hold = rewaiting.unsent(order)
    old, link = ticket_of(order), rewaiting.link_of(order)
    new, condition = changed(old, terms), rewaiting.condition_under(hold, terms)
    if (new, condition) == (old, hold.condition):
        raise InvalidInputError(NOTHING_CHANGES)
    wait = rewaiting.wait_under(hold, new, condition, now=now)
    planned = new.quantity if link is None else link.planned_qty
    reapproving.put_in_force(reapproving.Change(order, hold, old, new, wait, planned), actor, now)
    if link is not None:
        lists.react_to([order.pk], now=now)
    return order
