"""An order that waited is sent: checked whole, once more, and put in the outbox; or it is denied and ends here.

The approval was given when it was placed, for the order together with its condition and its list
(`waits.approved_hash`). Nothing of that changes here: what goes out is the ticket that was approved, without what the
desk did in its stead.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F

from allcore.accounts.actors import desk_name
from allcore.audit.services import record
from allcore.kernel.calendar import Phase, phase_at
from allcore.kernel.clock import new_york_date
from allcore.kernel.errors import UnavailableError
from allcore.kernel.instruments import TickRule
from allcore.kernel.orders import OrdStatus, TimeInForce
from allcore.kernel.tickets import OrderTicket
from marketdata.selectors import quotes
from marketdata.selectors.clock import exchange_now
from risk.models import Verdict
from risk.services import gate, reservations
from trading.domain.contingent import collar, wire
from trading.domain.contingent.judged import judged
from trading.models import Hold, Order, OrderEvent, OrderRequest
from trading.selectors import exposures
from trading.selectors.tickets import ticket_of
from trading.services.advance import advance
from trading.services.alerts import raise_alert
from trading.services.contingent import holds, rights
from trading.services.contingent.holds import place_of as place_of  # noqa: PLC0414 callers say release.place_of; mypy asks for this form
from trading.services.ring import ring_on_commit
from trading.services.submit import account_of

ACTOR = desk_name("triggers")
BLOCKED = (Verdict.Outcome.SOFT_BLOCK, Verdict.Outcome.HARD_BLOCK)


class ExchangeClosedError(UnavailableError):
    """What waits leaves when the exchange is open."""

    code = "EXCHANGE_CLOSED"


@transaction.atomic
def release(order_id: UUID, *, why: str, now: datetime, quantity: int | None = None) -> bool:
    """Send the order, for `quantity` units if named; return whether this call did it. Twice is once.

    Raises:
        UnavailableError: the market cannot be seen, or is closed; the order stays, to be tried again.
        NoMarketError: its option's quote is too wide to be taken; likewise.
    """
    order = locked(order_id)
    hold = Hold.objects.filter(order_id=order_id, state__in=holds.UNSENT).first()
    if order.status != OrdStatus.HELD or hold is None:
        return False
    if order.time_in_force != TimeInForce.OPG and phase_at(exchange_now(now)) is not Phase.OPEN:
        raise ExchangeClosedError("The exchange is not open; the order waits at the desk.", order_id=order_id)
    resize(order, order.order_qty if quantity is None else quantity, now=now)
    ticket = ticket_of(order)
    out = _wire(order, hold, ticket, now)
    request = exposures.gate_request(
        order.account, out, now=now, is_manual=order.origin != Order.Origin.PROPOSAL, exclude_order_id=order.pk
    )
    request = judged(request, place_of(order))
    verdict = gate.readmit(request, order_id=order.pk)
    if verdict.outcome in BLOCKED:
        _deny(order, verdict, why, gate.first_reason(verdict), now)
        return False
    if gone := rights.refusal(order, out, now):
        _deny(order, verdict, why, gone, now)
        return False
    _send(order, out, request, why, now)
    return True


def locked(order_id: UUID) -> Order:
    """Lock the account, then the order, and return it with its legs.

    Raises:
        NotFoundError: there is no such order.
    """
    account, underlying = account_of(order_id)
    gate.lock(account, underlying=underlying)
    query = Order.objects.select_for_update(of=("self",)).select_related("account__connection")
    return query.prefetch_related("legs__instrument").get(pk=order_id)


def resize(order: Order, quantity: int, *, now: datetime) -> None:
    """Give an order that waits another quantity; its row is locked."""
    if quantity == order.order_qty:
        return
    advance(order, "resize", now=now, source=OrderEvent.Source.DESK, actor=ACTOR, data={"qty": quantity})
    reservations.shrink(order.pk, quantity, now)


def _wire(order: Order, hold: Hold, ticket: OrderTicket, now: datetime) -> OrderTicket:
    connection = order.account.connection
    latest = quotes.latest([leg.symbol for leg in ticket.legs])
    out = wire.released(
        ticket,
        exposures.takes(connection.broker),
        was_watched=hold.is_watched,
        closes_at=exposures.closes_at(exchange_now(now)),
    )
    rules = {leg.instrument.symbol: TickRule(leg.instrument.tick_rule) for leg in order.legs.all()}
    return collar.collared(out, latest, lambda symbol, price: rules[symbol].tick_at(price))


def _send(order: Order, out: OrderTicket, request: gate.GateRequest, why: str, now: datetime) -> None:
    order.arrival = exposures.arrival(request)
    order.trade_date = new_york_date(request.market.exchange_now)
    order.save(update_fields=["arrival", "trade_date"])
    seen: dict[str, object] = {"reason": why, "wire": out.as_dict()}
    advance(order, "trigger", now=now, source=OrderEvent.Source.DESK, actor=ACTOR, data=seen)
    sent = Hold.objects.filter(order=order, state__in=holds.UNSENT).update(
        state=Hold.State.RELEASED, why=why[:300], wire=out.as_dict(), released_at=now, version=F("version") + 1
    )
    if sent != 1:  # the order's row is locked, so that nobody can have come between
        raise RuntimeError(f"Order {order.cl_ord_id} was released by two.")
    outbox = OrderRequest.objects.create(
        order=order,
        account=order.account,
        connection=order.connection,
        kind=OrderRequest.Kind.NEW,
        cl_ord_id=order.cl_ord_id,
        terms={"ticket": out.as_dict()},
        created_at=now,
    )
    ring_on_commit(order.connection.name, outbox.pk)
    _record(order, "order.released", seen, now)


def _deny(order: Order, verdict: Verdict, why: str, reason: str, now: datetime) -> None:
    order.verdict = verdict
    order.save(update_fields=["verdict"])
    advance(order, "risk_fail", now=now, source=OrderEvent.Source.DESK, actor=ACTOR, data={"reason": reason})
    holds.end(order, f"{why} Denied: {reason}", now)
    reservations.release(order.pk, now)
    raise_alert(order, "HELD_ORDER_DENIED", f"{why} It was denied: {reason} Nothing was sent.", now=now)
    _record(order, "order.denied", {"reason": reason, "verdict": str(verdict.pk)}, now)


def _record(order: Order, action: str, seen: dict[str, object], now: datetime) -> None:
    record(
        action,
        f"order:{order.pk}",
        {"cl_ord_id": order.cl_ord_id, **seen},
        actor=ACTOR,
        at=now,
        account=order.account.code,
        trace_id=order.trace_id,
    )
