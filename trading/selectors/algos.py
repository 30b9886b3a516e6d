"""Runs of algorithms to read."""

from collections.abc import Iterable
from decimal import Decimal
from uuid import UUID

import orjson
import redis
from django.db.models import QuerySet

from allcore import live
from allcore.accounts.models import User
from allcore.kernel.errors import NotFoundError
from allcore.kernel.orders import PriceEffect
from risk.selectors.permissions import visible_accounts
from trading.domain.algos import parameters
from trading.domain.algos.choice import TABLE
from trading.models import AlgoChild, AlgoEvent, AlgoRun, Proposal
from trading.selectors.algo_rows import run_row
from trading.selectors.rows import Row, iso, order_row, text

RECENT = 100
STATUSES = AlgoRun.Status.choices


def visible(user: User) -> QuerySet[AlgoRun]:
    """Return the runs of the accounts that the person may see."""
    return AlgoRun.objects.filter(account__in=visible_accounts(user)).select_related("account", "started_by")


def recent(user: User) -> list[Row]:
    """Return the latest runs, the newest first."""
    return [run_row(run) for run in visible(user).order_by("-created_at", "-id")[:RECENT]]


def detail(user: User, run_id: UUID) -> Row:
    """Return one run with its children, its events, its walk, and why it is this algorithm.

    Raises:
        NotFoundError: there is none, or it is not theirs to see.
    """
    run = visible(user).select_related("verdict", "proposal__proposed_by").filter(pk=run_id).first()
    if run is None:
        raise NotFoundError(f"There is no run {run_id}.", run_id=run_id)
    children = list(run.children.select_related("order__account").order_by("step"))
    events = list(run.events.order_by("seq"))
    return {
        **run_row(run),
        "avg_px": text(_average(children)),
        "ticket": run.ticket,
        "parameters": run.parameters,
        "choice": run.choice,
        "seed": run.seed,
        "trace_id": run.trace_id,
        "checks": run.verdict.checks,
        "children": [{"step": child.step, "leg": child.leg, **order_row(child.order)} for child in children],
        "events": [_event_row(event, _sign(run)) for event in events],
        "walk": _walk(run, events),
        "result": _result(run, children, events),
        "proposal": None if run.proposal is None else _proposal(run.proposal),
    }


def _proposal(proposal: Proposal) -> Row:
    """Return which proposal it works, and who approved it."""
    by = proposal.proposed_by
    return {
        "id": str(proposal.pk),
        "strategy": proposal.get_strategy_display(),
        "proposed_by": "the strategy" if by is None else by.username,
        "proposed_at": iso(proposal.proposed_at),
        "approved_by": [
            approval.user.username for approval in proposal.approvals.select_related("user").order_by("id")
        ],
        "content_hash": proposal.content_hash,
        "sentence": proposal.content["execution"]["sentence"],
    }


def table() -> list[Row]:
    """Return the table by which an algorithm is chosen."""
    return [
        {"row": n, "condition": r.condition, "choice": "" if r.choice is None else r.choice.said, "reason": r.reason}
        for n, r in enumerate(TABLE, start=1)
    ]


def numbers(row: Row) -> list[tuple[str, str]]:
    """Return a run's parameters by name, as text."""
    given = row["parameters"]
    assert isinstance(given, dict)  # noqa: S101 as `detail` made it
    return [(name, ", ".join(map(str, v)) if isinstance(v, list) else str(v)) for name, v in given.items()]


def forms() -> list[Row]:
    """Return each algorithm with the numbers a person may give it: name, default, bounds."""
    return [{"algo": str(algo), "name": algo.said, "parameters": parameters.asked_of(algo)} for algo in parameters.Algo]


def _average(children: Iterable[AlgoChild]) -> Decimal | None:
    """Return the average price of the whole package's fills, or None without any; a leg alone has no such price."""
    orders = [child.order for child in children if child.leg < 0 and child.order.avg_px is not None]
    filled = sum(order.cum_qty for order in orders)
    paid = sum((order.cum_qty * (order.avg_px or Decimal(0)) for order in orders), Decimal(0))
    return paid / filled if filled else None


def _result(run: AlgoRun, children: list[AlgoChild], events: list[AlgoEvent]) -> Row:
    """Return how it fared: the fills' average against the mid at its start, a share; below zero is better."""
    paid, first = _average(children), next((e.data for e in events if e.kind == "LOOK" and "bid" in e.data), None)
    sign = _sign(run)
    arrival = None if first is None else sign * (Decimal(first["bid"]) + Decimal(first["ask"])) / 2
    return {
        "arrival_mid": text(arrival),
        "slippage": None if paid is None or arrival is None else text(sign * (paid - arrival) + 0),
        "orders": len(children),
        "replaces": sum(action["do"] == "REPLACE" for event in events for action in event.actions),
    }


def _sign(run: AlgoRun) -> int:
    """Return what turns the run's costs into prices of its own side."""
    return -1 if run.ticket["price_effect"] == PriceEffect.CREDIT else 1


def _event_row(event: AlgoEvent, sign: int) -> Row:
    return {
        "seq": event.seq,
        "kind": event.kind,
        "data": event.data,
        "actions": [_priced(action, sign) for action in event.actions],
        "at": iso(event.at),
    }


def _priced(action: Row, sign: int) -> Row:
    """Return an action with its cost as the price that a person says: of the run's own side, a leg's unsigned."""
    if "cost" not in action:
        return action
    cost = str(action["cost"])
    is_leg = int(str(action.get("leg", -1))) >= 0
    return {**action, "price": cost.lstrip("-") if is_leg else _price(cost, sign)}


def _walk(run: AlgoRun, events: Iterable[AlgoEvent]) -> Row:
    """Return what is drawn: the market, and the price asked for, as prices of the run's own side."""
    sign = _sign(run)
    looks = [(iso(e.at), e.data.get("bid"), e.data.get("ask")) for e in events if e.kind == "LOOK"]
    quotes = [
        {"at": at, "bid": _price(low, sign), "ask": _price(high, sign)}
        for at, low, high in sorted({*looks, *_samples(run)}, key=lambda sample: str(sample[0]))
        if low is not None and high is not None
    ]
    asked = [
        {"at": iso(e.at), "price": _price(a["cost"], sign), "do": a["do"]}
        for e in events
        for a in e.actions
        if "cost" in a and a.get("leg", -1) < 0
    ]
    return {"quotes": quotes, "asked": asked, "limit": run.ticket["limit_price"]}


def _price(cost: str, sign: int) -> str:
    return f"{sign * Decimal(cost):f}"


def _samples(run: AlgoRun) -> list[tuple[str | None, str | None, str | None]]:
    """Return the engine's samples of the market; without Redis there are the log's looks."""
    try:
        raw = live.client().lrange(f"algo:{{{run.pk}}}", 0, -1)
    except redis.RedisError:
        return []
    assert isinstance(raw, list)  # noqa: S101 the client is not asynchronous
    return [(at, low, high) for at, low, high, _ in map(orjson.loads, raw)]
