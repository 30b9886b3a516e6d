"""Which lots closing trades take: an account's method from a day on, and the lots that one order names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Sum

from allcore.accounts.actors import Actor, desk_name
from allcore.audit.services import record
from allcore.kernel.errors import InvalidInputError
from allcore.kernel.orders import Side
from brokers.models import Account
from trading.domain.books.lots import LotMethod
from trading.models import CashBalance, Lot, LotElection, LotInstruction, Order, OrderLeg
from trading.services import rebuild


class PastElectionError(InvalidInputError):
    """A method holds from today or a later day on: what was closed before stays as it was told."""

    code = "LOT_METHOD_IN_THE_PAST"


class NoSuchLotError(InvalidInputError):
    """The order names a lot that it cannot close, or more of it than is there."""

    code = "NO_SUCH_LOT"


@dataclass(frozen=True, slots=True)
class Wish:
    """Take `qty` of the leg from the lot called `lot`, as `trading.selectors.lots.lot_name` calls it."""

    leg: int
    lot: str
    qty: int


@transaction.atomic
def elect(
    account: Account, method: LotMethod, *, effective_from: date, today: date, by: Actor | None, now: datetime
) -> LotElection:
    """Let the account's closing trades take lots by the method from a New York day on; `today` is the exchange's.

    What was closed today already is booked again when the method holds from today.

    Raises:
        PastElectionError: the day is gone.
    """
    if effective_from < today:
        raise PastElectionError(f"A lot method holds from {today} on, was {effective_from}.", account=account.code)
    CashBalance.objects.bulk_create([CashBalance(account=account)], ignore_conflicts=True)
    CashBalance.objects.select_for_update().get(account=account)
    election, _ = LotElection.objects.update_or_create(
        account=account,
        effective_from=effective_from,
        defaults={"method": method, "elected_by": None if by is None else by.user, "elected_at": now},
    )
    if effective_from == today:
        rebuild.account(account, now=now)
    seen = {"method": method, "effective_from": effective_from.isoformat()}
    actor = desk_name("books") if by is None else by.name
    record("books.lot_method", f"account:{account.code}", seen, actor=actor, at=now, account=account.code)
    return election


@dataclass(frozen=True, slots=True)
class Closing:
    """What closes lots: an order's account, how many units it is for, and each leg's instrument, side and ratio."""

    account: Account
    quantity: int
    legs: Mapping[int, tuple[int, str, int]]


def instruct(order: Order, wishes: Sequence[Wish]) -> None:
    """Name the lots that a closing order takes first, in the transaction that makes the order; nothing, if none.

    Raises:
        NoSuchLotError: a leg or lot is not there, stands on the leg's own side, or has less than is wanted of it.
    """
    if not wishes:
        return
    legs = {leg.index: (leg.instrument_id, leg.side, leg.ratio) for leg in OrderLeg.objects.filter(order=order)}
    found = chosen(Closing(order.account, order.order_qty, legs), wishes)
    LotInstruction.objects.bulk_create(_row(order, index, n, lot, qty) for n, (index, lot, qty) in enumerate(found))


def chosen(closing: Closing, wishes: Sequence[Wish]) -> list[tuple[int, Lot, int]]:
    """Return the leg, the lot and how much of it, for each lot that is named.

    Raises:
        NoSuchLotError: as `instruct`.
    """
    wanted: dict[tuple[int, str], int] = {}
    for wish in wishes:
        wanted[wish.leg, wish.lot] = wanted.get((wish.leg, wish.lot), 0) + wish.qty
    found = []
    for (index, name), qty in wanted.items():
        lot = _lot(closing, index, name)
        if lot is None or not 1 <= qty <= _left(lot):
            raise NoSuchLotError(f"Leg {index} cannot take {qty} of lot {name!r}.", lot=name)
        found.append((index, lot, qty))
    for index, (_, _, ratio) in closing.legs.items():
        if sum(qty for (n, _), qty in wanted.items() if n == index) > closing.quantity * ratio:
            raise NoSuchLotError(f"Leg {index} is for less than the lots that were named.")
    return found


def _lot(closing: Closing, index: int, name: str) -> Lot | None:
    kind, number = name[:1], name[1:]
    column = {"E": "execution_id", "B": "book_event_id"}.get(kind)
    if index not in closing.legs or column is None or not number.isdecimal():
        return None
    instrument, side, _ = closing.legs[index]
    held = Lot.objects.filter(account=closing.account, instrument=instrument, **{column: int(number)})
    closed_by = held.filter(open_qty__gt=0) if side == Side.SELL else held.filter(open_qty__lt=0)
    return closed_by.order_by("id").first()


def _left(lot: Lot) -> int:
    source = {"execution": lot.execution_id, "book_event": lot.book_event_id}
    same = Lot.objects.filter(account=lot.account_id, instrument=lot.instrument_id, **source)
    return abs(int(same.aggregate(sum=Sum("open_qty"))["sum"] or 0))


def _row(order: Order, leg: int, position: int, lot: Lot, qty: int) -> LotInstruction:
    return LotInstruction(
        order=order,
        leg=leg,
        position=position,
        execution_id=lot.execution_id,
        book_event_id=lot.book_event_id,
        qty=qty,
    )
