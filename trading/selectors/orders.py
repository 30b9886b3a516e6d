"""Orders to read."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from uuid import UUID

from django.db.models import QuerySet

from allcore.accounts.models import User
from allcore.kernel.errors import NotFoundError
from risk.selectors.permissions import visible_accounts
from trading.domain.orders.units import Leg, odd_legs
from trading.models import AlgoChild, Execution, Order, OrderLeg, OrderLink, RouteScorecard
from trading.selectors.natively import native_row
from trading.selectors.order_lists import held_says, hold_row, link_row
from trading.selectors.overrides import override_of
from trading.selectors.quality import quality_row
from trading.selectors.rows import Row, execution_row, iso, order_row

MICROSECOND = timedelta(microseconds=1)


def visible(user: User) -> QuerySet[Order]:
    """Return the orders the person may see."""
    return Order.objects.filter(account__in=visible_accounts(user)).select_related("account")


def visible_executions(user: User) -> QuerySet[Execution]:
    """Return the executions the person may see."""
    mine = Execution.objects.filter(account__in=visible_accounts(user))
    return mine.select_related("account", "instrument", "order")


def detail(user: User, order_id: UUID) -> Row:
    """Return one order with its legs, events, executions and checks.

    Raises:
        NotFoundError: there is none, or it is not theirs to see.
    """
    query = visible(user).select_related(
        "approval__user", "proposal", "verdict", "hold", "connection", "link__order_list__account__connection"
    )
    query = query.select_related("override__asked_by", "override__decided_by")
    order = query.prefetch_related("legs__instrument", "events").filter(pk=order_id).first()
    if order is None:
        raise NotFoundError(f"There is no order {order_id}.", order_id=order_id)
    link: OrderLink | None = getattr(order, "link", None)
    executions = list(visible_executions(user).filter(order=order).order_by("transact_at", "id"))
    legs = sorted(order.legs.all(), key=lambda leg: leg.index)
    filled = _filled(legs, executions)
    odd = _odd(legs, filled)
    return {
        **order_row(order),
        "proposal_id": _proposal_of(order),
        "approved_by": None if order.approval is None else order.approval.user.username,
        "trace_id": order.trace_id,
        "checks": [] if order.verdict is None else order.verdict.checks,
        "arrival": order.arrival,
        "algo_run_id": _run_of(order),
        "scorecard": RouteScorecard.objects.filter(order=order).values_list("card", flat=True).first(),
        "override": override_of(order),
        "hold": hold_row(order),
        "native": native_row(order),
        "link": link_row(link),
        "held_says": "" if link is None else held_says(link.order_list),
        "legs": _legs(legs, filled, odd),
        "quality": quality_row(order, legs, executions, odd),
        "events": _events(order),
        "executions": [execution_row(execution) for execution in executions],
    }


def _filled(legs: Iterable[OrderLeg], executions: Iterable[Execution]) -> dict[int, int]:
    live = [execution for execution in executions if execution.status == Execution.Status.LIVE]
    return {leg.index: sum(e.qty for e in live if e.leg == leg.index) for leg in legs}


def _odd(legs: Iterable[OrderLeg], filled: Mapping[int, int]) -> Mapping[int, int]:
    """Return how much of each leg's fills has no whole unit of the others against it."""
    shapes = {leg.index: Leg(leg.ratio, leg.instrument.multiplier) for leg in legs}
    return odd_legs(filled, shapes) if shapes else {}


def _legs(legs: Iterable[OrderLeg], filled: Mapping[int, int], odd: Mapping[int, int]) -> list[Row]:
    return [
        {
            "index": leg.index,
            "symbol": leg.instrument.symbol,
            "side": leg.side,
            "position_effect": leg.position_effect,
            "ratio": leg.ratio,
            "filled": filled[leg.index],
            "odd": odd.get(leg.index, 0),
        }
        for leg in legs
    ]


def _proposal_of(order: Order) -> str | None:
    """Return the proposal that it came of: its own, or that of the run that sent it."""
    of_run = AlgoChild.objects.filter(order=order).values_list("run__proposal_id", flat=True)
    found = order.proposal_id or of_run.first()
    return None if found is None else str(found)


def _run_of(order: Order) -> str | None:
    run_id = AlgoChild.objects.filter(order=order).values_list("run_id", flat=True).first()
    return None if run_id is None else str(run_id)


def _events(order: Order) -> list[Row]:
    rows: list[Row] = []
    before = None
    for event in sorted(order.events.all(), key=lambda event: event.seq):
        rows.append(
            {
                "seq": event.seq,
                "event": event.event,
                "status": event.status,
                "source": event.source,
                "actor": event.actor,
                "data": event.data,
                "at": iso(event.at),
                "after_us": None if before is None else (event.at - before) // MICROSECOND,
            }
        )
        before = event.at
    return rows
