"""The one way an order's row changes: an event is applied to its core, and the row repeats what the core says."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal

from allcore import live, rows
from allcore.kernel.orders import CLOSED_STATUSES, OrdStatus
from allcore.live import publish_on_commit
from trading.domain.orders.lifecycle import Applied, Event, EventKind, OrderState, apply
from trading.models import Order, OrderEvent
from trading.selectors.rows import order_row

Data = Mapping[str, object]

AVG_PX_STEP = Decimal("0.00000001")  # the column's; the state keeps the executions themselves
REASON_LENGTH = 300  # the column's
DERIVED = (
    "status",
    "fix_ord_status",
    "state",
    "order_qty",
    "limit_price",
    "stop_price",
    "cum_qty",
    "leaves_qty",
    "overfill_qty",
    "avg_px",
    "broker_order_id",
    "reason",
    "staged_at",
    "sent_at",
    "acked_at",
    "closed_at",
)
SAYS_WHY = frozenset(
    {
        EventKind.RISK_FAIL,
        EventKind.DENY,
        EventKind.LOCAL_CANCEL,
        EventKind.REJECT,
        EventKind.CANCEL_ACK,
        EventKind.CANCEL_REJ,
        EventKind.REPLACE_REJ,
        EventKind.UNSOL_CANCEL,
        EventKind.EXPIRE,
        EventKind.QUERY_NOT_FOUND,
        EventKind.BUST,
    }
)
BEFORE_ACCEPTANCE = frozenset({OrdStatus.PENDING_NEW, OrdStatus.REJECTED})


def state_of(order: Order) -> OrderState:
    """Return the order's core; a row that no event has touched yet is a draft of its own columns."""
    if order.state:
        return OrderState.from_dict(order.state)
    return OrderState(
        order_qty=order.order_qty, chain=(order.cl_ord_id,), price=order.limit_price, stop_price=order.stop_price
    )


def may_fill(order: Order) -> int:
    """Return the units that may yet fill, by the order's own terms or by those that were asked for."""
    return state_of(order).most_leaves if order.state.get("pending") else order.leaves_qty


def advance(  # noqa: PLR0913 what an event's record holds
    order: Order,
    event: str,
    *,
    now: datetime,
    source: str,
    actor: str = "",
    data: Data | None = None,
    raw: Data | None = None,
) -> Applied:
    """Apply an event to an order that the caller has locked, and record it; one statement.

    `order.account` should be loaded, since the order's row is published on commit.

    Raises:
        IllegalTransitionError: the order's status cannot take the event; nothing was written.
    """
    applied, happened = prepared(order, event, now=now, source=source, actor=actor, data=data, raw=raw)
    rows.write([happened], changed=[order], names=DERIVED)
    publish_on_commit("orders", "order", order_row(order), account=order.account.code)
    return applied


def prepared(  # noqa: PLR0913 what an event's record holds
    order: Order,
    event: str,
    *,
    now: datetime,
    source: str,
    actor: str = "",
    data: Data | None = None,
    raw: Data | None = None,
) -> tuple[Applied, OrderEvent]:
    """Apply an event as `advance` does, and return its record: who writes many at once writes it, with `DERIVED`.

    Raises:
        IllegalTransitionError: the order's status cannot take the event; the order is as it was.
    """
    applied = _apply(order, event, data or {}, now)
    return applied, _record(order, event, applied, now=now, source=source, actor=actor, data=data or {}, raw=raw)


def advance_all(orders: Sequence[Order], event: str, *, now: datetime, source: str, actor: str = "") -> None:
    """Apply the same event to different orders, all of them locked, as `advance` does; one statement for all."""
    if not orders:
        return
    happened = [
        _record(order, event, _apply(order, event, {}, now), now=now, source=source, actor=actor, data={}, raw=None)
        for order in orders
    ]
    rows.write(happened, changed=orders, names=DERIVED)
    live.publish_all_on_commit(
        [live.message("orders", "order", order_row(order), account=order.account.code) for order in orders]
    )


def open_order(
    order: Order, events: Iterable[tuple[str, Data]], *, now: datetime, source: str, actor: str = ""
) -> OrderState:
    """Insert a new order together with its first events, such as submit and risk_pass; two statements."""
    records = [
        _record(order, event, _apply(order, event, data, now), now=now, source=source, actor=actor, data=data, raw=None)
        for event, data in events
    ]
    order.save(force_insert=True)
    OrderEvent.objects.bulk_create(records)
    publish_on_commit("orders", "order", order_row(order), account=order.account.code)
    return state_of(order)


def _apply(order: Order, event: str, data: Data, now: datetime) -> Applied:
    applied = apply(state_of(order), Event.read(event, data))
    state, kind = applied.state, EventKind(event)
    order.state = state.as_dict()
    order.status = state.status
    order.fix_ord_status = state.fix_ord_status or ""
    order.order_qty = state.order_qty
    order.limit_price = state.price
    order.stop_price = state.stop_price
    order.cum_qty = state.cum_qty
    order.leaves_qty = state.leaves_qty
    order.overfill_qty = state.overfill_qty
    order.avg_px = None if state.avg_px is None else state.avg_px.quantize(AVG_PX_STEP, rounding=ROUND_HALF_EVEN)
    if broker_order_id := data.get("broker_order_id"):
        order.broker_order_id = str(broker_order_id)
    if kind in SAYS_WHY and (reason := data.get("reason")):
        order.reason = str(reason)[:REASON_LENGTH]
    _stamp(order, kind, state, now)
    return applied


def _stamp(order: Order, kind: EventKind, state: OrderState, now: datetime) -> None:
    if state.status is OrdStatus.READY and order.staged_at is None:
        order.staged_at = now
    if kind is EventKind.SEND:
        order.sent_at = now
    accepted = state.fix_ord_status is not None and state.base not in BEFORE_ACCEPTANCE
    if accepted and order.acked_at is None:
        order.acked_at = now
    is_closed = state.status in CLOSED_STATUSES
    if not is_closed:
        order.closed_at = None  # a busted fill or a late acceptance opens it again
    elif order.closed_at is None:
        order.closed_at = now


def _record(  # noqa: PLR0913 the columns of an event
    order: Order,
    event: str,
    applied: Applied,
    *,
    now: datetime,
    source: str,
    actor: str,
    data: Data,
    raw: Data | None,
) -> OrderEvent:
    alerts = {"alerts": [str(alert) for alert in applied.alerts]} if applied.alerts else {}
    return OrderEvent(
        order=order,
        seq=applied.state.applied,
        event=event,
        status=applied.state.status,
        source=source,
        actor=actor,
        data={**_as_text(data), **alerts},
        raw=None if raw is None else _as_text(raw),
        at=now,
    )


def _as_text(data: Data) -> dict[str, object]:
    return {key: str(value) if isinstance(value, Decimal | datetime) else value for key, value in data.items()}
