"""Everything that the accounts of one environment hold and may yet come to hold, in one statement.

The gate reads this under the account's lock, before every order. Through the ORM it took fifteen statements and most of
the order's time, since Python composes each anew; PostgreSQL answers this one in a millisecond, as JSON.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson

from allcore import rows
from allcore.kernel.calendar import session_on
from allcore.kernel.clock import new_york_date
from allcore.kernel.instruments import InstrumentKind, Right
from allcore.kernel.money import ZERO
from allcore.kernel.orders import CLOSED_STATUSES
from allcore.kernel.tickets import OrderTicket
from risk.domain.book import Pending, at_worst

# Written out, since a plan that is kept uses the index of working orders only if it sees that they are meant.
CLOSED = ", ".join(f"'{status}'" for status in sorted(CLOSED_STATUSES))
LEGS = """
  (SELECT json_agg(json_build_object('symbol', i.symbol, 'side', l.side, 'position_effect', l.position_effect,
                                     'ratio', l.ratio, 'multiplier', i.multiplier) ORDER BY l.index)
     FROM order_leg l JOIN instrument i ON i.id = l.instrument_id WHERE l.order_id = o.id)
"""
TICKET = f"""
  json_build_object('account', a.code, 'underlying', o.underlying, 'legs', {LEGS}, 'quantity', o.order_qty,
                    'ord_type', o.ord_type, 'time_in_force', o.time_in_force, 'price_effect', o.price_effect,
                    'limit_price', o.limit_price::text, 'stop_price', o.stop_price::text,
                    'trail_amount', o.trail_amount::text, 'trail_percent', o.trail_percent::text,
                    'expire_at', CASE o.time_in_force WHEN 'GTD' THEN o.expire_at END, 'trigger', nullif(o.trigger, ''))
"""
# What closes and waits for its entry to fill, here or at the broker, has nothing to close yet: it claims nothing.
DORMANT = """
  ((h.state IS NOT DISTINCT FROM 'WAITING' OR EXISTS
     (SELECT 1 FROM order_list n JOIN order_link e ON e.order_list_id = n.id AND e.role = 'ENTRY'
        JOIN "order" x ON x.id = e.order_id
       WHERE n.id = k.order_list_id AND n.is_native AND k.role <> 'ENTRY' AND x.cum_qty = 0))
   AND NOT EXISTS (SELECT 1 FROM order_leg l WHERE l.order_id = o.id AND l.position_effect = 'OPEN'))
"""
# A replacement may be in force at the broker before the desk hears of it: the larger of both totals may yet fill.
MOST_LEAVES = """
  CASE o.leaves_qty WHEN 0 THEN 0 ELSE greatest(o.leaves_qty,
    (SELECT max((p->>2)::int) FROM jsonb_array_elements(o.state->'pending') p) - o.cum_qty) END
"""
# Only what ends one another: the entry of a list, and orders that it merely sets free, are beside each other.
GROUP = """
  (SELECT n.id FROM order_list n WHERE n.id = k.order_list_id AND n.linkage <> 'NONE' AND k.role <> 'ENTRY')
"""
# What runs of algorithms have not sent yet: held at the desk, and counted like an order that is. Found by what is
# reserved now, so that it takes no longer the more runs there have been.
RUNS = """
  (SELECT json_agg(json_build_object('id', g.id, 'leaves', r.quantity, 'cash', r.cash::text, 'at', g.created_at,
                                     'group', NULL, 'held', true, 'ticket', g.ticket) ORDER BY g.created_at, g.id)
     FROM risk_reservation r JOIN algo_run g ON g.id = r.order_id
    WHERE r.account_id = a.id AND r.released_at IS NULL)
"""
MEMBERS = f"""
(SELECT json_agg(json_build_object(
  'id', a.id, 'code', a.code, 'is_enabled', a.is_enabled, 'connection', c.name,
  'cash', (SELECT b.cash::text FROM cash_balance b WHERE b.account_id = a.id),
  'close', (SELECT json_build_array(e.at, e.equity::text) FROM equity_point e
             WHERE e.account_id = a.id AND e.is_close AND e.at < %(opens_at)s ORDER BY e.at DESC, e.id DESC LIMIT 1),
  'flows', (SELECT json_agg(json_build_array(l.at, l.amount::text)) FROM ledger_entry l
             WHERE l.account_id = a.id AND l.ledger = 'CAPITAL'),
  'breaks', (SELECT json_agg(k.underlying) FROM reconcile_break k WHERE k.account_id = a.id AND k.resolved_at IS NULL),
  'lines', (SELECT json_agg(json_build_array(i.symbol, coalesce(u.symbol, i.symbol), i.kind, i."right", i.strike::text,
                                             i.expiry, p.qty, p.avg_px::text, i.multiplier) ORDER BY p.id)
              FROM position p JOIN instrument i ON i.id = p.instrument_id
              LEFT JOIN instrument u ON u.id = i.underlying_id
             WHERE p.account_id = a.id AND p.qty <> 0),
  'working', (SELECT json_agg(json_build_object('id', o.id, 'leaves', {MOST_LEAVES}, 'cash', r.cash::text,
                                                'at', coalesce(o.staged_at, o.created_at), 'group', {GROUP},
                                                'held', o.status = 'HELD',
                                                'ticket', {TICKET})
                              ORDER BY o.created_at, o.id)
                FROM "order" o LEFT JOIN risk_reservation r ON r.order_id = o.id AND r.released_at IS NULL
                LEFT JOIN order_link k ON k.order_id = o.id LEFT JOIN order_hold h ON h.order_id = o.id
               WHERE o.account_id = a.id AND o.status NOT IN ({CLOSED}) AND NOT {DORMANT}),
  'runs', {RUNS}
)::text ORDER BY a.position_order, a.id)
FROM account a JOIN connection c ON c.id = a.connection_id WHERE c.environment = %(environment)s)
"""  # noqa: S608 only the constants above are put in


@dataclass(frozen=True, slots=True)
class Line:
    """One position, not yet marked. `qty` is signed; `avg_px` per share."""

    symbol: str
    underlying: str
    kind: InstrumentKind
    right: Right | None
    strike: Decimal | None
    expiry: date | None
    qty: int
    avg_px: Decimal
    multiplier: int


@dataclass(frozen=True, slots=True)
class Member:
    """One account, in dollars: `capital` is all that was put in, `opened_with` what the day's P&L counts from."""

    account_id: int
    code: str
    connection: str
    is_enabled: bool
    cash: Decimal
    capital: Decimal
    opened_with: Decimal
    breaks: frozenset[str]
    lines: tuple[Line, ...]
    pending: tuple[Pending, ...]


@dataclass(frozen=True, slots=True)
class Household:
    """The accounts of one environment."""

    environment: str
    members: tuple[Member, ...]

    @property
    def symbols(self) -> set[str]:
        """All symbols held or pending, and their underlyings."""
        held = {name for m in self.members for line in m.lines for name in (line.symbol, line.underlying)}
        tickets = [p.ticket for m in self.members for p in m.pending]
        return held | {leg.symbol for t in tickets for leg in t.legs} | {t.underlying for t in tickets}

    def member(self, account_id: int) -> Member:
        """Return one of them."""
        return next(m for m in self.members if m.account_id == account_id)


def household(environment: str, exchange_now: datetime) -> Household:
    """Return the environment's accounts as they stand now."""
    ((text,),) = rows.read(f"SELECT {MEMBERS}::text", asked(environment, exchange_now))
    return household_of(environment, [] if text is None else orjson.loads(text))


def asked(environment: str, exchange_now: datetime) -> dict[str, object]:
    """Return what MEMBERS asks for."""
    session = session_on(new_york_date(exchange_now))
    opens_at = exchange_now if session is None else session.opens_at
    return {"environment": environment, "opens_at": opens_at}


def household_of(environment: str, members: Iterable[str]) -> Household:
    """Return the household that MEMBERS answered."""
    return Household(environment, tuple(_member(text) for text in members))


# From one order to the next most accounts say the same, letter by letter: they are not read again.
@lru_cache(maxsize=256)
def _member(text: str) -> Member:
    row = orjson.loads(text)
    return Member(
        account_id=row["id"],
        code=row["code"],
        connection=row["connection"],
        is_enabled=row["is_enabled"],
        cash=ZERO if row["cash"] is None else Decimal(row["cash"]),
        capital=_moved(row["flows"] or (), since=None),
        opened_with=_opened_with(row["close"], row["flows"] or ()),
        breaks=frozenset(row["breaks"] or ()),
        lines=tuple(_line(*cells) for cells in row["lines"] or ()),
        pending=at_worst(_pending(order) for order in (*(row["working"] or ()), *(row["runs"] or ()))),
    )


def _opened_with(close: Sequence[str] | None, flows: Iterable[Sequence[str]]) -> Decimal:
    """Return the last close's equity, and what was put in or taken out since."""
    if close is None:
        return _moved(flows, since=None)
    return Decimal(close[1]) + _moved(flows, since=datetime.fromisoformat(close[0]))


def _moved(flows: Iterable[Sequence[str]], *, since: datetime | None) -> Decimal:
    # CAPITAL is the other side of CASH: a deposit is below zero on it.
    return -sum((Decimal(amount) for at, amount in flows if since is None or datetime.fromisoformat(at) > since), ZERO)


def _line(  # noqa: PLR0913, PLR0917 the columns of the statement, in their order
    symbol: str,
    underlying: str,
    kind: str,
    right: str,
    strike: str | None,
    expiry: str | None,
    qty: int,
    avg_px: str,
    multiplier: int,
) -> Line:
    return Line(
        symbol=symbol,
        underlying=underlying,
        kind=InstrumentKind(kind),
        right=Right(right) if right else None,
        strike=None if strike is None else Decimal(strike),
        expiry=None if expiry is None else date.fromisoformat(expiry),
        qty=qty,
        avg_px=Decimal(avg_px),
        multiplier=multiplier,
    )


def _pending(order: Mapping[str, Any]) -> Pending:
    return Pending(
        order_id=UUID(order["id"]),
        ticket=OrderTicket.from_dict(order["ticket"]),
        leaves=order["leaves"],
        cash=ZERO if order["cash"] is None else Decimal(order["cash"]),
        staged_at=datetime.fromisoformat(order["at"]),
        group=None if order["group"] is None else UUID(order["group"]),
        is_held=order["held"],
    )
