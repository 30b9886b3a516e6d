"""What would put an order's trouble right is proposed; a person approves it like any other trade, or does not."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

import structlog
from django.db import IntegrityError, transaction

from allcore.accounts.actors import desk_name
from allcore.kernel.errors import DeskError, UnavailableError
from allcore.kernel.orders import OrdType, PositionEffect, PriceEffect, Side, TimeInForce
from allcore.kernel.quotes import Quote
from allcore.kernel.tickets import OrderTicket, TicketLeg, natural_effect
from marketdata.selectors import quotes
from risk.services import gate
from trading.domain.orders.events import Alert
from trading.domain.proposals.card import Reasons
from trading.domain.reconcile.offsets import LegFilled, together
from trading.models import Break, Order, Proposal
from trading.selectors import exposures, offsets
from trading.selectors.protocol import active_parameters
from trading.services import breaks
from trading.services.offer import Offer, offer
from trading.services.react import LEG_IMBALANCE

ACTOR = desk_name("reconcile")
OFFSETS = (str(Alert.OVERFILL), LEG_IMBALANCE)
TRY_EVERY = timedelta(seconds=60)
WAITS_MINUTES = 30
SAYS = {
    str(Alert.OVERFILL): "More was executed than ordered. This trade closes what was too much.",
    LEG_IMBALANCE: "The legs filled out of their ratio. This trade unwinds what has no other leg against it.",
}


class NoOtherSideError(UnavailableError):
    """Nobody quotes the side that an offset would trade against."""

    code = "NO_OTHER_SIDE"


log = structlog.get_logger(__name__)


def propose_due(connection: str, *, now: datetime) -> int:
    """Propose an offset for each order's trouble that has none yet; return how many. What cannot be priced waits."""
    rows = Break.objects.filter(account__connection__name=connection, resolved_at=None, code__in=OFFSETS, proposal=None)
    made = 0
    for row in rows.select_related("account__connection", "order").order_by("id"):
        tried_at = row.details.get("tried_at")
        if tried_at is None or now - datetime.fromisoformat(tried_at) >= TRY_EVERY:
            made += _try(row, now)
    return made


def _try(row: Break, now: datetime) -> bool:
    legs = [] if row.order is None else offsets.due(row.order, row.code)
    if not legs:
        breaks.close(row, "Nothing is left to offset.", now=now)
        return False
    try:
        with transaction.atomic():
            row.proposal = _propose(row, legs, now)
            row.save(update_fields=["proposal"])
    except (DeskError, IntegrityError) as e:  # no price, say: the break says what is wrong, and it is tried again
        log.warning("offset_not_proposed", subject=row.subject, error=str(e))
        row.details = {**row.details, "tried_at": now.isoformat(), "why_not": str(e)[:200]}
        row.save(update_fields=["details"])
        return False
    breaks.tell(row, "offset_proposed", now)
    return True


def _propose(row: Break, legs: Sequence[LegFilled], now: datetime) -> Proposal:
    ticket = _ticket(row, legs)
    request = exposures.gate_request(row.account, ticket, now=now, is_manual=True)
    wanted = Offer(
        account=row.account,
        ticket=ticket,
        reasons=_reasons(row),
        approvals_needed=1,
        minutes=WAITS_MINUTES,
        fee=active_parameters().fees.option,
        actor=ACTOR,
    )
    return offer(wanted, request, gate.assess(request), now=now)


def _ticket(row: Break, filled: Sequence[LegFilled]) -> OrderTicket:
    """Return the order that closes all of it, at the prices at which it would trade now."""
    units, unit = together(filled)
    legs = tuple(
        TicketLeg(leg.symbol, leg.side.opposite, PositionEffect.CLOSE, leg.qty, leg.multiplier) for leg in unit
    )
    cost = _at_once(legs)
    paid = PriceEffect.DEBIT if cost > 0 else PriceEffect.CREDIT if cost < 0 else PriceEffect.EVEN
    return OrderTicket(
        account=row.account.code,
        underlying=row.underlying,
        legs=legs,
        quantity=units,
        ord_type=OrdType.LIMIT,
        time_in_force=TimeInForce.DAY,
        price_effect=natural_effect(legs[0].side) if len(legs) == 1 else paid,
        limit_price=abs(cost),
    )


def _at_once(legs: Sequence[TicketLeg]) -> Decimal:
    """Return what a share of one unit costs now; received, if below zero.

    Raises:
        NoOtherSideError: nobody is on the other side of a leg.
    """
    found = quotes.latest([leg.symbol for leg in legs])
    paid = sum((_paid(leg, found.get(leg.symbol)) for leg in legs), Decimal(0))
    return paid / max(leg.multiplier for leg in legs)


def _paid(leg: TicketLeg, quote: Quote | None) -> Decimal:
    price = None if quote is None else quote.ask if leg.side is Side.BUY else quote.bid
    if price is None:
        raise NoOtherSideError(
            f"There is no quote to close {leg.symbol} against; no offset is proposed yet.", symbol=leg.symbol
        )
    return leg.side.sign * price * leg.ratio * leg.multiplier


def _reasons(row: Break) -> Reasons:
    order: Order | None = row.order
    said = {
        "code": row.code,
        "text": f"{row.get_kind_display()} {row.subject}: {row.ours}, {row.theirs}.",
        "passed": False,
    }
    return Reasons(
        strategy=Proposal.Strategy.OFFSET,
        why={
            "sentence": SAYS[row.code],
            "market_week": {},
            "expected": {},
            "rules": [said],
            "reason_code": "proposed",
            "order_id": None if order is None else str(order.pk),
        },
        alternatives=[
            {"sentence": "Keep it", "note": "It is a position like any other; resolve the break with a reason."}
        ],
    )
