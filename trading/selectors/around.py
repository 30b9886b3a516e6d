"""What is around an order: the day's openings, late losses, rules and the calendar of its name.

It is a part of the statement that asks for the gate's facts; each line of it goes by an index to the few rows it means.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from allcore.kernel.calendar import monday_of, next_session, session_on
from allcore.kernel.clock import new_york_date
from allcore.kernel.instruments import Right
from allcore.kernel.money import ZERO
from allcore.kernel.orders import PositionEffect, Side
from allcore.kernel.tickets import OrderTicket
from risk.domain.circumstances import Circumstances, Dividend, Loss, NameRule, NameRuleKind
from risk.domain.lines import contract_of
from risk.domain.structure import Structure
from trading.selectors.household import MOST_LEAVES

WASH_DAYS = timedelta(days=30)
STREAK_DAYS = timedelta(days=90)
RESULTS = 40  # parts of lots, of which the last closings are told
BEHIND, AHEAD = timedelta(days=7), timedelta(days=400)
# A lot's side: long shares, long calls and short puts gain together, and wash one another.
SIDE = """sign(l.opened_qty) * (CASE WHEN i.kind = 'OPTION' AND i."right" = 'P' THEN -1 ELSE 1 END)"""
REPLACES = "(SELECT count(*) FROM order_request q WHERE q.order_id = %(replaced)s::uuid AND q.kind = 'REPLACE')"
OPENED = f"""
(SELECT sum(o.unit_notional * (o.cum_qty + {MOST_LEAVES}))::text FROM "order" o
  WHERE o.account_id = %(account)s AND o.trade_date = %(today)s AND o.unit_notional IS NOT NULL
    AND o.id IS DISTINCT FROM %(replaced)s::uuid)
"""  # noqa: S608 only the constant above is put in
HELD = """
(SELECT json_agg(json_build_array(h.structure, h.side)) FROM strategy_hold h
  WHERE h.account_id = %(account)s AND h.underlying = %(underlying)s AND h.released_at IS NULL)
"""
NAMES = """
(SELECT json_agg(json_build_array(r.kind, r.underlying, r.reason) ORDER BY r.id) FROM name_rule r
  WHERE r.lifted_at IS NULL AND r.in_force_at IS NOT NULL AND (r.account_id IS NULL OR r.account_id = %(account)s)
    AND (r.kind = 'ALLOWED' OR r.underlying = %(underlying)s))
"""
EVENTS = """
(SELECT json_agg(json_build_array(e.kind, e.day, e.amount::text)) FROM market_event e
   JOIN instrument i ON i.id = e.instrument_id
  WHERE i.symbol = %(underlying)s AND e.day > %(behind)s AND e.day < %(ahead)s)
"""
ENTERED = """
(SELECT json_agg(json_build_array(c.ex_date, c.amount::text)) FROM corporate_action c
  WHERE c.symbol = %(underlying)s AND c.kind = 'DIVIDEND' AND c.state = 'CONFIRMED'
    AND c.ex_date > %(today)s AND c.ex_date < %(ahead)s)
"""
WASHING = f"""
(SELECT json_build_array(a.code, c.closed_at, c.realised::text)
   FROM lot_close c JOIN lot l ON l.id = c.lot_id JOIN account a ON a.id = l.account_id
   JOIN connection n ON n.id = a.connection_id JOIN instrument i ON i.id = l.instrument_id
   LEFT JOIN instrument u ON u.id = i.underlying_id
  WHERE c.closed_at > %(wash_since)s AND c.closed_at < %(tomorrow)s AND c.realised < 0
    AND coalesce(u.symbol, i.symbol) = %(underlying)s AND n.environment = %(environment)s
    AND {SIDE} = ANY(%(opening_sides)s::int[])
  ORDER BY c.closed_at DESC LIMIT 1)
"""  # noqa: S608 only the constant above is put in
TODAY = """
(SELECT json_object_agg(x."right", x.realised) FROM (
   SELECT i."right", sum(c.realised)::text AS realised
     FROM lot_close c JOIN lot l ON l.id = c.lot_id JOIN instrument i ON i.id = l.instrument_id
    WHERE c.closed_at >= %(opens_at)s AND c.closed_at < %(tomorrow)s AND l.account_id = %(account)s
      AND l.opened_qty < 0 AND i.kind = 'OPTION' GROUP BY i."right") x)
"""
LATEST = f"""
(SELECT json_agg(json_build_array(x.key, x.realised) ORDER BY x.closed_at DESC, x.id DESC) FROM (
   SELECT c.id, c.closed_at, c.realised::text AS realised,
          coalesce('O' || e.order_id::text, 'B' || c.book_event_id::text, 'C' || c.id::text) AS key
     FROM lot_close c JOIN lot l ON l.id = c.lot_id LEFT JOIN execution e ON e.id = c.execution_id
    WHERE c.closed_at > %(streak_since)s AND c.closed_at < %(tomorrow)s AND l.account_id = %(account)s
    ORDER BY c.closed_at DESC LIMIT {RESULTS}) x)
"""  # noqa: S608 only the constant above is put in
WEEK = """
(SELECT (p.equity - coalesce((SELECT sum(f.amount) FROM ledger_entry f
          WHERE f.account_id = p.account_id AND f.ledger = 'CAPITAL' AND f.at > p.at), 0))::text
   FROM equity_point p WHERE p.account_id = %(account)s AND p.is_close AND p.at < %(week_opens_at)s
  ORDER BY p.at DESC, p.id DESC LIMIT 1)
"""
AROUND = f"""
json_build_array({REPLACES}, {OPENED}, {HELD}, {NAMES}, {EVENTS}, {ENTERED}, {WASHING}, {TODAY}, {LATEST}, {WEEK})
"""


@dataclass(frozen=True, slots=True)
class Whose:
    """What the statement does not know by itself: the exchange's time, and the order that is replaced."""

    exchange_now: datetime
    replaced: UUID | None = None


def asked(ticket: OrderTicket, whose: Whose) -> dict[str, object]:
    """Return what AROUND asks for, beside the account, the environment, the underlying and the day's opening."""
    now = whose.exchange_now
    today = new_york_date(now)
    monday = monday_of(today)
    first = session_on(monday) or next_session(monday)
    return {
        "replaced": whose.replaced,
        "today": today,
        "tomorrow": now + timedelta(days=1),
        "behind": today - BEHIND,
        "ahead": today + AHEAD,
        "wash_since": now - WASH_DAYS,
        "streak_since": now - STREAK_DAYS,
        "week_opens_at": first.opens_at,
        "opening_sides": sorted({side_of(leg.symbol, leg.side) for leg in ticket.legs if _opens(leg.position_effect)}),
    }


def _opens(effect: PositionEffect) -> bool:
    return effect is PositionEffect.OPEN


def side_of(symbol: str, side: Side) -> int:
    """Return +1 for what gains when the underlying rises, -1 for what gains when it falls."""
    contract = contract_of(symbol)
    return -side.sign if contract is not None and contract.right is Right.PUT else side.sign


def circumstances_of(answer: Sequence[Any]) -> Circumstances:
    """Return what AROUND answered; the market's part is added by who reads the market."""
    replaces, opened, held, names, events, entered, washing, today, results, week = answer
    days = [(kind, date.fromisoformat(day), amount) for kind, day, amount in events or ()]
    paid = [(day, amount) for kind, day, amount in days if kind == "EX_DIVIDEND" and amount is not None]
    paid += [(date.fromisoformat(day), amount) for day, amount in entered or ()]
    return Circumstances(
        replaces=replaces,
        opened_today=_dollars(opened),
        held=frozenset((Structure(kind), Side(side)) for kind, side in held or ()),
        names=tuple(NameRule(NameRuleKind(kind), name, reason) for kind, name, reason in names or ()),
        earnings=frozenset(day for kind, day, _ in days if kind == "EARNINGS"),
        dividends=tuple(Dividend(day, Decimal(amount)) for day, amount in sorted(set(paid))),
        washing=None if washing is None else _loss(washing),
        week_opened_with=None if week is None else Decimal(week),
        results=_results(results or ()),
        realised_today={right: Decimal(dollars) for right, dollars in (today or {}).items()},
    )


def _dollars(text: str | None) -> Decimal:
    return ZERO if text is None else Decimal(text)


def _loss(row: Sequence[str]) -> Loss:
    account, closed_at, realised = row
    return Loss(account, new_york_date(datetime.fromisoformat(closed_at)), -Decimal(realised))


def _results(parts: Sequence[Sequence[str]]) -> tuple[Decimal, ...]:
    """Return what each closing came to: the parts of lots that one order or event closed are one."""
    sums: dict[str, Decimal] = {}
    for key, realised in parts:
        sums[key] = sums.get(key, ZERO) + Decimal(realised)
    return tuple(sums.values())
