"""How pairs stand before something is booked on them, in one statement: positions, open lots, and the rules of closing.

One statement, because this is read for every fill; through the ORM it is four (ADR 0011 is of the same mind).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db import connection

from trading.domain.books.lots import LotMethod
from trading.models import Lot, Position
from trading.services.entries import Pair
from trading.services.replay import Rules

POSITION = (
    "id, account_id, instrument_id, qty, avg_px, realised, fees, income, opened_at, booked_through, booked_key, "
    "updated_at"
)
STANDING = f"""
SELECT {", ".join(f"p.{name}" for name in POSITION.split(", "))},
    (SELECT json_agg(json_build_array(l.id, l.execution_id, l.book_event_id, l.opened_qty, l.open_qty, l.price::text,
                                      l.cost::text, l.opened_at) ORDER BY l.opened_at, l.id)
       FROM lot l WHERE l.account_id = p.account_id AND l.instrument_id = p.instrument_id AND l.open_qty <> 0),
    (SELECT json_agg(json_build_array(e.effective_from, e.method) ORDER BY e.effective_from)
       FROM lot_election e WHERE e.account_id = p.account_id),
    (SELECT array_agg(DISTINCT i.order_id) FROM lot_instruction i WHERE i.order_id = ANY(%s))
FROM position p
JOIN unnest(%s::bigint[], %s::bigint[]) AS wanted (account_id, instrument_id)
  ON p.account_id = wanted.account_id AND p.instrument_id = wanted.instrument_id
"""  # noqa: S608 only names of columns are put in


@dataclass(frozen=True, slots=True)
class Standing:
    """The positions that exist, their open lots oldest first, the accounts' elections, the orders that named lots."""

    positions: dict[Pair, Position]
    lots: dict[Pair, list[Lot]]
    rules: dict[int, Rules]
    named: frozenset[UUID]


def read(pairs: Iterable[Pair], orders: Iterable[UUID]) -> Standing:
    """Return how the pairs stand."""
    wanted = sorted(pairs)
    found = Standing({}, {}, {}, frozenset())
    if not wanted:
        return found
    accounts, instruments = [account for account, _ in wanted], [instrument for _, instrument in wanted]
    with connection.cursor() as cursor:
        cursor.execute(STANDING, (list(orders), accounts, instruments))
        rows = cursor.fetchall()
    named: frozenset[UUID] = frozenset()
    for *columns, lots, elections, orders_named in rows:
        position = Position.from_db("default", POSITION.split(", "), columns)
        pair = position.account_id, position.instrument_id
        found.positions[pair] = position
        found.lots[pair] = [_lot(pair, row) for row in lots or ()]
        found.rules[pair[0]] = Rules([(date.fromisoformat(day), LotMethod(method)) for day, method in elections or ()])
        named |= frozenset(orders_named or ())
    return Standing(found.positions, found.lots, found.rules, named)


def _lot(pair: Pair, row: list[object]) -> Lot:
    pk, execution, event, opened, left, price, cost, at = row
    opened_at = datetime.fromisoformat(str(at))
    values = [pk, *pair, execution, event, opened, left, Decimal(str(price)), Decimal(str(cost)), opened_at, None]
    names = ["id", "account_id", "instrument_id", "execution_id", "book_event_id", "opened_qty", "open_qty"]
    return Lot.from_db("default", [*names, "price", "cost", "opened_at", "carried_by_id"], values)
