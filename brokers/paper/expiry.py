"""What becomes of an option after its last session: assigned, exercised, or gone."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from allcore.kernel.clock import new_york_date
from allcore.kernel.instruments import OptionContract, Right
from allcore.kernel.reports import BookKind
from brokers.paper.contracts import OPTION_MULTIPLIER, settled_at
from brokers.paper.records import BookingRecord

PX_PLACES = Decimal("0.0001")
DELIVERY_PLACES = Decimal("0.00000001")  # so fine that all shares of a delivery come to the strike's cents
IN_THE_MONEY = Decimal("0.01")  # the clearing house exercises by exception from one cent


@dataclass(frozen=True, slots=True)
class Delivery:
    """What one contract delivers, and the price of a share of it that decides."""

    underlying: str
    shares: int
    price: Decimal


def intrinsic(option: OptionContract, close: Decimal, shares: int = OPTION_MULTIPLIER) -> Decimal:
    """Return how far the option is in the money a share of its price, below zero if out of it.

    A contract that delivers other than 100 shares still costs 100 times its strike to exercise.
    """
    worth = close * shares / OPTION_MULTIPLIER
    return worth - option.strike if option.right is Right.CALL else option.strike - worth


def settled(account: str, option: OptionContract, qty: int, *, delivery: Delivery, now: datetime) -> BookingRecord:
    """Return what happens to `qty` contracts by the underlying's official close: shares change hands at the strike.

    The option leaves the books at zero, the shares enter at the strike: the premium is what the option earned.
    """
    if intrinsic(option, delivery.price, delivery.shares) < IN_THE_MONEY:
        return _ended(BookKind.EXPIRY, account, option, qty, now)
    kind = BookKind.EXERCISE if qty > 0 else BookKind.ASSIGNMENT
    return delivered(_ended(kind, account, option, qty, now), option, delivery)


def delivered(booking: BookingRecord, option: OptionContract, delivery: Delivery) -> BookingRecord:
    """Return the booking with the shares that change hands."""
    sign = 1 if option.right is Right.CALL else -1
    return replace(
        booking,
        underlying=delivery.underlying,
        shares=sign * booking.qty * delivery.shares,
        delivery_px=(option.strike * OPTION_MULTIPLIER / delivery.shares).quantize(DELIVERY_PLACES),
    )


def settled_in_cash(account: str, option: OptionContract, qty: int, *, price: Decimal, now: datetime) -> BookingRecord:
    """Return the end of an index option: its intrinsic value at the settlement price, and no shares."""
    value = max(intrinsic(option, price), Decimal(0))
    if value < IN_THE_MONEY:
        return _ended(BookKind.EXPIRY, account, option, qty, now)
    return replace(_ended(BookKind.CASH_SETTLEMENT, account, option, qty, now), px=value.quantize(PX_PLACES))


def assigned_early(
    account: str, option: OptionContract, qty: int, *, delivery: Delivery, at: datetime, now: datetime
) -> BookingRecord:
    """Return the assignment of a short position before its expiry; its name has the day, for it may be sold again."""
    booking = _ended(BookKind.ASSIGNMENT, account, option, qty, now)
    named = replace(booking, transact_at=at, event_id=f"{booking.event_id}:{new_york_date(at):%Y%m%d}")
    return delivered(named, option, delivery)


def chosen(
    account: str, option: OptionContract, qty: int, *, exercised: int, delivery: Delivery, now: datetime
) -> tuple[BookingRecord, ...]:
    """Return the end of a long position: its holder has `exercised` of its contracts exercised, the rest not."""
    used = delivered(_ended(BookKind.EXERCISE, account, option, exercised, now), option, delivery)
    rest = _ended(BookKind.EXPIRY, account, option, qty - exercised, now)
    return tuple(booking for booking in (used, rest) if booking.qty)


def allotted(
    account: str, option: OptionContract, qty: int, *, assigned: int, delivery: Delivery, now: datetime
) -> tuple[BookingRecord, ...]:
    """Return the end of a short position: `assigned` of its contracts (signed as it is) are, the rest expire."""
    used = delivered(_ended(BookKind.ASSIGNMENT, account, option, assigned, now), option, delivery)
    rest = _ended(BookKind.EXPIRY, account, option, qty - assigned, now)
    return tuple(booking for booking in (used, rest) if booking.qty)


def exercised_early(
    account: str, option: OptionContract, qty: int, *, delivery: Delivery, at: datetime, now: datetime
) -> BookingRecord:
    """Return the exercise of long contracts before their expiry. A day has one of a contract: its name has the day."""
    booking = _ended(BookKind.EXERCISE, account, option, qty, now)
    named = replace(booking, transact_at=at, event_id=f"{booking.event_id}:{new_york_date(at):%Y%m%d}")
    return delivered(named, option, delivery)


def _ended(kind: BookKind, account: str, option: OptionContract, qty: int, now: datetime) -> BookingRecord:
    return BookingRecord(
        account=account,
        event_id=f"{account}:{kind}:{option.symbol.replace(' ', '')}",
        kind=kind,
        symbol=option.symbol,
        qty=qty,
        transact_at=settled_at(option),
        booked_at=now,
    )
