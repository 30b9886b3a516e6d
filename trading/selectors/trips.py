"""What an account opened and closed in the last days: a part of the statement that asks for the gate's facts.

It is read only where the account's broker still counts day trades.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from allcore.kernel.clock import new_york_date
from allcore.kernel.orders import PositionEffect
from brokers.models import Account, Connection
from risk.domain import day_trades as rule
from risk.domain.day_trades import DayTrades, Regime, Trade

SETTING = "intraday_margin_from"  # of a connection: the date from which its broker counts day trades no more
# The index of the blotter is by time; a fill of a trade date is never earlier than the evening before.
EVENING_BEFORE = timedelta(days=1)
TRIPS = """
(CASE WHEN %(counts_day_trades)s THEN
  (SELECT coalesce(json_agg(json_build_array(d.symbol, d.trade_date, d.position_effect, d.at)), '[]'::json)
     FROM (SELECT i.symbol, x.trade_date, l.position_effect, min(x.transact_at) AS at
             FROM execution x JOIN order_leg l ON l.order_id = x.order_id AND l.index = x.leg
             JOIN instrument i ON i.id = x.instrument_id
            WHERE x.account_id = %(account)s AND x.transact_at >= %(trips_since)s AND x.status = 'LIVE'
              AND x.trade_date >= %(trips_from)s
            GROUP BY x.order_id, i.symbol, x.trade_date, l.position_effect) d) END)
"""


def changed_on(connection: Connection) -> date | None:
    """Return when the connection's broker changed to intraday margin, if the connection says so; a bad date is none."""
    try:
        return date.fromisoformat(str(connection.settings[SETTING]))
    except (KeyError, ValueError):
        return None


def asked(account: Account, exchange_now: datetime) -> dict[str, object]:
    """Return what TRIPS asks for; `account.connection` should be loaded."""
    today, connection = new_york_date(exchange_now), account.connection
    counts = rule.regime(connection.broker, today, changed_on=changed_on(connection)) is Regime.LEGACY_PDT
    first = rule.window_start(today)
    since = datetime.combine(first, datetime.min.time(), exchange_now.tzinfo) - EVENING_BEFORE
    return {"account": account.pk, "counts_day_trades": counts, "trips_from": first, "trips_since": since}


def day_trades(answer: Sequence[Sequence[Any]] | None, exchange_now: datetime) -> DayTrades | None:
    """Return what TRIPS answered; None where the broker does not count."""
    if answer is None:
        return None
    trades = [
        Trade(symbol, date.fromisoformat(day), PositionEffect(effect), datetime.fromisoformat(at))
        for symbol, day, effect, at in answer
    ]
    return rule.counted(trades, today=new_york_date(exchange_now))
