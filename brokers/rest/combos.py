"""Executions of single legs, put together to whole units of the order.

A unit is booked when every leg of it has traded. The cuts between reports lie wherever an execution of any leg ends, so
they are the same whether the broker was asked once or after every trade.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from allcore.kernel.reports import LegFill
from brokers.rest.views import LegExecution, OrderView


@dataclass(frozen=True, slots=True)
class Units:
    """Units `first` to `first + qty` of an order, with every leg's part of them."""

    first: int
    qty: int
    fills: tuple[LegFill, ...]
    at: datetime

    @property
    def key(self) -> tuple[str, ...]:
        """What tells these units from others: the executions they are of."""
        return tuple(fill.exec_id for fill in self.fills)


def whole_units(view: OrderView) -> tuple[Units, ...]:
    """Return what has traded in whole units, in order."""
    traded = [_of_leg(view, leg) for leg in range(len(view.legs))]
    done = min((sum(e.qty for e in made) // view.legs[leg].ratio for leg, made in enumerate(traded)), default=0)
    cuts = {0, done}
    for leg, made in enumerate(traded):
        total = 0
        for execution in made:
            total += execution.qty
            cuts.add(min(total // view.legs[leg].ratio, done))
    ordered = sorted(cuts)
    return tuple(_units(view, traded, first, last) for first, last in pairwise(ordered))


def in_order_of(view: OrderView, symbols: Sequence[str]) -> OrderView:
    """Return the view with its legs as the order that was sent has them: a broker may list them in another order."""
    theirs = [leg.symbol for leg in view.legs]
    if theirs == list(symbols) or sorted(theirs) != sorted(symbols):
        return view
    places = {symbol: place for place, symbol in enumerate(symbols)}
    return replace(
        view,
        legs=tuple(sorted(view.legs, key=lambda leg: places[leg.symbol])),
        executions=tuple(replace(one, leg=places[theirs[one.leg]]) for one in view.executions),
    )


def is_unbalanced(view: OrderView) -> bool:
    """Return whether some leg has traded more than the others."""
    traded = [sum(e.qty for e in _of_leg(view, leg)) / view.legs[leg].ratio for leg in range(len(view.legs))]
    return len(set(traded)) > 1


def _of_leg(view: OrderView, leg: int) -> list[LegExecution]:
    return sorted((e for e in view.executions if e.leg == leg), key=lambda e: (e.at, e.exec_id))


def _units(view: OrderView, traded: list[list[LegExecution]], first: int, last: int) -> Units:
    fills: list[LegFill] = []
    at = None
    for leg, made in enumerate(traded):
        ratio, start = view.legs[leg].ratio, 0
        for execution in made:
            low, high = max(start, first * ratio), min(start + execution.qty, last * ratio)
            if low < high:
                fills.append(_part(view, execution, low - start, high - low))
                at = execution.at if at is None else max(at, execution.at)
            start += execution.qty
    return Units(first, last - first, tuple(fills), at or view.entered_at)


def _part(view: OrderView, execution: LegExecution, offset: int, qty: int) -> LegFill:
    """Return a part of an execution; a whole one keeps its id, and its fee goes with its first part."""
    leg = view.legs[execution.leg]
    whole = qty == execution.qty
    return LegFill(
        exec_id=execution.exec_id if whole else f"{execution.exec_id}+{offset}",
        leg=execution.leg,
        symbol=leg.symbol,
        side=leg.side,
        qty=qty,
        px=execution.px,
        fee=execution.fee if offset == 0 else execution.fee * 0,
    )
