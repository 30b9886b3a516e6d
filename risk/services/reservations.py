"""What orders may yet use: shrunk as they fill, released when they can fill no more."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import connection
from django.db.models import DecimalField, ExpressionWrapper, F
from django.db.models.functions import Ceil

from risk.models import Reservation

CENTS = Decimal(100)
SHRINK = """
    UPDATE risk_reservation AS r SET cash = ceil(r.cash * 100 * new.units / r.quantity) / 100, quantity = new.units
    FROM unnest(%s::uuid[], %s::int[]) AS new (order_id, units)
    WHERE r.order_id = new.order_id AND r.released_at IS NULL AND r.quantity > new.units
"""
# Of the old and the new terms the larger cash, for so few units that what is kept of it as they fill is enough for the
# dearer unit: fewer units at a higher price take less at first, and more a unit.
COVER_BOTH = """
    UPDATE risk_reservation AS r SET verdict_id = new.verdict, cash = greatest(r.cash, new.cash), quantity = CASE
        WHEN greatest(r.cash, new.cash) = 0 THEN greatest(r.quantity, new.units)
        WHEN r.cash * new.units >= new.cash * r.quantity THEN floor(greatest(r.cash, new.cash) * r.quantity / r.cash)
        ELSE floor(greatest(r.cash, new.cash) * new.units / new.cash) END
    FROM (SELECT %s::uuid AS order_id, %s::uuid AS verdict, %s::numeric AS cash, %s::int AS units) AS new
    WHERE r.order_id = new.order_id AND r.released_at IS NULL
"""
LOWER = """
    UPDATE risk_reservation AS r SET cash = new.cash, quantity = new.units
    FROM (SELECT ceil(%s::numeric * 100 * %s::int / %s::int) / 100 AS cash, %s::int AS units) AS new
    WHERE r.order_id = %s AND r.released_at IS NULL AND r.cash > new.cash
"""
RELEASE = "UPDATE risk_reservation SET released_at = %s WHERE order_id = ANY(%s) AND released_at IS NULL"
SETTLING = timedelta(seconds=30)  # a younger reservation may belong to an order that is not committed yet
MONEY = DecimalField(max_digits=18, decimal_places=2)


def cover_both(order_id: UUID, *, verdict_id: UUID, cash: Decimal, quantity: int) -> None:
    """Reserve for the terms that an order has and for those that are asked for, whichever the broker works by."""
    with connection.cursor() as cursor:
        cursor.execute(COVER_BOTH, (order_id, verdict_id, cash, quantity))


def lower(order_id: UUID, *, cash: Decimal, quantity: int, units: int) -> None:
    """Reserve for `units` what `quantity` units took by `cash`, rounded up to the cent; never more than there is."""
    with connection.cursor() as cursor:
        cursor.execute(LOWER, (cash, units, quantity, units, order_id))


def shrink(order_id: UUID, quantity_left: int, now: datetime) -> None:
    """Keep only what `quantity_left` units may use, rounded up to the cent; none left is a release. Never grows."""
    if quantity_left <= 0:
        release(order_id, now)
        return
    left = Reservation.objects.filter(order_id=order_id, released_at=None, quantity__gt=quantity_left)
    cents = Ceil(F("cash") * CENTS * quantity_left / F("quantity"))
    left.update(cash=ExpressionWrapper(cents / CENTS, output_field=MONEY), quantity=quantity_left)


def settle(left: Mapping[UUID, int], now: datetime) -> None:
    """Keep for each order only what its units left may use, as `shrink` and `release` do; two statements for all."""
    done = sorted(order_id for order_id, units in left.items() if units <= 0)
    if done:
        with connection.cursor() as cursor:
            cursor.execute(RELEASE, (now, done))
    kept = sorted((order_id, units) for order_id, units in left.items() if units > 0)
    if kept:
        with connection.cursor() as cursor:
            cursor.execute(SHRINK, ([order_id for order_id, _ in kept], [units for _, units in kept]))


def release(order_id: UUID, now: datetime) -> None:
    """Give back what the order no longer needs; twice is once."""
    Reservation.objects.filter(order_id=order_id, released_at=None).update(released_at=now)


def restore(order_id: UUID, quantity_open: int) -> None:
    """Reserve again for an order that can fill again, by what a unit of it took before; rounded up to the cent."""
    cents = Ceil(F("cash") * CENTS * quantity_open / F("quantity"))
    Reservation.objects.filter(order_id=order_id, quantity__gt=0).update(
        cash=ExpressionWrapper(cents / CENTS, output_field=MONEY), quantity=quantity_open, released_at=None
    )


def sweep(open_order_ids: Collection[UUID], *, now: datetime) -> int:
    """Release what is reserved for orders that are not open; return how many there were, each of them a leak."""
    leaked = Reservation.objects.filter(released_at=None, verdict__checked_at__lt=now - SETTLING)
    return leaked.exclude(order_id__in=open_order_ids).update(released_at=now)
