"""Trades of the past that resemble a proposal, and how they ended."""

from decimal import Decimal

from django.db.models import Sum

from allcore.kernel.calendar import monday_of
from brokers.models import Account
from trading.models import LotClose, Order, WeekLabel
from trading.selectors.rows import Row, iso, text
from trading.selectors.strategies import strategy_of

SHOWN = 5


def similar(account: Account, underlying: str, strategy: str) -> list[Row]:
    """Return the account's latest closed trades of the strategy in the underlying, the newest first.

    `realised` is what the positions that the order opened have brought when they were closed; None while they are open.
    """
    closed = Order.objects.annotate(strategy=strategy_of()).filter(
        account=account, underlying=underlying, strategy=strategy, cum_qty__gt=0, closed_at__isnull=False
    )
    orders = list(closed.order_by("-closed_at", "-id")[:SHOWN])
    realised: dict[object, Decimal] = dict(
        LotClose.objects.filter(lot__execution__order__in=orders)
        .values_list("lot__execution__order")
        .annotate(sum=Sum("realised"))
        .order_by("lot__execution__order")
    )
    labels = dict(
        WeekLabel.objects.filter(
            account=account, underlying=underlying, monday__in=[monday_of(order.trade_date) for order in orders]
        ).values_list("monday", "week_type")
    )
    return [
        {
            "order_id": str(order.pk),
            "sentence": order.description,
            "closed_at": iso(order.closed_at),
            "realised": text(realised.get(order.pk)),
            "week_type": labels.get(monday_of(order.trade_date)),
        }
        for order in orders
    ]
