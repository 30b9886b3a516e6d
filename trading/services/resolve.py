"""What a person decides at the break desk. Each decision has a reason, and each is on record."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from allcore.accounts.actors import Actor
from allcore.audit.services import record
from allcore.kernel.errors import ConflictError, InvalidInputError, NotFoundError
from allcore.kernel.orders import CLOSED_STATUSES, OrdStatus
from allcore.live import publish_on_commit
from brokers.models import Account
from risk.domain.permissions import Action
from risk.selectors.permissions import require, require_anywhere
from trading.models import Break, ExternalOrder, Order, OrderRequest, Quarantine
from trading.services import adjust, breaks, doubt
from trading.services.submit import cancel_locked, locked

REASON_LEAST = 15  # characters: who reads it next year was not there


class NotOpenError(ConflictError):
    """It was decided already, or is gone by itself."""

    code = "NOT_OPEN"


class NotConfirmedError(InvalidInputError):
    """What was typed to confirm is not what is to be confirmed."""

    code = "NOT_CONFIRMED"


@transaction.atomic
def resolve_break(
    *, break_id: int, reason: str, adjusts: bool, price: Decimal | None, actor: Actor, now: datetime
) -> Break:
    """Close a break with a reason; with `adjusts`, our books are made to say what the broker's say first.

    Without an adjustment a difference that is still there opens again with the next comparison.

    Raises:
        NotFoundError, ForbiddenError: there is no such break, or it is not theirs to resolve.
        NotOpenError: it is resolved.
        InvalidInputError: the reason is too short, or such a break cannot be adjusted.
    """
    row = (
        Break.objects.select_for_update(of=("self",)).select_related("account__connection").filter(pk=break_id).first()
    )
    if row is None:
        raise NotFoundError(f"There is no break {break_id}.", break_id=break_id)
    require(actor.user, Action.RESOLVE_BREAK, row.account)
    _check_reason(reason)
    if row.resolved_at is not None:
        raise NotOpenError(f"The break is resolved already: {row.resolution}", break_id=break_id)
    if adjusts:
        adjust.adjust(row, price=price, reason=reason, actor=actor, now=now)
    row.resolved_at, row.resolution, row.resolved_by = now, reason[:400], actor.user
    row.save(update_fields=["resolved_at", "resolution", "resolved_by"])
    breaks.tell(row, "resolved", now, actor=actor.name)
    return row


@transaction.atomic
def resolve_report(*, quarantine_id: int, reason: str, actor: Actor, now: datetime) -> Quarantine:
    """Put a quarantined report away, unapplied, with a reason.

    Raises:
        NotFoundError, ForbiddenError, NotOpenError, InvalidInputError: as for a break.
    """
    row = (
        Quarantine.objects.select_for_update(of=("self",)).select_related("connection").filter(pk=quarantine_id).first()
    )
    if row is None:
        raise NotFoundError(f"There is no quarantined report {quarantine_id}.", quarantine_id=quarantine_id)
    account = _account_of(row)
    if account is None:
        require_anywhere(actor.user, Action.RESOLVE_BREAK)
    else:
        require(actor.user, Action.RESOLVE_BREAK, account)
    _check_reason(reason)
    if row.resolved_at is not None:
        raise NotOpenError("The report is put away already.", quarantine_id=quarantine_id)
    row.resolved_at, row.resolution, row.resolved_by = now, reason[:400], actor.user
    row.save(update_fields=["resolved_at", "resolution", "resolved_by"])
    code = "" if account is None else account.code
    _note("report.put_away", f"quarantine:{row.pk}", {"code": row.code, "reason": reason}, actor, now, code)
    return row


@transaction.atomic
def adopt(*, order_id: UUID, reason: str, actor: Actor, now: datetime) -> Order:
    """Treat an order that is not from this desk as the desk's own: it can be changed here from now on.

    Raises:
        NotFoundError, ForbiddenError, InvalidInputError: as for a break.
        NotOpenError: it is not an order from elsewhere, or decided.
    """
    order, row = _external(order_id, actor)
    _check_reason(reason)
    _decide(order, row, ExternalOrder.State.ADOPTED, reason, actor, now)
    _note("order.adopted", f"order:{order.pk}", {"reason": reason}, actor, now, order.account.code)
    return order


@transaction.atomic
def cancel_external(*, order_id: UUID, reason: str, actor: Actor, now: datetime) -> Order:
    """Ask the broker to cancel an order that is not from this desk.

    Raises:
        NotFoundError, ForbiddenError, NotOpenError, OrderClosedError, InvalidInputError: it cannot be.
    """
    order, row = _external(order_id, actor)
    _check_reason(reason)
    _decide(order, row, ExternalOrder.State.CANCELING, reason, actor, now)
    cancel_locked(order, actor=actor.name, reason=reason, now=now)
    return order


@transaction.atomic
def declare_not_found(*, order_id: UUID, confirm: str, reason: str, actor: Actor, now: datetime) -> Order:
    """Take it on a person's word that the broker never had what is in doubt. They type its ClOrdID to confirm.

    An order that turns up all the same is booked, and resurrected with an alert.

    Raises:
        NotFoundError, ForbiddenError, InvalidInputError: as for a break.
        NotOpenError: nothing of the order is in doubt.
        NotConfirmedError: what was typed is another id.
    """
    order = locked(order_id)
    require(actor.user, Action.RESOLVE_BREAK, order.account)
    _check_reason(reason)
    requests = list(order.requests.filter(state=OrderRequest.State.IN_DOUBT).order_by("id"))
    if not requests:
        raise NotOpenError("Nothing of the order is in doubt.", order_id=order_id)
    request = requests[0]
    if confirm.strip() != request.cl_ord_id:
        raise NotConfirmedError(f"Type {request.cl_ord_id} to confirm, was {confirm!r}.", order_id=order_id)
    doubt.give_up(order, request, actor=actor.name, reason=reason, now=now)
    _tell(order)
    return order


def _external(order_id: UUID, actor: Actor) -> tuple[Order, ExternalOrder]:
    order = locked(order_id)
    require(actor.user, Action.RESOLVE_BREAK, order.account)
    row = ExternalOrder.objects.filter(order=order).first()
    if row is None:
        raise NotOpenError("The order is the desk's own.", order_id=order_id)
    if row.state != ExternalOrder.State.OBSERVED:
        raise NotOpenError(f"It is decided already: {row.get_state_display().lower()}.", order_id=order_id)
    if OrdStatus(order.status) in CLOSED_STATUSES:
        raise NotOpenError(f"The order is {order.status.lower()}; there is nothing to decide.", order_id=order_id)
    return order, row


def _decide(
    order: Order, row: ExternalOrder, state: ExternalOrder.State, reason: str, actor: Actor, now: datetime
) -> None:
    row.state, row.reason, row.decided_by, row.decided_at = state, reason[:400], actor.user, now
    row.save(update_fields=["state", "reason", "decided_by", "decided_at"])
    _tell(order)


def _check_reason(reason: str) -> None:
    if len(reason.strip()) < REASON_LEAST:
        raise InvalidInputError(f"Give a reason of at least {REASON_LEAST} characters; nothing was changed.")


def _account_of(row: Quarantine) -> Account | None:
    number = str(row.report.get("account", ""))
    return Account.objects.filter(connection=row.connection, broker_account=number).first()


def _note(action: str, subject: str, payload: Mapping[str, object], actor: Actor, now: datetime, account: str) -> None:
    record(action, subject, {**payload, **actor.evidence}, actor=actor.name, at=now, account=account)
    publish_on_commit("breaks", "decided", {"what": subject}, account=account)


def _tell(order: Order) -> None:
    publish_on_commit("breaks", "decided", {"what": f"order:{order.pk}"}, account=order.account.code)
