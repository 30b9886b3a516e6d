"""The outbox as a claim reads it: what waits on one connection, and its orders, locked; two statements for a batch."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

import orjson

from allcore import rows
from allcore.kernel.tickets import OrderTicket
from brokers.models import Account, Connection
from brokers.selectors.connections import FENCE
from trading.domain.contingent.native import Listed
from trading.models import Order
from trading.selectors.household import TICKET

# What opens waits until the books agree with the broker's; cancels and what only closes do not.
MAY_LEAVE = """
(c.state = 'UP' OR r.kind = 'CANCEL' OR NOT EXISTS
  (SELECT 1 FROM order_leg l WHERE l.order_id = r.order_id AND l.position_effect = 'OPEN'))
"""
# Of a list that leaves as one, the first order is found here, and the others by it.
LEADS = "coalesce(r.terms->'list'->>'index', '0') = '0'"
# "CANCEL" sorts before "NEW" and "REPLACE": whatever waits, cancels go first.
WAITING = f"""
SELECT r.id, r.order_id, r.kind, r.cl_ord_id, r.orig_cl_ord_id, r.terms, r.guard_id IS NOT NULL, r.created_at
  FROM order_request r JOIN connection c ON c.id = r.connection_id
 WHERE {FENCE} AND r.state = 'TO_SEND' AND {MAY_LEAVE} AND {LEADS} ORDER BY r.kind, r.id LIMIT %(limit)s
"""  # noqa: S608 only the constants above are put in


FOLLOWERS = """
SELECT r.id, r.order_id, r.kind, r.cl_ord_id, r.orig_cl_ord_id, r.terms, r.guard_id IS NOT NULL, r.created_at
  FROM order_link k JOIN order_request r ON r.order_id = k.order_id
 WHERE k.order_list_id = ANY(%s) AND k.index > 0 AND r.kind = 'NEW' AND r.state = 'TO_SEND' ORDER BY r.id
"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request in the outbox. Nothing here ever changes but its state, which the claim itself decides on."""

    request_id: int
    order_id: UUID
    kind: str
    cl_ord_id: str
    orig_cl_ord_id: str
    terms: Mapping[str, object]
    is_guarded: bool  # a replacement that goes out as a new order, since its cancel is confirmed
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Held:
    """An order whose row is locked, and what it is as it stands now."""

    order: Order
    ticket: OrderTicket


def waiting(connection: str, *, epoch: int, limit: int, now: datetime) -> list[Waiting]:
    """Return the oldest requests, cancels first; nothing once the lease of that epoch does not hold."""
    asked = {"connection": connection, "epoch": epoch, "limit": limit, "now": now}
    return _read(rows.read(WAITING, asked))


def followers(picked: Iterable[Waiting]) -> list[Waiting]:
    """Return what leaves with the first orders of lists that are among those picked."""
    lists = [UUID(listed.list_id) for one in picked if (listed := Listed.read(one.terms)) is not None]
    return _read(rows.read(FOLLOWERS, (lists,))) if lists else []


def _read(found: Iterable[Sequence[Any]]) -> list[Waiting]:
    return [
        Waiting(request_id, order_id, kind, cl_ord_id, orig_cl_ord_id, orjson.loads(terms), is_guarded, created_at)
        for request_id, order_id, kind, cl_ord_id, orig_cl_ord_id, terms, is_guarded, created_at in found
    ]


def held(order_ids: Collection[UUID]) -> dict[UUID, Held]:
    """Return the orders with account and connection, their rows locked in the order of their ids."""
    return {found.order.pk: found for found in map(_held, rows.read(_statement(), (list(order_ids),)))}


def _held(found: tuple[object, ...]) -> Held:
    values = iter(found)
    order, account = rows.take(Order, values), rows.take(Account, values)
    account.connection = order.connection = rows.take(Connection, values)
    order.account = account
    return Held(order, OrderTicket.from_dict(orjson.loads(str(next(values)))))


@cache
def _statement() -> str:
    # The ids stand in a subquery: seen by the planner, they would have the statement planned anew for each batch.
    columns = (rows.columns(Order, "o"), rows.columns(Account, "a"), rows.columns(Connection, "c"))
    return f"""
SELECT {", ".join(columns)}, ({TICKET})::text
  FROM "order" o JOIN account a ON a.id = o.account_id JOIN connection c ON c.id = o.connection_id
 WHERE o.id = ANY(ARRAY(SELECT unnest(%s))) ORDER BY o.id FOR UPDATE OF o
"""  # noqa: S608 only names of columns and the constant are put in
