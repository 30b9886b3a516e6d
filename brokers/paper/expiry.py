"""What becomes of an option after its last session: assigned, exercised, or gone."""

from datetime import datetime
from decimal import Decimal

from allcore.kernel.instruments import OptionContract, Right
from allcore.kernel.reports import BookKind
from brokers.paper.contracts import OPTION_MULTIPLIER
from brokers.paper.records import BookingRecord

IN_THE_MONEY = Decimal("0.01")  # the clearing house exercises by exception from one cent


def intrinsic(option: OptionContract, close: Decimal) -> Decimal:
    """Return how far the option is in the money at the close, below zero if out of it."""
    return close - option.strike if option.right is Right.CALL else option.strike - close


def settled(
    account: str, option: OptionContract, qty: int, *, close: Decimal, closed_at: datetime, now: datetime
) -> BookingRecord:
    """Return what happens to `qty` contracts by the underlying's official close: shares change hands at the strike.

    The option leaves the books at zero, the shares enter at the strike: the premium is what the option earned.
    """
    is_exercised = intrinsic(option, close) >= IN_THE_MONEY
    kind = BookKind.EXPIRY if not is_exercised else BookKind.EXERCISE if qty > 0 else BookKind.ASSIGNMENT
    sign = 1 if option.right is Right.CALL else -1
    return BookingRecord(
        account=account,
        event_id=f"{account}:{kind}:{option.symbol.replace(' ', '')}",
        kind=kind,
        symbol=option.symbol,
        qty=qty,
        transact_at=closed_at,
        booked_at=now,
        underlying=option.root if is_exercised else "",
        shares=sign * qty * OPTION_MULTIPLIER if is_exercised else 0,
        delivery_px=option.strike if is_exercised else None,
    )
