"""How long a proposal waits for a person (protocol 5.4)."""

from datetime import date, datetime

from allcore.kernel.calendar import Phase, phase_at
from allcore.kernel.clock import new_york_date
from trading.domain.protocol.parameter_people import Hitl


def entry_minutes(hitl: Hitl, exchange_now: datetime) -> int:
    """Return the minutes for a new position: the shorter time while the exchange is open."""
    open_hours, off_hours = hitl.entry
    return open_hours if phase_at(exchange_now) is Phase.OPEN else off_hours


def adjust_minutes(hitl: Hitl, exchange_now: datetime, expiry: date) -> int:
    """Return the minutes for a roll: the critical time on the day the option expires."""
    critical, standard = hitl.adjust
    return critical if new_york_date(exchange_now) >= expiry else standard
