"""Keeping the gate's sheet: the names' past once a minute, the time of the look at each look."""

from datetime import date, datetime, timedelta

from allcore import live
from allcore.kernel.clock import new_york_date
from risk.domain.sheet_wire import PAST_KEY, SHEET_KEY, Look, look_bytes, past_bytes, version_of
from trading.selectors import risk_sheet

READ_AGAIN = timedelta(minutes=1)  # a close, a split or a sector that came in meanwhile


class Keeper:
    """What was read last. It can be lost: it is read again."""

    def __init__(self) -> None:
        """Begin knowing nothing."""
        self._version = ""
        self._day: date | None = None
        self._read_at: datetime | None = None

    def keep(self, *, now: datetime, exchange_now: datetime, rate: float) -> None:
        """Say that the desk was looked at, with the past read anew if it is due; `now` is the system's."""
        day = new_york_date(exchange_now)
        if self._read_at is None or day != self._day or now - self._read_at >= READ_AGAIN:
            raw = past_bytes(risk_sheet.past(day))
            live.client().set(PAST_KEY, raw)
            self._version, self._day, self._read_at = version_of(raw), day, now
        live.client().set(SHEET_KEY, look_bytes(Look(now, rate, self._version)))
