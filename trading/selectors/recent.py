"""What an account sent in the last minute: a part of the statement that asks for the gate's facts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from allcore.kernel.tickets import OrderTicket
from brokers.models import Account
from risk.domain.request import Recent
from trading.selectors.household import TICKET

SPAN = timedelta(seconds=60)
LATELY = f"""
json_build_array(
  (SELECT json_agg(r.created_at ORDER BY r.id) FROM order_request r JOIN "order" o ON o.id = r.order_id
    WHERE o.account_id = %(account)s AND r.created_at > %(since)s AND r.kind <> 'CANCEL'),
  (SELECT json_agg(json_build_array(o.id, o.staged_at, {TICKET}) ORDER BY o.staged_at, o.id)
     FROM "order" o JOIN account a ON a.id = o.account_id
    WHERE o.account_id = %(account)s AND o.staged_at >= %(since)s AND o.underlying = %(underlying)s
      AND o.order_qty = %(quantity)s)
)
"""  # noqa: S608 only the constant above is put in


@dataclass(frozen=True, slots=True)
class LastMinute:
    """The times of all messages but cancels, and the orders that a ticket may be the same as."""

    messages: tuple[datetime, ...]
    twins: tuple[Recent, ...]


def asked(account: Account, ticket: OrderTicket, now: datetime) -> dict[str, object]:
    """Return what LATELY asks for; a twin has the ticket's name and quantity."""
    return {
        "account": account.pk,
        "since": now - SPAN,
        "underlying": ticket.underlying,
        "quantity": ticket.quantity,
    }


def last_minute_of(answer: Sequence[Any]) -> LastMinute:
    """Return the last minute that LATELY answered."""
    times, twins = answer
    return LastMinute(
        messages=tuple(datetime.fromisoformat(at) for at in times or ()),
        twins=tuple(
            Recent(OrderTicket.from_dict(row), datetime.fromisoformat(at), UUID(order_id))
            for order_id, at, row in twins or ()
        ),
    )
