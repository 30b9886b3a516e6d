"""The next price of an algorithm's child, by the approval of the proposal that it works."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from risk.domain.permissions import Action
from risk.selectors.permissions import require
from risk.services import gate
from trading.domain.orders.terms import NewTerms, changed
from trading.models import AlgoRun, Order
from trading.selectors.tickets import ticket_of
from trading.services.submit import account_of, ensure_replaceable, locked, replace_locked


@transaction.atomic
def reprice(run: AlgoRun, *, order_id: UUID, terms: NewTerms, actor: str, now: datetime) -> Order:
    """Ask for the price. What its proposal's approval accepted stays accepted, while the approver may still approve.

    Raises:
        ForbiddenError: whoever approved it may no longer do so.
        OrderClosedError: there is nothing left to replace.
        NotReplaceableError, ReplacementUnderWayError: not such an order, or not yet.
        RiskDeniedError: the new terms break a rule; the order works on unchanged.
    """
    require(run.started_by, Action.APPROVE_PROPOSAL, run.account)
    account, underlying = account_of(order_id)
    gate.lock(account, underlying=underlying)
    order = locked(order_id)
    ensure_replaceable(order)
    return replace_locked(
        order, changed(ticket_of(order), terms), actor=actor, now=now, accepted=frozenset(run.accepted)
    )
