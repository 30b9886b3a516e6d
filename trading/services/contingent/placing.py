"""A list of orders is placed whole, or not at all; and taken back whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from allcore.accounts.actors import Actor
from allcore.audit.services import record
from allcore.kernel.errors import NotFoundError
from allcore.kernel.orders import CLOSED_STATUSES, OrdStatus
from brokers.models import Account
from risk.domain.permissions import Action
from risk.selectors.permissions import require
from risk.services import gate
from trading.domain.contingent.compose import LINKAGE
from trading.models import Approval, Mandate, Order, OrderLink, OrderList
from trading.selectors import listed, senders
from trading.selectors.listed import Draft, Leaving
from trading.selectors.rows import failed_checks, order_row
from trading.services import lot_methods, submit
from trading.services.contingent import lists
from trading.services.elections import Wish
from trading.services.mandates import right_to_send
from trading.services.stage import Staging, stage
from trading.services.submit import RiskDeniedError


@dataclass(frozen=True, slots=True)
class Sending:
    """Who places a list, for which account, and by what right."""

    account: Account
    actor: Actor
    mandate: Mandate | None
    key: str
    trace_id: str
    lots: tuple[tuple[Wish, ...], ...]  # which each of its orders takes first


def place(*, draft: Mapping[str, Any], actor: Actor, key: str, trace_id: str, now: datetime) -> OrderList:
    """Stage every order of the list, or none.

    Raises:
        InvalidListError, InvalidTicketError, InvalidConditionError, UnknownInstrumentError: the draft is no list.
        NotFoundError, ForbiddenError: there is no such account for them, or they may not send orders on it.
        RiskDeniedError: a rule refuses one of the orders.
        NoSuchLotError: one of them names a lot that is not there yet, or is not its own to close.
    """
    symbols = [leg["symbol"] for order in draft["orders"] for leg in order["legs"]]
    sender = senders.sender_of(actor.user, draft["account"], symbols, now=now)
    if sender is None:
        raise NotFoundError(f"There is no account {draft['account']}.", account=draft["account"])
    require(actor.user, Action.SEND_ORDER, sender.account)
    wanted = listed.read(draft, sender.multipliers)
    lots = tuple(tuple(Wish(**one) for one in order.get("lots", ())) for order in draft["orders"])
    sending = Sending(sender.account, actor, right_to_send(sender.account, actor, sender.mandate), key, trace_id, lots)
    try:
        return _place(wanted, sending, now)
    except RiskDeniedError as e:
        seen = {"kind": str(wanted.kind), "hash": wanted.content_hash, **e.context}
        code = sender.account.code
        record("order_list.denied", f"account:{code}", seen, actor=actor.name, at=now, account=code, trace_id=trace_id)
        raise


@transaction.atomic
def _place(wanted: Draft, sending: Sending, now: datetime) -> OrderList:
    gate.lock(sending.account)
    why = listed.why_held(wanted, sending.account.connection.broker)
    made = OrderList.objects.create(
        account=sending.account,
        kind=wanted.kind,
        linkage=LINKAGE[wanted.kind],
        policy=wanted.policy,
        is_native=not why,
        held_because=why,
        content_hash=wanted.content_hash,
        trace_id=sending.trace_id,
        created_at=now,
    )
    leaving = listed.leaving(wanted, sending.account, list_id=made.pk, is_native=made.is_native, now=now)
    orders = [_stage(one, index, sending, now) for index, one in enumerate(leaving)]
    seen = {
        "kind": made.kind,
        "hash": made.content_hash,
        "is_native": made.is_native,
        "orders": [str(order.pk) for order in orders],
    }
    record(
        "order_list.placed",
        f"order_list:{made.pk}",
        seen,
        actor=sending.actor.name,
        at=now,
        account=sending.account.code,
        trace_id=sending.trace_id,
    )
    lists.react(made.pk, now=now)
    return made


def _stage(one: Leaving, index: int, sending: Sending, now: datetime) -> Order:
    order = stage(
        Staging(
            account=sending.account,
            ticket=one.ticket,
            origin=Order.Origin.TICKET if sending.actor.via == "session" else Order.Origin.API,
            key=f"{sending.key}:{index}",
            actor=sending.actor,
            trace_id=sending.trace_id,
            approval_kind=Approval.Kind.TICKET if sending.mandate is None else Approval.Kind.MANDATE,
            mandate=sending.mandate,
            wait=one.wait,
        ),
        now=now,
    )
    if order.status == OrdStatus.DENIED:
        raise RiskDeniedError(
            f"Denied: order {index + 1} of the list ({one.part.role.lower()}): {order.reason} None of its orders was "
            "sent.",
            index=index,
            order=order_row(order),
            checks=failed_checks(order),
        )
    if sending.lots[index]:
        lot_methods.instruct(order.pk, sending.lots[index], actor=sending.actor, now=now)
    return order


@transaction.atomic
def cancel(*, list_id: UUID, actor: Actor, now: datetime) -> OrderList:
    """Ask for the cancellation of every order of the list that may still fill. Asking twice is asking once.

    Raises:
        NotFoundError: there is no such list.
        OrderClosedError: nothing of it can fill any more.
    """
    found = OrderList.objects.select_for_update(of=("self",)).select_related("account").filter(pk=list_id).first()
    if found is None:
        raise NotFoundError(f"There is no order list {list_id}.", order_list_id=list_id)
    require(actor.user, Action.CANCEL_ORDER, found.account)
    still_open = _open_orders(found)
    if not still_open:
        raise submit.OrderClosedError("Every order of the list is closed already; nothing was cancelled.")
    for order in still_open:
        submit.cancel_locked(order, actor=actor.name, reason="its list was cancelled", now=now)
    lists.react_to([order.pk for order in still_open], now=now)
    return found


def _open_orders(found: OrderList) -> Sequence[Order]:
    ids = OrderLink.objects.filter(order_list=found).order_by("order_id").values_list("order_id", flat=True)
    orders = [submit.locked(order_id) for order_id in ids]
    return [order for order in orders if OrdStatus(order.status) not in CLOSED_STATUSES]


def cancel_order(*, order_id: UUID, actor: Actor, now: datetime) -> Order:
    """Ask for one order's cancellation, and let its list hear of it. Raises as `submit.cancel`."""
    order = submit.cancel(order_id=order_id, actor=actor, now=now)
    lists.react_to([order_id], now=now)
    return order
