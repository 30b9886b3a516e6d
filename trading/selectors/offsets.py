"""What of an order is too much or alone now, and whether an offset that was proposed still undoes it."""

from typing import Any

from django.db.models import F, Sum

from allcore.kernel.orders import Side
from allcore.kernel.tickets import OrderTicket
from trading.domain.orders.events import Alert
from trading.domain.reconcile.offsets import LegFilled, excess, is_undone_by, overfilled
from trading.models import Execution, Order, Proposal

HEALED = "What it was to undo is no longer there: the order's legs stand otherwise now."


def due(order: Order, code: str) -> list[LegFilled]:
    """Return what is too much of the order now, leg by leg; empty once it has healed."""
    ratios = {leg.index: leg.ratio for leg in order.legs.all()}
    live = Execution.objects.filter(order=order, status=Execution.Status.LIVE)
    sums = live.values("leg", "side", symbol=F("instrument__symbol"), multiplier=F("instrument__multiplier"))
    filled = [
        LegFilled(r["symbol"], Side(r["side"]), r["total"], ratios.get(r["leg"], 1), r["multiplier"])
        for r in sums.annotate(total=Sum("qty")).order_by("leg", "side")
    ]
    if code == Alert.OVERFILL:
        return overfilled(filled, order.overfill_qty)
    missing = len(ratios) - len({leg.symbol for leg in filled})
    return excess(filled, is_missing_a_leg=missing > 0)


def fault(proposal: Proposal) -> str:
    """Return why an offset is not to be traded any more, or nothing; any other proposal has none.

    A person may have changed it to less than all of it; more than is due would open something.
    """
    if proposal.strategy != Proposal.Strategy.OFFSET:
        return ""
    content: dict[str, Any] = proposal.content
    order_id, rules = content["why"].get("order_id"), content["why"].get("rules", ())
    if order_id is None or not rules:
        return ""
    order = Order.objects.get(pk=order_id)
    ticket = OrderTicket.from_dict(content["ticket"])
    return "" if is_undone_by(due(order, rules[0]["code"]), ticket) else HEALED
