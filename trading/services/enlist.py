"""An order that did not come through the gate gets its row: one from elsewhere, or one made to right the books."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from allcore.accounts.actors import desk_name
from allcore.audit.services import record
from allcore.kernel.clock import new_york_date
from allcore.kernel.ids import mint_cl_ord_id
from allcore.kernel.orders import OrdStatus, PriceEffect, Side
from allcore.kernel.tickets import OrderTicket
from allcore.live import publish_on_commit
from brokers.models import Account
from marketdata.models import Instrument
from trading.domain.orders.lifecycle import OrderState
from trading.models import ExternalOrder, Order, OrderEvent, OrderLeg, OrderRequest
from trading.services.advance import open_order
from trading.services.alerts import raise_alert

ACTOR = desk_name("external")


@dataclass(frozen=True, slots=True)
class Found:
    """What the broker says of an order that is not ours. `theirs` is its name for it."""

    account: Account
    theirs: str
    broker_order_id: str
    ticket: OrderTicket
    at: datetime
    message: str


def insert(
    found: Found,
    known: Mapping[str, Instrument],
    *,
    now: datetime,
    origin: Order.Origin = Order.Origin.EXTERNAL,
) -> OrderRequest:
    """Insert the order: of the account, of no strategy. Its ClOrdID follows from the broker's name for it."""
    order = _blank(found, origin, now)
    open_order(order, [("ack", {})], now=now, source=OrderEvent.Source.BROKER, actor=ACTOR)
    OrderLeg.objects.bulk_create(
        OrderLeg(
            order=order,
            index=index,
            instrument=known[leg.symbol],
            side=leg.side,
            position_effect=leg.position_effect,
            ratio=leg.ratio,
        )
        for index, leg in enumerate(found.ticket.legs)
    )
    request = OrderRequest.objects.create(
        order=order,
        account=order.account,
        connection=order.connection,
        kind=OrderRequest.Kind.NEW,
        cl_ord_id=order.cl_ord_id,
        orig_cl_ord_id=found.theirs,
        state=OrderRequest.State.ACKED,
        created_at=now,
        sent_at=now,
        answered_at=now,
    )
    if origin == Order.Origin.EXTERNAL:
        ExternalOrder.objects.create(order=order, theirs=found.theirs)
        note(order, "order.external", {"theirs": found.theirs, "broker_order_id": found.broker_order_id}, now)
        raise_alert(order, "EXTERNAL_ORDER", found.message, now=now)
        publish_on_commit("breaks", "external", {"what": f"order:{order.pk}"}, account=order.account.code)
    return request


def _blank(found: Found, origin: Order.Origin, now: datetime) -> Order:
    account, ticket = found.account, found.ticket
    cl_ord_id = mint_cl_ord_id(f"external:{account.connection.name}:{account.broker_account}:{found.theirs}")
    state = OrderState(
        order_qty=ticket.quantity,
        chain=(cl_ord_id,),
        price=ticket.limit_price,
        stop_price=ticket.stop_price,
        base=OrdStatus.PENDING_NEW,
    )
    return Order(
        cl_ord_id=cl_ord_id,
        account=account,
        connection=account.connection,
        origin=origin,
        underlying=ticket.underlying,
        description=str(origin.label),
        side=ticket.side if ticket.price_effect is not PriceEffect.EVEN else Side.SELL,
        ord_type=ticket.ord_type,
        time_in_force=ticket.time_in_force,
        price_effect=ticket.price_effect,
        limit_price=ticket.limit_price,
        stop_price=ticket.stop_price,
        trail_amount=ticket.trail_amount,
        trail_percent=ticket.trail_percent,
        expire_at=ticket.expire_at,
        trigger=ticket.trigger or "",
        order_qty=ticket.quantity,
        state=state.as_dict(),
        broker_order_id=found.broker_order_id,
        trace_id="",
        trade_date=new_york_date(found.at),
        created_at=now,
        sent_at=now,
    )


def note(order: Order, action: str, payload: dict[str, object], now: datetime) -> None:
    """Put what happened to an order that is not ours on record."""
    seen = {"cl_ord_id": order.cl_ord_id, **payload}
    record(action, f"order:{order.pk}", seen, actor=ACTOR, at=now, account=order.account.code)
