"""New terms for an order that waits at the desk: no broker knows it, so they hold at once, or not at all.

The trigger engine may set the same order off meanwhile. Both change the hold's row: whoever locks it first is right. An
engine that looked at the old terms finds another `version` and changes nothing; who comes after an order was set off is
told so, and the order goes as it was approved.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import replace as with_
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F

from allcore.accounts.actors import Actor
from allcore.audit.services import record
from allcore.kernel.errors import ConflictError, InvalidInputError, NotFoundError
from allcore.kernel.orders import CLOSED_STATUSES, OrdStatus, TimeInForce
from allcore.kernel.tickets import OrderTicket
from marketdata.selectors.clock import exchange_now
from risk.domain.book import claim_of
from risk.domain.permissions import Action
from risk.models import Reservation, Verdict
from risk.selectors.permissions import require
from risk.services import gate
from trading.domain.contingent.judged import judged
from trading.domain.contingent.waits import Placed, Wait, approved_hash, wait_of
from trading.domain.contingent.watches import level_of, watch_of
from trading.domain.orders.terms import PRICES, Keep, NewTerms, changed
from trading.domain.proposals.sentences import sentence
from trading.models import Approval, Hold, Mandate, Order, OrderEvent, OrderLink
from trading.selectors import exposures, senders
from trading.selectors.tickets import ticket_of
from trading.selectors.waiting import is_linked
from trading.services import submit
from trading.services.advance import advance
from trading.services.contingent import lists, release
from trading.services.mandates import right_to_send
from trading.services.stage import hold_to

NOTHING_CHANGES = "Nothing changes: give another price, distance, quantity or condition."
ASKED_AGAIN = ("description", "trail_amount", "trail_percent", "approval", "verdict")


class SetOffError(ConflictError):
    """What the order waited for has come: it is on its way as it was."""

    code = "ORDER_SET_OFF"


class ListQuantityError(InvalidInputError):
    """How much an order of a list is for follows from the list."""

    code = "QUANTITY_OF_A_LIST"


@dataclass(frozen=True, slots=True)
class _Change:
    """An order that waits, its row and its hold's locked, and what becomes of it."""

    order: Order
    hold: Hold
    link: OrderLink | None
    old: OrderTicket
    new: OrderTicket
    wait: Wait

    @property
    def has_other_condition(self) -> bool:
        """Whether it waits for something else."""
        return self.wait.condition != self.hold.condition


@transaction.atomic
def replace(*, order_id: UUID, terms: NewTerms, actor: Actor, now: datetime) -> Order:
    """Give the order other terms: at once if it waits at the desk, else as `submit.replace` asks the broker.

    The whole new order passes the gate, and whoever changes it approves it: their yes is bound to the new terms.

    Raises:
        NotFoundError, ForbiddenError: there is no such order, or it is not theirs to send.
        OrderClosedError, NotReplaceableError, ReplacementUnderWayError: as `submit.replace`.
        SetOffError: it was set off before this came; nothing was changed.
        InvalidInputError: nothing changes, or its type has no such term.
        RiskDeniedError, MandateExceededError: the new terms are refused; it waits on with the old ones.
        UnavailableError: the market cannot be seen; likewise.
    """
    if terms == NewTerms():
        raise InvalidInputError(NOTHING_CHANGES)
    order = release.locked(order_id)
    require(actor.user, Action.SEND_ORDER, order.account)
    if order.status == OrdStatus.HELD:
        return _revise(order, terms, actor, now)
    hold = Hold.objects.filter(order=order).first()
    is_gone = hold is not None and hold.is_watched and terms.stop_price is not None
    if (terms.is_of_held or is_gone) and OrdStatus(order.status) not in CLOSED_STATUSES:
        raise SetOffError(
            f"The order does not wait at the desk, it is {order.status.lower()}: what sets it off cannot be changed.",
            order_id=order.pk,
        )
    return submit.replace(order_id=order_id, terms=terms, actor=actor, now=now)


def _revise(order: Order, terms: NewTerms, actor: Actor, now: datetime) -> Order:
    hold = Hold.objects.select_for_update().get(order=order)
    if hold.state == Hold.State.FIRED:
        raise SetOffError(f"The order is set off: {hold.why} It goes as it was approved.", order_id=order.pk)
    link = OrderLink.objects.filter(order=order).select_related("order_list").first()
    old = ticket_of(order)
    new, condition = changed(old, terms), _condition(hold, terms)
    if (new, condition) == (old, hold.condition):
        raise InvalidInputError(NOTHING_CHANGES)
    if link is not None and new.quantity != old.quantity:
        raise ListQuantityError(
            "The order is one of a list, whose orders are for as much as one another: its quantity was not changed. "
            "Cancel the list and place another.",
            order_list_id=link.order_list_id,
        )
    wait = _wait(order, hold, new, condition, link, now)
    mandate = _mandate(order, new, actor, now)
    change = _Change(order, hold, link, old, new, wait)
    order.verdict = _judged(change, now)
    if mandate is not None:
        hold_to(mandate, Reservation.objects.get(order_id=order.pk).cash)
    order.approval = _approval(change, mandate, actor, now)
    _write(change, actor, now)
    if link is not None:
        lists.react_to([order.pk], now=now)
    return order


def _condition(hold: Hold, terms: NewTerms) -> dict[str, Any] | None:
    if isinstance(terms.condition, Keep):
        return hold.condition
    return None if terms.condition is None else dict(terms.condition)


def _wait(
    order: Order, hold: Hold, new: OrderTicket, condition: dict[str, Any] | None, link: OrderLink | None, now: datetime
) -> Wait:
    """Return what the order is to wait for: its condition once met stays met, unless it is another one."""
    placed = None if link is None else _placed(link)
    takes, at = exposures.takes(order.account.connection.broker), exchange_now(now)
    after = _entry(link) if link is not None and hold.state == Hold.State.WAITING else None
    found = wait_of(new, takes, condition=condition, placed=placed, after=after, exchange_now=at)
    if found is None or not found.is_held:  # it waits for nothing any more: the engine's next look sends it
        found = Wait(placed=placed, is_held=True, ends_at=hold.ends_at)
    if new.time_in_force is TimeInForce.GTC and order.expire_at is not None and found.ends_at is not None:
        return with_(found, ends_at=min(found.ends_at, order.expire_at))  # other terms give it no longer life
    return found


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


def _mandate(order: Order, new: OrderTicket, actor: Actor, now: datetime) -> Mandate | None:
    code = order.account.code
    sender = senders.sender_of(actor.user, code, [leg.symbol for leg in new.legs], now=now)
    if sender is None:
        raise NotFoundError(f"There is no account {code}.", account=code)
    return right_to_send(order.account, actor, sender.mandate)


def _judged(change: _Change, now: datetime) -> Verdict:
    order = change.order
    is_manual = order.origin != Order.Origin.PROPOSAL  # as it is judged again when it is released
    request = exposures.gate_request(order.account, change.new, now=now, is_manual=is_manual, exclude_order_id=order.pk)
    verdict = gate.readmit(judged(request, change.wait), order_id=order.pk, old_may_fill=False)
    if verdict.outcome in release.BLOCKED:
        raise submit.RiskDeniedError(
            f"The new terms are denied: {gate.first_reason(verdict)} The order waits on unchanged.",
            checks=gate.failures(verdict),
        )
    return verdict


def _approval(change: _Change, mandate: Mandate | None, actor: Actor, now: datetime) -> Approval:
    new, link = change.new, change.link
    whole = new if link is None else with_(new, quantity=link.planned_qty)
    return Approval.objects.create(
        kind=Approval.Kind.TICKET if mandate is None else Approval.Kind.MANDATE,
        mandate=mandate,
        user=actor.user,
        content_hash=approved_hash(whole, change.wait),
        evidence=actor.evidence,
        approved_at=now,
    )


def _write(change: _Change, actor: Actor, now: datetime) -> None:
    order, new = change.order, change.new
    seen = dict(_news(change.old, new))
    if change.has_other_condition:
        seen |= {"condition": change.wait.condition, "was_condition": change.hold.condition}
    order.description = sentence(new)
    order.trail_amount, order.trail_percent = new.trail_amount, new.trail_percent
    order.save(update_fields=ASKED_AGAIN)
    _rearm(change)
    data = {**seen, "qty": new.quantity, "px": _text(new.limit_price), "stop_px": _text(new.stop_price)}
    advance(order, "revise", now=now, source=OrderEvent.Source.PERSON, actor=actor.name, data=data)
    record(
        "order.revised",
        f"order:{order.pk}",
        {"cl_ord_id": order.cl_ord_id, "approval": order.approval_id, "verdict": str(order.verdict_id), **seen},
        actor=actor.name,
        at=now,
        account=order.account.code,
        trace_id=order.trace_id,
    )


def _rearm(change: _Change) -> None:
    """Count anew what is looked for anew. A trailing stop keeps the best price it has seen, at its new distance."""
    hold, wait = change.hold, change.wait
    memory = dict(hold.memory)
    fields: dict[str, Any] = {}
    if change.has_other_condition:
        memory.pop("condition", None)
        fields["condition_met_at"] = None
    if _watched(change.old) != _watched(change.new):
        memory["watch"] = {**memory.get("watch", {}), "count": 0}
        watch = watch_of(change.new) if wait.is_watched else None
        fields["level"] = None if watch is None else level_of(watch, hold.mark)
    Hold.objects.filter(pk=hold.pk).update(
        condition=wait.condition,
        is_watched=wait.is_watched,
        send_at=wait.send_at,
        ends_at=wait.ends_at,
        memory=memory,
        version=F("version") + 1,
        **fields,
    )


def _watched(ticket: OrderTicket) -> tuple[object, ...]:
    return ticket.stop_price, ticket.trail_amount, ticket.trail_percent


def _news(old: OrderTicket, new: OrderTicket) -> Mapping[str, object]:
    """Return each term that changed, as it is now and as it was."""
    seen: dict[str, object] = {}
    for name in ("quantity", *PRICES):
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            seen |= {name: _text(after), f"was_{name}": _text(before)}
    return seen


def _text(value: object) -> str | None:
    return None if value is None else str(value)
