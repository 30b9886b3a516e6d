"""Other terms of an order that waits, put in force: judged, approved by whoever gave them, written and audited."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import replace as with_
from datetime import datetime
from typing import Any

from django.db.models import F

from allcore.accounts.actors import Actor
from allcore.audit.services import record
from allcore.kernel.tickets import OrderTicket
from risk.models import Verdict
from risk.services import gate
from trading.domain.contingent.judged import judged
from trading.domain.contingent.waits import Wait, approved_hash
from trading.domain.contingent.watches import level_of, watch_of
from trading.domain.orders.terms import PRICES
from trading.domain.proposals.sentences import sentence
from trading.models import Approval, Hold, Mandate, Order, OrderEvent
from trading.selectors import exposures
from trading.services import submit
from trading.services.advance import advance
from trading.services.contingent import release
from trading.services.mandates import keep_within, right_of

ASKED_AGAIN = ("description", "trail_amount", "trail_percent", "approval", "verdict")


@dataclass(frozen=True, slots=True)
class Change:
    """An order that waits, its row and its hold's locked, and what becomes of it.

    `planned`: how much of it was ordered in all; of an order of a list that may be more than it is for now.
    """

    order: Order
    hold: Hold
    old: OrderTicket
    new: OrderTicket
    wait: Wait
    planned: int

    @property
    def has_other_condition(self) -> bool:
        """Whether it waits for something else."""
        return self.wait.condition != self.hold.condition


def put_in_force(change: Change, actor: Actor, now: datetime) -> None:
    """Judge the whole new order, bind the person's yes to it, and write it.

    Raises:
        RiskDeniedError, MandateExceededError: the new terms are refused.
        UnavailableError: the market cannot be seen.
    """
    order = change.order
    mandate = right_of(order, change.new, actor, now)
    order.verdict = _judged(change, now)
    keep_within(mandate, order)
    order.approval = _approval(change, mandate, actor, now)
    _write(change, actor, now)


def _judged(change: Change, now: datetime) -> Verdict:
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


def _approval(change: Change, mandate: Mandate | None, actor: Actor, now: datetime) -> Approval:
    whole = with_(change.new, quantity=change.planned)
    return Approval.objects.create(
        kind=Approval.Kind.TICKET if mandate is None else Approval.Kind.MANDATE,
        mandate=mandate,
        user=actor.user,
        content_hash=approved_hash(whole, change.wait),
        evidence=actor.evidence,
        approved_at=now,
    )


def _write(change: Change, actor: Actor, now: datetime) -> None:
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


def _rearm(change: Change) -> None:
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
