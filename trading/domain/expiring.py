"""What makes a person look at a short option before the close: assignment that is near, and a price at its strike.

Source: the desk's controls R30 to R33.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from allcore.kernel.calendar import next_session, session_on, sessions_until
from allcore.kernel.clock import new_york_date
from allcore.kernel.instruments import OptionContract, Right
from allcore.kernel.money import ZERO
from risk.domain.circumstances import Dividend
from risk.domain.controls.assignment import CENTS, kept
from risk.domain.limits import Limits

LAST_HOUR = timedelta(hours=1)  # a person has half an hour until 15:30, and the order another
LAST_QUARTER = timedelta(minutes=15)


class Cause(StrEnum):
    """Why it is looked at; a cause is told once a day and option."""

    NO_TIME_VALUE = "NO_TIME_VALUE"
    DIVIDEND = "DIVIDEND"
    NEAR_STRIKE = "NEAR_STRIKE"
    PINNED = "PINNED"


@dataclass(frozen=True, slots=True)
class Seen:
    """A short option as the market has it, dollars a share; None is not known. `put` is of a call's own strike."""

    contract: OptionContract
    spot: Decimal | None
    price: Decimal | None
    put: Decimal | None = None
    rate: float | None = None
    dividend: Dividend | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """A cause, in a sentence."""

    cause: Cause
    sentence: str


def reasons(seen: Seen, limits: Limits, exchange_now: datetime) -> tuple[Reason, ...]:
    """Return why somebody should look at a short option now; outside the session, and without a price, nothing."""
    session = session_on(new_york_date(exchange_now))
    if session is None or not session.opens_at <= exchange_now < session.closes_at or seen.spot is None:
        return ()
    left = session.closes_at - exchange_now
    return tuple(
        reason
        for reason in (
            _time_value(seen, seen.spot, limits, session.day),
            _dividend(seen, session.day),
            _near(seen, seen.spot, limits, session.day) if left <= LAST_HOUR else None,
            _pinned(seen, seen.spot, limits, session.day) if left <= LAST_QUARTER else None,
        )
        if reason is not None
    )


def inside(contract: OptionContract, spot: Decimal) -> Decimal:
    """Return how far it is in the money, dollars a share; below zero it is out of it."""
    return spot - contract.strike if contract.right is Right.CALL else contract.strike - spot


def _time_value(seen: Seen, spot: Decimal, limits: Limits, today: date) -> Reason | None:
    deep = inside(seen.contract, spot)
    if deep <= 0:
        return None
    if sessions_until(today, seen.contract.expiry) <= 1:
        said = f"{seen.contract} is {deep:.2f} in the money and expires on {seen.contract.expiry}."
        return Reason(Cause.NO_TIME_VALUE, said)
    bound = limits["time_value"].soft
    if seen.price is None or bound is None:
        return None
    cents = max(seen.price - deep, ZERO) * CENTS
    if cents >= bound:
        return None
    return Reason(Cause.NO_TIME_VALUE, f"{seen.contract} is in the money with {cents:.1f} cents of time value left.")


def _dividend(seen: Seen, today: date) -> Reason | None:
    call, due = seen.contract, seen.dividend
    if call.right is not Right.CALL or due is None or not today < due.ex_date <= next_session(today).day:
        return None
    if seen.put is None or seen.rate is None:
        said = f"{call} is short over the dividend of {due.amount} on {due.ex_date}, and its put has no price."
        return Reason(Cause.DIVIDEND, said)
    keeping = kept(call, seen.put, seen.rate, (call.expiry - today).days)
    if due.amount <= keeping or call.expiry < due.ex_date:
        return None
    said = (
        f"{call} may be exercised tonight: the dividend of {due.amount} is more than the {keeping:.4f} of keeping it."
    )
    return Reason(Cause.DIVIDEND, said)


def _near(seen: Seen, spot: Decimal, limits: Limits, today: date) -> Reason | None:
    bound = limits["near_strike"].soft
    if seen.contract.expiry != today or bound is None or _away(seen.contract, spot) > bound:
        return None
    return Reason(Cause.NEAR_STRIKE, f"{seen.contract} expires today and {seen.contract.root} is at {spot}, near it.")


def _pinned(seen: Seen, spot: Decimal, limits: Limits, today: date) -> Reason | None:
    bound = limits["pinned"].soft
    if seen.contract.expiry != today or bound is None:
        return None
    if inside(seen.contract, spot) <= 0 and _away(seen.contract, spot) > bound:
        return None
    return Reason(Cause.PINNED, f"{seen.contract} expires in minutes and {seen.contract.root} is at {spot}.")


def _away(contract: OptionContract, spot: Decimal) -> Decimal:
    return abs(spot - contract.strike) / contract.strike
