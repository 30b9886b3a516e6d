"""What an order of Schwab's has traded. It lists executions by activity, and gives none a name of its own."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC
from decimal import Decimal
from typing import Any

from brokers.rest.views import LegExecution
from brokers.schwab.values import is_option, moment, whole
from brokers.schwab.words import ACTIONS, NO_TRADES, OPTION_COMMISSION, TRADES

Rows = Sequence[Mapping[str, Any]]


def strange_word(order: Mapping[str, Any]) -> str:
    """Return the first word for what happened to the order that no table has, or nothing."""
    for activity in _activities(order):
        kind, trade = _words(activity)
        if kind not in ACTIONS:
            return kind
        if kind == "EXECUTION" and trade not in TRADES | NO_TRADES:
            return trade
    return ""


def executions_of(order: Mapping[str, Any], legs: Rows) -> tuple[LegExecution, ...]:
    """Return the executions, under names that stay the same from look to look.

    An activity's number, leg and place make one; the published schema has no such number, and then it is the leg, the
    time, the quantity and the price, with a count for those that are alike.
    """
    alike: Counter[str] = Counter()
    found = []
    for activity in _activities(order):
        kind, trade = _words(activity)
        if kind != "EXECUTION" or trade not in TRADES:
            continue
        number = activity.get("activityId")
        for place, row in enumerate(activity.get("executionLegs") or ()):
            one = _execution(row, legs)
            if number is None:
                alike[one.exec_id] += 1
                name = f"{one.exec_id}.{alike[one.exec_id]}"
            else:
                name = f"{number}.{row.get('legId', one.leg + 1)}.{place}"
            found.append(replace(one, exec_id=f"{int(order['orderId'])}.{name}"))
    return tuple(one for one in found if one.qty)


def _execution(row: Mapping[str, Any], legs: Rows) -> LegExecution:
    """Read an execution, named by what it is."""
    leg = _leg_of(row, legs)
    qty, px, at = whole(row["quantity"]), Decimal(str(row["price"])), moment(row["time"])
    name = f"{leg + 1}.{at.astimezone(UTC):%y%m%d%H%M%S%f}.{qty}x{px.normalize():f}"
    fee = OPTION_COMMISSION * qty if is_option(str(legs[leg]["instrument"]["symbol"])) else Decimal(0)
    return LegExecution(name, leg, qty, px, at, fee)


def _words(activity: Mapping[str, Any]) -> tuple[str, str]:
    return str(activity.get("activityType") or "EXECUTION"), str(activity.get("executionType") or "FILL")


def _activities(order: Mapping[str, Any]) -> Rows:
    return [row for row in order.get("orderActivityCollection") or () if isinstance(row, Mapping)]


def _leg_of(row: Mapping[str, Any], legs: Rows) -> int:
    """Return the place of the leg that traded: by its number, then by its instrument's, or the only one.

    Raises:
        LookupError: it is none of them.
    """
    by_number = {str(leg.get("legId", n)): n - 1 for n, leg in enumerate(legs, start=1)}
    place = by_number.get(str(row.get("legId")))
    if place is not None and len(by_number) == len(legs):
        return place
    instruments = [leg["instrument"].get("instrumentId") for leg in legs]
    if row.get("instrumentId") is not None and instruments.count(row["instrumentId"]) == 1:
        return instruments.index(row["instrumentId"])
    if len(legs) == 1:
        return 0
    raise LookupError(f"leg {row.get('legId')!r} of {sorted(by_number)}")
