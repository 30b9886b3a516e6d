"""The gate's sheet: what the monitor prepares of names' past, and how the gate reads it, without the database."""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache

import numpy as np
import redis

from allcore import live
from allcore.kernel.instruments import InstrumentKind
from marketdata.models import Instrument
from marketdata.selectors import history
from risk.domain.measures import exposure
from risk.domain.measures.history import LEAST, WINDOW, moves_of
from risk.domain.measures.numbers import Floats
from risk.domain.sheet import CORRELATED_FROM, Name, Sheet
from risk.domain.sheet_wire import PAST_KEY, SHEET_KEY, Past, look_from, past_from, version_of
from trading.domain.protocol.market_week import VOLATILITY_INDEX
from trading.selectors.measures import REFERENCE, splits

SESSIONS = WINDOW + 30  # so that a day missing of one name leaves a year of the others


def sheet() -> Sheet | None:
    """Return what was prepared last; None where nothing was, or Redis is away."""
    try:
        raw = live.client().get(SHEET_KEY)
        if not isinstance(raw, bytes):
            return None
        look = look_from(raw)
        return look.sheet(_past(look.version))
    except (redis.RedisError, LookupError):
        return None


@lru_cache(maxsize=2)
def _past(version: str) -> Past:
    """Return the past of the version; it is read once a process and version."""
    raw = live.client().get(PAST_KEY)
    if not isinstance(raw, bytes) or version_of(raw) != version:
        raise LookupError(version)  # it is just being replaced: the next order finds both
    return past_from(raw)


def past(today: date) -> Past:
    """Return what each share and index that the desk lists did in the last year, from its daily closes."""
    listed = Instrument.objects.filter(is_active=True).exclude(kind=InstrumentKind.OPTION).order_by("symbol")
    rows = list(listed.values_list("symbol", "dividend_yield", "sector"))
    symbols = [symbol for symbol, _, _ in rows]
    wanted = {*symbols, REFERENCE, VOLATILITY_INDEX}
    known = moves_of(history.daily_closes(wanted, SESSIONS, today), splits(symbols))
    days = sorted({day for own in known.values() for day in own})[-SESSIONS:]
    table = {symbol: _row(known.get(symbol, {}), days) for symbol in wanted}
    factors = 1 + table[VOLATILITY_INDEX]
    return Past(
        names={
            symbol: Name(table[symbol], _beta(table[symbol], table[REFERENCE], symbol), dividend, sector)
            for symbol, dividend, sector in rows
        },
        volatility=factors if np.count_nonzero(~np.isnan(factors)) >= LEAST else None,
    )


def _row(moves: Mapping[date, float], days: list[date]) -> Floats:
    return np.array([moves.get(day, np.nan) for day in days], dtype=np.float64)


def _beta(own: Floats, reference: Floats, symbol: str) -> float | None:
    if symbol == REFERENCE:
        return 1.0
    both = np.flatnonzero(~(np.isnan(own) | np.isnan(reference)))[-WINDOW:]
    return None if both.size < CORRELATED_FROM else exposure.beta(own[both], reference[both])
