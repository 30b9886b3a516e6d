"""Orders out are orders in: what left for a broker was entered, approved and claimed, each message once.

Source: SEC release 34-70694: orders that left the router were not compared with those that were entered.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from django.db.models import Q

from risk.domain.triggers import Seen, fired
from risk.selectors.limits import for_everybody
from risk.services import kill
from trading.models import Order, OrderRequest

CODE = "kill_unmatched"
PROCESS = "orders-out"
LEFT = ("SENT", "ACKED", "REJECTED", "IN_DOUBT")
# A person answers for an order that has one of these; no other may leave.
WITHOUT_APPROVAL = (Order.Origin.EXTERNAL, Order.Origin.RECONCILIATION)


def compare(connection: str, out: Iterable[int], *, epoch: int, now: datetime) -> int:
    """Hold what left since the last time against what was entered; a mismatch engages the kill switch. Returns it.

    `out` are the requests that were handed to the session, as often as they were.
    """
    handed = list(out)
    if not handed:
        return 0
    entered = OrderRequest.objects.filter(pk__in=handed, connection__name=connection, lease_epoch=epoch, state__in=LEFT)
    allowed = entered.filter(Q(order__approval__isnull=False) | Q(order__origin__in=WITHOUT_APPROVAL))
    count = len(handed) - allowed.count()
    for firing in fired([Seen(CODE, connection, Decimal(count))], {"": for_everybody()}):
        kill.engage(
            scope=firing.scope,
            target=firing.target,
            level=firing.level,
            actor=None,
            reason=firing.reason,
            now=now,
            process=PROCESS,
        )
    return count
