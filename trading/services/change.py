"""A person's other numbers for a proposal: a new card in place of the old, with risk run anew."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction

from allcore.accounts.actors import Actor
from allcore.kernel.clock import seconds_between
from allcore.kernel.errors import InvalidInputError, NotFoundError, RefusedError
from allcore.kernel.money import is_on_tick
from allcore.kernel.tickets import OrderTicket
from risk.domain.permissions import Action
from risk.domain.request import GateRequest
from risk.selectors.permissions import require
from risk.services import gate
from trading.domain.approval.decisions import Decision
from trading.domain.proposals.card import Reasons, tick_of
from trading.models import Proposal
from trading.selectors import exposures
from trading.selectors.protocol import active_parameters
from trading.services.algos.executions import Asked
from trading.services.endings import end, locked
from trading.services.offer import Offer, offer


class OffTickError(InvalidInputError):
    """The price does not lie on the instrument's price steps."""

    code = "OFF_TICK"


class BlockedError(RefusedError):
    """Risk does not let the changed trade through; the old card stands."""

    code = "RISK_BLOCKED"


@dataclass(frozen=True, slots=True)
class Numbers:
    """What is wanted instead of what the card says; None stays."""

    limit_price: Decimal | None = None
    quantity: int | None = None
    execution: Asked | None = None


@transaction.atomic
def change(*, proposal_id: UUID, new: Numbers, actor: Actor, now: datetime) -> Proposal:
    """Propose other numbers, or another way to the market; what is None stays.

    Who changes it is its proposer, and does not approve it.

    Raises:
        NotFoundError: there is no such proposal.
        NotOpenError: it was decided already, or has expired.
        InvalidInputError: nothing changes, the price is off tick or the quantity below 1.
        NotForAlgorithmsError, InvalidParametersError, NoLookError, NoProfileError: no such execution of it, or not now.
        BlockedError: risk blocks the changed trade.
    """
    if not Proposal.objects.filter(pk=proposal_id).exists():
        raise NotFoundError(f"There is no proposal {proposal_id}.", proposal_id=proposal_id)
    old = locked(proposal_id)
    require(actor.user, Action.CHANGE_PROPOSAL, old.account)
    ticket = _changed(OrderTicket.from_dict(old.content["ticket"]), new)
    request = exposures.gate_request(old.account, ticket, now=now, is_manual=False)
    _check_tick(request)
    assessment = gate.assess(request)
    if assessment.is_blocked:
        raise BlockedError(f"Not changed: {assessment.message}", checks=assessment.as_rows())
    end(old, Decision.SUPERSEDE, actor=actor.name, reason="Changed.", now=now)
    whole_life = seconds_between(old.proposed_at, old.expires_at)
    wanted = Offer(
        account=old.account,
        ticket=ticket,
        reasons=_reasons(old, actor),
        approvals_needed=old.approvals_needed,
        minutes=max(round(whole_life / 60), 1),
        fee=active_parameters().fees.option,
        proposed_by=actor.user,
        actor=actor.name,
        supersedes=old,
        asked=new.execution,
    )
    return offer(wanted, request, assessment, now=now)


def _changed(ticket: OrderTicket, new: Numbers) -> OrderTicket:
    data = ticket.as_dict()
    if new.limit_price is not None:
        data["limit_price"] = f"{new.limit_price:f}"
    if new.quantity is not None:
        data["quantity"] = new.quantity
    changed = OrderTicket.from_dict(data)
    is_same = (changed.limit_price, changed.quantity) == (ticket.limit_price, ticket.quantity)
    if is_same and new.execution is None:
        raise InvalidInputError("Nothing changes: give another price, quantity or execution.")
    return changed


def _check_tick(request: GateRequest) -> None:
    price, tick = request.ticket.limit_price, tick_of(request)
    if price is not None and not is_on_tick(price, tick):
        raise OffTickError(f"The price lies on steps of {tick}, was {price}.", tick=str(tick), price=str(price))


def _reasons(old: Proposal, actor: Actor) -> Reasons:
    content: dict[str, Any] = old.content
    why = {**content["why"], "reason_code": "changed", "changed_by": actor.name}
    return Reasons(strategy=old.strategy, why=why, alternatives=content["alternatives"])
