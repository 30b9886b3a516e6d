"""Legs of one combination told apart: units of the order are what all of its legs have, and what is odd is called out.

Legs that come together and in their ratio never pass here.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from allcore.kernel.orders import CLOSED_STATUSES, OrdStatus, PriceEffect, Side
from allcore.kernel.reports import ExecutionReport, LegFill
from trading.domain.orders.events import Alert
from trading.domain.orders.units import (
    PX_STEP,
    Leg,
    filled_of,
    net_price,
    odd_legs,
    recounted,
    whole_units,
)
from trading.models import Execution, Order, OrderLeg
from trading.services import breaks
from trading.services.advance import state_of
from trading.services.alerts import raise_alert, tell
from trading.services.batch import Batch, Data
from trading.services.react import LEG_IMBALANCE

UNHEARD = (OrdStatus.PENDING_NEW, OrdStatus.IN_DOUBT)
TOGETHER = "The legs are in their ratio again."


def shapes(legs: Iterable[OrderLeg]) -> dict[int, Leg]:
    """Return what makes a unit of the order; the instruments should be loaded."""
    return {leg.index: Leg(leg.ratio, leg.instrument.multiplier) for leg in legs}


def advance(batch: Batch, order: Order, event: str, data: Data, report: ExecutionReport) -> None:
    """Apply what a trade did to its order; its reservation may have to change."""
    batch.advance(order, event, {**data, "broker_order_id": report.broker_order_id}, report)
    batch.touched[order.pk] = order


def complete(batch: Batch, order: Order, report: ExecutionReport, executions: Sequence[Execution]) -> None:
    """Count the units that the report's legs make whole; if none, the order has at least reached the broker."""
    batch.apart[order.pk] = order
    legs, fills = shapes(batch.legs[order.pk]), [*_live(batch, order), *map(_fill, executions)]
    units, state = whole_units(filled_of(fills, legs), legs), state_of(order)
    gained = units - state.cum_qty
    if gained > 0:
        total = units * net_price(fills, legs, PriceEffect(order.price_effect))
        px = ((total - sum(fill.qty * fill.px for fill in state.fills)) / gained).quantize(PX_STEP).normalize()
        first = report.fills[0]
        is_taken = state.fill_of(first.exec_id) is not None or first.exec_id in state.busted
        name = f"{first.exec_id}/{first.leg}" if is_taken else first.exec_id
        advance(batch, order, "fill", {"exec": name, "qty": gained, "px": px}, report)
    elif order.status in UNHEARD:
        advance(batch, order, "ack", {}, report)


def recount(
    batch: Batch, order: Order, report: ExecutionReport, gone: Sequence[Execution], executions: Sequence[Execution] = ()
) -> None:
    """Count the order's units anew without what is taken back, and with what stands in its stead."""
    batch.apart[order.pk] = order
    legs, lost = shapes(batch.legs[order.pk]), {(execution.exec_id, execution.leg) for execution in gone}
    live = [fill for fill in _live(batch, order) if (fill.exec_id, fill.leg) not in lost]
    fills = [*live, *map(_fill, executions)]
    units = whole_units(filled_of(fills, legs), legs)
    px = net_price(fills, legs, PriceEffect(order.price_effect)) if units else Decimal(0)
    successor = report.fills[0].exec_id if executions else ""
    works_again = bool(executions) or bool(report.raw.get("reinstated"))
    changes = recounted(state_of(order).fills, report.ref_exec_id, successor, units=units, px=px)
    for one in changes:
        terms: Data = {"qty": one.qty, "px": one.px, "reason": report.reason}
        if not one.qty:
            gone_data = {"exec": one.was, "reinstated": works_again, "reason": report.reason}
            advance(batch, order, "bust", gone_data, report)
        elif one.was:
            advance(batch, order, "correct", {"exec": one.was, "new_exec": one.exec_id, **terms}, report)
        else:
            advance(batch, order, "fill", {"exec": one.exec_id, **terms}, report)
    if not changes:
        tell(order, [Alert.TRADE_CORRECT if executions else Alert.TRADE_BUST], now=batch.now)
    if not works_again and OrdStatus(order.status) not in CLOSED_STATUSES:
        advance(batch, order, "cancel_ack", {"reason": report.reason}, report)


def look(batch: Batch) -> None:
    """Call out the orders whose legs are out of their ratio once the whole batch is counted; close what has healed."""
    for order in batch.apart.values():
        legs = batch.legs[order.pk]
        odd = odd_legs(filled_of(_live(batch, order), shapes(legs)), shapes(legs))
        if odd:
            alone = ", ".join(f"{odd[leg.index]} {leg.instrument.symbol}" for leg in legs if leg.index in odd)
            raise_alert(order, LEG_IMBALANCE, f"Legs filled out of their ratio: {alone} alone.", now=batch.now)
        else:
            breaks.close_for_order(order, LEG_IMBALANCE, TOGETHER, now=batch.now)


def _live(batch: Batch, order: Order) -> list[LegFill]:
    """Return what counts of the order now: on record, and in this batch."""
    lost = {execution.pk for execution in batch.taken_back}
    on_record = Execution.objects.filter(order=order, status=Execution.Status.LIVE).exclude(pk__in=lost)
    known = on_record.select_related("instrument").order_by("id")
    new = [e for e in batch.executions if e.order_id == order.pk and e.status == Execution.Status.LIVE]
    return [*map(_fill, known), *map(_fill, new)]


def _fill(execution: Execution) -> LegFill:
    return LegFill(
        exec_id=execution.exec_id,
        leg=execution.leg,
        symbol=execution.instrument.symbol,
        side=Side(execution.side),
        qty=execution.qty,
        px=execution.px,
    )
