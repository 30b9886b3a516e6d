"""What accounts were given, and what their day counts from: of a household no more than this."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from allcore import rows
from allcore.kernel.calendar import session_on
from allcore.kernel.clock import new_york_date

# CAPITAL is the other side of CASH: a deposit is below zero on it.
BASES = """
SELECT a.id, coalesce(f.moved, 0), coalesce(c.equity, 0) + coalesce(f.since, 0)
  FROM account a
  LEFT JOIN LATERAL (SELECT e.at, e.equity FROM equity_point e
                      WHERE e.account_id = a.id AND e.is_close AND e.at < %(opens_at)s
                      ORDER BY e.at DESC, e.id DESC LIMIT 1) c ON true
  LEFT JOIN LATERAL (SELECT -sum(l.amount) AS moved, -sum(l.amount) FILTER (WHERE c.at IS NULL OR l.at > c.at) AS since
                       FROM ledger_entry l WHERE l.account_id = a.id AND l.ledger = 'CAPITAL') f ON true
"""


@dataclass(frozen=True, slots=True)
class Basis:
    """In dollars: all that was put in, and the last close's equity with what was put in or taken out since."""

    capital: Decimal
    opened_with: Decimal


def bases(exchange_now: datetime) -> dict[int, Basis]:
    """Return each account's, by its id."""
    session = session_on(new_york_date(exchange_now))
    opens_at = exchange_now if session is None else session.opens_at
    found = rows.read(BASES, {"opens_at": opens_at})
    return {account: Basis(put_in, opened_with) for account, put_in, opened_with in found}
