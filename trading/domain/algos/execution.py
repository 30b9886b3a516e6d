"""How a proposal goes to the market: one limit order, or an algorithm; in words, for whoever approves it."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from allcore.kernel.instruments import TickRule
from allcore.kernel.orders import PriceEffect
from allcore.kernel.tickets import OrderTicket
from risk.domain.prices import signed_limit
from trading.domain.algos import codec
from trading.domain.algos.choice import Choice
from trading.domain.algos.events import Look
from trading.domain.algos.parameters import (
    MEASURED,
    AdaptiveParameters,
    Algo,
    IcebergParameters,
    LeggingParameters,
    Parameters,
    PovParameters,
    TwapParameters,
    VwapParameters,
    WalkParameters,
    measured_of,
)
from trading.domain.algos.prices import floored, tick_at
from trading.domain.proposals.sentences import TIMES, percent, price

PLAIN = "PLAIN"
BY_TABLE = "AUTO"
Json = dict[str, Any]
SAID: dict[type[Parameters], str] = {
    WalkParameters: "Starts near {start} and gives way in up to {p.steps} steps of {p.dwell_least} to {p.dwell_most} s"
    ", {within}.",
    TwapParameters: "{p.slices} equal parts in equal times {within}, the first near {start}.",
    VwapParameters: "{p.slices} parts by the volume that is usual, {within}, the first near {start}.",
    AdaptiveParameters: "{p.slices} parts, larger at first and smaller later, {within}, the first near {start}.",
    PovParameters: "At most {share} of what trades, {within}, near {start}.",
    IcebergParameters: "Rests at {start} and shows about {p.display} at a time, {within}.",
    LeggingParameters: "One leg after the other, at most {p.most_gap} s apart, {within}; between them it is half done.",
}


@dataclass(frozen=True, slots=True)
class Worked:
    """An algorithm with its numbers, and for how long at most. `by` is table or person."""

    algo: Algo
    parameters: Parameters
    minutes: int
    by: str


def plain(ticket: OrderTicket, *, by: str, advice: Mapping[str, object] | None) -> Json:
    """Return the execution by one limit order, as a card carries it."""
    limit = None if ticket.limit_price is None else f"{ticket.limit_price:f}"
    at = "" if ticket.limit_price is None else f" at {price(ticket.limit_price)}"
    return {
        "algo": PLAIN,
        "name": "One limit order",
        "by": by,
        "parameters": {},
        "measured": {},
        "minutes": None,
        "start": limit,
        "limit": limit,
        "sentence": f"One limit order{at}, {TIMES[ticket.time_in_force]}.",
        "advice": advice,
    }


def worked(ticket: OrderTicket, how: Worked, sight: Look, rule: TickRule, *, advice: Mapping[str, object]) -> Json:
    """Return the execution by an algorithm, as a card carries it, with what the desk has measured for it."""
    start = _start(ticket, how.parameters, sight, rule)
    numbers = codec.encode(how.parameters)
    given = {name: value for name, value in numbers.items() if name not in MEASURED}
    limit = ticket.limit_price or Decimal(0)
    return {
        "algo": how.algo.value,
        "name": how.algo.said,
        "by": how.by,
        "parameters": given,
        "measured": {name: value for name, value in numbers.items() if name in MEASURED},
        "minutes": how.minutes,
        "start": f"{start:f}",
        "limit": f"{limit:f}",
        "sentence": f"{_said(how.parameters, price(start), how.minutes)} Never beyond {price(limit)}.",
        "advice": advice,
    }


def advice_of(table: Choice) -> Json:
    """Return what the table of choices says, and why."""
    return {
        "algo": PLAIN if table.algo is None else table.algo.value,
        "suggests": None if table.algo is None else table.algo.said,
        "row": table.row,
        "condition": table.condition,
        "reason": table.reason,
    }


def of_content(content: Mapping[str, Any]) -> Json | None:
    """Return the algorithm that a card says, or None for one limit order, as every card without the word is."""
    shown: Json | None = content.get("execution")
    return None if shown is None or shown["algo"] == PLAIN else shown


def shown_parameters(shown: Json) -> Parameters | None:
    """Return all the numbers that a card shows of its algorithm; None if it lacks one that the desk measures."""
    algo, measured = Algo(shown["algo"]), shown.get("measured", {})
    if not measured_of(algo) <= set(measured):
        return None
    return codec.parameters_from(algo, {**shown["parameters"], **measured})


def _start(ticket: OrderTicket, parameters: Parameters, sight: Look, rule: TickRule) -> Decimal:
    """Return the price that it would begin at in this market, as the ticket's limit is said; the limit is the most."""
    limit = signed_limit(ticket) or Decimal(0)
    if sight.bid is None or sight.ask is None or isinstance(parameters, IcebergParameters):
        return abs(limit)
    mid = (sight.bid + sight.ask) / 2
    match parameters:
        case WalkParameters():
            cost = mid - parameters.start_ticks * tick_at(rule, mid)
        case LeggingParameters():
            cost = sight.ask
        case _:
            cost = mid + parameters.reach * (sight.ask - sight.bid) / 2
    cost = min(floored(rule, cost), limit)
    sign = -1 if ticket.price_effect is PriceEffect.CREDIT else 1
    return max(sign * cost, Decimal(0))


def _said(parameters: Parameters, start: str, minutes: int) -> str:
    share = percent(parameters.rate) if isinstance(parameters, PovParameters) else ""
    return SAID[type(parameters)].format(p=parameters, start=start, within=f"within {minutes} min", share=share)
