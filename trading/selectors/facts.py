"""What the gate asks the database of one ticket: the household, the last minute, instruments, rules, circumstances.

It is one statement, under the account's lock: what a person changed before it holds for the order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

from allcore import rows
from allcore.kernel.instruments import InstrumentKind, Right, TickRule
from allcore.kernel.tickets import OrderTicket
from brokers.models import Account
from risk.domain.circumstances import Circumstances
from risk.domain.day_trades import DayTrades
from risk.domain.market import Listing
from risk.selectors import rules
from risk.selectors.rules import Rules
from trading.selectors import around, household, recent, trips
from trading.selectors.around import AROUND
from trading.selectors.household import MEMBERS, Household
from trading.selectors.recent import LATELY, LastMinute
from trading.selectors.trips import TRIPS

# The underlying's symbol stands in a subquery: joined, a plan that is kept goes through all instruments for it.
LISTINGS = """
(SELECT json_agg(json_build_array(
          i.symbol, coalesce((SELECT u.symbol FROM instrument u WHERE u.id = i.underlying_id), i.symbol), i.kind,
          i."right", i.strike::text, i.expiry, i.multiplier, i.tick_rule, i.is_active, i.id))
   FROM instrument i WHERE i.symbol = ANY(%(symbols)s))
"""
READ = f"SELECT json_build_array({MEMBERS}, {LATELY}, {LISTINGS}, {TRIPS}, {AROUND})::text, {rules.COLUMNS}"


@dataclass(frozen=True, slots=True)
class Facts:
    """The books around one ticket, as they stand in the transaction that asks."""

    house: Household
    lately: LastMinute
    listings: Mapping[str, Listing]
    rules: Rules
    day_trades: DayTrades | None
    around: Circumstances


def facts(
    account: Account,
    ticket: OrderTicket,
    *,
    now: datetime,
    exchange_now: datetime,
    replaced: UUID | None = None,
) -> Facts:
    """Return what the gate needs to know of the books; `account.connection` should be loaded."""
    environment = account.connection.environment
    symbols = sorted({leg.symbol for leg in ticket.legs} | {ticket.underlying})
    asked = household.asked(environment, exchange_now) | recent.asked(account, ticket, now)
    asked |= trips.asked(account, exchange_now) | around.asked(ticket, around.Whose(exchange_now, replaced))
    ((text, level, limits),) = rows.read(READ, asked | rules.asked(account, ticket.underlying) | {"symbols": symbols})
    members, lately, listings, done, surroundings = orjson.loads(text)
    return Facts(
        house=household.household_of(environment, members or ()),
        lately=recent.last_minute_of(lately),
        listings={row[0]: _listing(row) for row in listings or ()},
        rules=rules.rules_of(level, limits),
        day_trades=trips.day_trades(done, exchange_now),
        around=around.circumstances_of(surroundings),
    )


def _listing(row: Sequence[Any]) -> Listing:
    symbol, underlying, kind, right, strike, expiry, multiplier, tick_rule, is_active, key = row
    return Listing(
        symbol=symbol,
        underlying=underlying,
        kind=InstrumentKind(kind),
        right=Right(right) if right else None,
        strike=None if strike is None else Decimal(strike),
        expiry=None if expiry is None else date.fromisoformat(expiry),
        multiplier=multiplier,
        tick_rule=TickRule(tick_rule),
        is_active=is_active,
        instrument_id=key,
    )
