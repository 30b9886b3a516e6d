"""The paper store's statements. Each takes one JSON list, so that fifty records cost what one does.

They do without the ORM because every order passes here three times, and building bulk updates costs more than running
them.
"""

from collections.abc import Sequence
from decimal import Decimal

import orjson
from django.db import connection

INSERT_ORDERS = """
INSERT INTO paper_order (account_id, cl_ord_id, current_cl_ord_id, ticket, status, order_qty, cum_qty, fill_count,
    is_triggered, confirmations, seen_at, trail_mark, is_resting, queue_ahead, queue_shown, queue_volume, reason,
    version, arrives_at, changed_at, expires_at)
SELECT a.id, r.cl_ord_id, r.current_id, r.ticket, r.status, r.order_qty, r.cum_qty, r.fill_count,
    r.is_triggered, r.confirmations, r.seen_at, r.trail_mark, r.is_resting, r.queue_ahead, r.queue_shown,
    r.queue_volume, r.reason, r.version, r.arrives_at, r.changed_at, r.expires_at
FROM jsonb_to_recordset(%s::jsonb) AS r(account text, cl_ord_id text, current_id text, ticket jsonb, status text,
    order_qty int, cum_qty int, fill_count int, is_triggered bool, confirmations int, seen_at timestamptz,
    trail_mark numeric, is_resting bool, queue_ahead int, queue_shown int, queue_volume bigint, reason text,
    version int, arrives_at timestamptz, changed_at timestamptz, expires_at timestamptz)
JOIN paper_account a ON a.number = r.account
WHERE NOT EXISTS (SELECT 1 FROM paper_request q WHERE q.cl_ord_id = r.cl_ord_id)
"""

UPDATE_ORDERS = """
UPDATE paper_order o SET current_cl_ord_id = r.current_id, ticket = r.ticket, status = r.status,
    order_qty = r.order_qty, cum_qty = r.cum_qty, fill_count = r.fill_count, is_triggered = r.is_triggered,
    confirmations = r.confirmations, seen_at = r.seen_at, trail_mark = r.trail_mark, is_resting = r.is_resting,
    queue_ahead = r.queue_ahead, queue_shown = r.queue_shown, queue_volume = r.queue_volume, reason = r.reason,
    version = r.version, changed_at = r.changed_at, expires_at = r.expires_at
FROM jsonb_to_recordset(%s::jsonb) AS r(cl_ord_id text, current_id text, ticket jsonb, status text, order_qty int,
    cum_qty int, fill_count int, is_triggered bool, confirmations int, seen_at timestamptz, trail_mark numeric,
    is_resting bool, queue_ahead int, queue_shown int, queue_volume bigint, reason text, version int, was int,
    changed_at timestamptz, expires_at timestamptz)
WHERE o.cl_ord_id = r.cl_ord_id AND o.version = r.was
"""

INSERT_REQUESTS = """
INSERT INTO paper_request (account_id, order_id, cl_ord_id, orig_cl_ord_id, kind, state, terms, reason, version,
    arrives_at)
SELECT a.id, o.id, r.cl_ord_id, r.orig_cl_ord_id, r.kind, r.state, r.terms, r.reason, r.version, r.arrives_at
FROM jsonb_to_recordset(%s::jsonb) AS r(account text, order_id text, cl_ord_id text, orig_cl_ord_id text, kind text,
    state text, terms jsonb, reason text, version int, arrives_at timestamptz)
JOIN paper_account a ON a.number = r.account
LEFT JOIN paper_order o ON o.cl_ord_id = r.order_id
WHERE NOT EXISTS (SELECT 1 FROM paper_order b WHERE b.cl_ord_id = r.cl_ord_id)
"""

UPDATE_REQUESTS = """
UPDATE paper_request q SET state = r.state, reason = r.reason, version = r.version
FROM jsonb_to_recordset(%s::jsonb) AS r(cl_ord_id text, state text, reason text, version int, was int)
WHERE q.cl_ord_id = r.cl_ord_id AND q.version = r.was
"""

INSERT_EXECUTIONS = """
INSERT INTO paper_execution (order_id, exec_id, leg, symbol, side, qty, units, px, fee, multiplier, transact_at,
    quote_at, why)
SELECT o.id, r.exec_id, r.leg, r.symbol, r.side, r.qty, r.units, r.px, r.fee, r.multiplier, r.transact_at, r.quote_at,
    r.why
FROM jsonb_to_recordset(%s::jsonb) AS r(order_id text, exec_id text, leg int, symbol text, side text, qty int,
    units int, px numeric, fee numeric, multiplier int, transact_at timestamptz, quote_at timestamptz,
    why jsonb)
JOIN paper_order o ON o.cl_ord_id = r.order_id
"""

INSERT_BOOKINGS = """
INSERT INTO paper_booking (account_id, event_id, kind, symbol, qty, px, underlying, shares, delivery_px, fee, carried,
    transact_at, booked_at)
SELECT a.id, r.event_id, r.kind, r.symbol, r.qty, r.px, r.underlying, r.shares, r.delivery_px, r.fee, r.carried,
    r.transact_at, r.booked_at
FROM jsonb_to_recordset(%s::jsonb) AS r(account text, event_id text, kind text, symbol text, qty int, px numeric,
    underlying text, shares int, delivery_px numeric, fee numeric, carried jsonb, transact_at timestamptz,
    booked_at timestamptz)
JOIN paper_account a ON a.number = r.account
"""

KEEP_STANDINGS = """
UPDATE paper_account a SET standing = r.standing
FROM jsonb_to_recordset(%s::jsonb) AS r(number text, standing jsonb) WHERE a.number = r.number
"""

# The lists stand in subqueries: seen by the planner, they would have the statement planned anew each time.
LOCK_ACCOUNTS = """
SELECT number, cash, settlement FROM paper_account WHERE number = ANY(ARRAY(SELECT unnest(%s::text[])))
ORDER BY id FOR UPDATE
"""

POSITIONS = """
SELECT a.number, p.symbol, p.qty, p.avg_px FROM paper_position p JOIN paper_account a ON a.id = p.account_id
WHERE a.number = ANY(ARRAY(SELECT unnest(%s::text[]))) AND p.symbol = ANY(ARRAY(SELECT unnest(%s::text[])))
"""

KEEP_CASH = """
UPDATE paper_account a SET cash = r.cash, settlement = r.settlement
FROM jsonb_to_recordset(%s::jsonb) AS r(number text, cash numeric, settlement jsonb)
WHERE a.number = r.number
"""

KEEP_POSITIONS = """
INSERT INTO paper_position (account_id, symbol, qty, avg_px)
SELECT a.id, r.symbol, r.qty, r.avg_px
FROM jsonb_to_recordset(%s::jsonb) AS r(number text, symbol text, qty int, avg_px numeric)
JOIN paper_account a ON a.number = r.number
ON CONFLICT (account_id, symbol) DO UPDATE SET qty = EXCLUDED.qty, avg_px = EXCLUDED.avg_px
"""

DROP_FLAT = """
DELETE FROM paper_position p USING jsonb_to_recordset(%s::jsonb) AS r(number text, symbol text), paper_account a
WHERE a.number = r.number AND p.account_id = a.id AND p.symbol = r.symbol
"""

Row = dict[str, object]


def run(statement: str, rows: Sequence[Row]) -> int:
    """Run the statement on the rows, and return how many it touched. Nothing to do is no statement."""
    if not rows:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(statement, (orjson.dumps(rows, default=_plain).decode(),))
        return int(cursor.rowcount)


def read(statement: str, *parameters: Sequence[str]) -> list[tuple[object, ...]]:
    """Return the statement's rows."""
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(p) for p in parameters])
        return list(cursor.fetchall())


def _plain(value: object) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
