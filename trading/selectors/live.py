"""What the socket's hub reads: snapshots, quotes, the heartbeat's facts, and who may see what."""

from collections.abc import Collection
from datetime import datetime
from importlib import import_module

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase

from allcore.accounts.models import User
from allcore.kernel.calendar import phase_at, session_on
from allcore.kernel.clock import new_york_date, seconds_between
from brokers.models import Connection
from marketdata.domain import wire
from marketdata.selectors import clock, instruments
from marketdata.selectors import rows as market_rows
from risk.selectors.permissions import visible_accounts
from risk.selectors.rows import kill_row
from trading.selectors import snapshots
from trading.selectors.rows import Row, iso


def snapshot(stream: str, user: User) -> list[Row]:
    """Return a stream's rows as the person may see them; `risk` has none, the heartbeat carries its state."""
    return [] if stream == "risk" else snapshots.snapshot(stream, user)


def quotes(names: Collection[str]) -> list[Row]:
    """Return the latest quotes of the names; an underlying stands for itself and each of its options."""
    symbols: list[str] = []
    for name in names:
        symbols.append(name)
        if wire.family(name) == name:
            symbols += instruments.options_of(name).values_list("symbol", flat=True)
    return market_rows.latest_quotes(symbols)


def quote_row(symbol: str, values: list[object]) -> Row:
    """Return a quote's row, from what the feed published."""
    return market_rows.quote(wire.quote_from(symbol, values))


def audience(user_id: int, session_key: str) -> tuple[User, frozenset[str]] | None:
    """Return the person anew and the accounts they may see, or None once the session or their leave has ended."""
    sessions: type[SessionBase] = import_module(settings.SESSION_ENGINE).SessionStore
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None or not sessions().exists(session_key):
        return None
    return user, frozenset(visible_accounts(user).values_list("code", flat=True))


def system_row(now: datetime) -> Row:
    """Return what the heartbeat carries; what has no feed or no broker is None or missing, never made up."""
    return {
        "system_time": iso(now),
        **_exchange(now),
        "mode": settings.TRADING_MODE,
        "connections": list(Connection.objects.order_by("name").values("name", "environment", "state", "is_paused")),
        "kill": kill_row(),
    }


def _exchange(now: datetime) -> Row:
    try:
        feed = clock.feed_clock()
    except clock.NoFeedError:
        return {"exchange_time": None, "phase": None, "closes_at": None, "source": None, "data_age": None}
    shown = feed.clock.at(now)
    session = session_on(new_york_date(shown))
    return {
        "exchange_time": iso(shown),
        "phase": str(phase_at(shown)),
        "closes_at": None if session is None else iso(session.closes_at),
        "source": feed.source,
        "data_age": round(seconds_between(feed.beat_at, now), 2),
    }
