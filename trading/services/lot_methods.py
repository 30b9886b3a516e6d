"""A person says which lots closing trades take: by a method for an account, by name for one order."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from allcore.accounts.actors import Actor
from allcore.audit.services import record
from allcore.kernel.clock import new_york_date
from allcore.kernel.errors import ConflictError, NotFoundError
from allcore.kernel.orders import CLOSED_STATUSES, OrdStatus
from brokers.models import Account
from marketdata.selectors import clock
from risk.domain.permissions import Action
from risk.selectors.permissions import require
from trading.domain.books.lots import LotMethod
from trading.models import LotElection, LotInstruction, Order
from trading.services import elections
from trading.services.elections import Wish


class OrderHasFilledError(ConflictError):
    """Lots are named before the first fill: what was closed stays as it was told."""

    code = "ORDER_HAS_FILLED"


def elect(account: str, method: LotMethod, *, effective_from: date | None, actor: Actor, now: datetime) -> LotElection:
    """Let the account's closing trades take lots by the method, from a day on; from the exchange's today, if none.

    Raises:
        NotFoundError: there is no such account.
        ForbiddenError: they may not send orders on it.
        PastElectionError: the day is gone.
    """
    owner = Account.objects.filter(code=account).first()
    if owner is None:
        raise NotFoundError(f"There is no account {account}.", account=account)
    require(actor.user, Action.SEND_ORDER, owner)
    today = new_york_date(clock.exchange_now(now))
    return elections.elect(owner, method, effective_from=effective_from or today, today=today, by=actor, now=now)


@transaction.atomic
def instruct(order_id: UUID, wishes: Sequence[Wish], *, actor: Actor, now: datetime) -> list[LotInstruction]:
    """Name the lots that the order takes first, in place of those it named before; none, and the method decides.

    Raises:
        NotFoundError: there is no such order.
        ForbiddenError: they may not send orders on its account.
        OrderHasFilledError: it has filled, or has ended.
        NoSuchLotError: a lot is not there to be closed by it.
    """
    order = Order.objects.select_for_update(of=("self",)).select_related("account").filter(pk=order_id).first()
    if order is None:
        raise NotFoundError(f"There is no order {order_id}.", order_id=order_id)
    require(actor.user, Action.SEND_ORDER, order.account)
    if order.cum_qty or OrdStatus(order.status) in CLOSED_STATUSES:
        raise OrderHasFilledError(
            f"{order.cl_ord_id} has filled {order.cum_qty} and is {order.status}; its lots stay as they are.",
            status=order.status,
        )
    LotInstruction.objects.filter(order=order).delete()
    elections.instruct(order, wishes)
    seen = {"cl_ord_id": order.cl_ord_id, "lots": [[wish.leg, wish.lot, wish.qty] for wish in wishes]}
    trail = {"account": order.account.code, "trace_id": order.trace_id}
    record("order.lots_named", f"order:{order.pk}", seen, actor=actor.name, at=now, **trail)
    return list(LotInstruction.objects.filter(order=order).order_by("leg", "position"))
