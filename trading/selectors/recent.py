"""What an account sent lately: a part of the statement that asks for the gate's facts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from allcore.kernel.tickets import OrderTicket
from brokers.models import Account
from risk.domain.request import Messages, Recent
from trading.selectors.household import TICKET

SPAN, SECOND = timedelta(seconds=60), timedelta(seconds=1)
USUAL = 20  # orders, of which a usual quantity is told
# Both ends of the time are named, though nothing is from the future: a plan that is kept reads by the time only then,
# since of one end alone the planner thinks a third of all rows. Messages are counted where they stand, and twins found
# by their own index: a script that sends many a second waits for none of its others.
LATELY = f"""
(SELECT json_build_array(
  (SELECT json_build_array(count(*), count(*) FILTER (WHERE r.created_at > %(second)s)) FROM order_request r
    WHERE r.account_id = %(account)s AND r.created_at > %(since)s AND r.created_at < %(until)s
      AND r.kind <> 'CANCEL'),
  (SELECT json_agg(json_build_array(o.id, o.staged_at, {TICKET}) ORDER BY o.staged_at, o.id)
     FROM "order" o JOIN account a ON a.id = o.account_id
    WHERE o.account_id = %(account)s AND o.underlying = %(underlying)s AND o.order_qty = %(quantity)s
      AND o.staged_at >= %(since)s AND o.staged_at < %(until)s),
  (SELECT json_agg((o.order_qty / (CASE i.kind WHEN 'OPTION' THEN 1.0 ELSE 100.0 END))::text)
     FROM (SELECT id, order_qty FROM "order" WHERE account_id = %(account)s AND status <> 'DENIED'
            ORDER BY created_at DESC, id LIMIT {USUAL}) o
     JOIN order_leg l ON l.order_id = o.id AND l.index = 0 JOIN instrument i ON i.id = l.instrument_id)))
"""  # noqa: S608 only the constant above is put in


@dataclass(frozen=True, slots=True)
class LastMinute:
    """How many messages there were but cancels, and the orders that a ticket may be the same as.

    `sizes` are of the last orders whenever they were: contracts, or hundreds of shares.
    """

    messages: Messages
    twins: tuple[Recent, ...]
    sizes: tuple[Decimal, ...] = ()


def asked(account: Account, ticket: OrderTicket, now: datetime) -> dict[str, object]:
    """Return what LATELY asks for; a twin has the ticket's name and quantity."""
    return {
        "account": account.pk,
        "since": now - SPAN,
        "second": now - SECOND,
        "until": now + SPAN,
        "underlying": ticket.underlying,
        "quantity": ticket.quantity,
    }


def last_minute_of(answer: Sequence[Any]) -> LastMinute:
    """Return the last minute that LATELY answered."""
    counts, twins, sizes = answer
    return LastMinute(
        messages=Messages(*counts),
        twins=tuple(
            Recent(OrderTicket.from_dict(row), datetime.fromisoformat(at), UUID(order_id))
            for order_id, at, row in twins or ()
        ),
        sizes=tuple(Decimal(size) for size in sizes or ()),
    )
