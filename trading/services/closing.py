"""An order that says which lots it closes: both are written, or neither."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from allcore.accounts.actors import Actor
from allcore.kernel.orders import OrdStatus
from trading.models import Order
from trading.services import lot_methods, submit
from trading.services.elections import Wish


def place(
    *, draft: Mapping[str, Any], wishes: Sequence[Wish], actor: Actor, key: str, trace_id: str, now: datetime
) -> Order:
    """Stage an order as `submit.place` does, and name the lots that it takes first, before anything of it can fill.

    Raises:
        NoSuchLotError: a lot is not there to be closed by it; nothing was sent. Else as `submit.place`.
    """
    if not wishes:
        return submit.place(draft=draft, actor=actor, key=key, trace_id=trace_id, now=now)
    with transaction.atomic():
        order = submit.place(draft=draft, actor=actor, key=key, trace_id=trace_id, now=now)
        if order.status != OrdStatus.DENIED:
            lot_methods.instruct(order.pk, wishes, actor=actor, now=now)
        return order
