"""Conditions and algorithms that the broker keeps and works by itself. What it does not take is refused here.

Source: TWS API, "Conditioning" and "IB Algorithms"; `isMore` is "at or above", its contrary "at or below".
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from allcore.kernel.orders import OrdType, TimeInForce
from brokers.errors import NotTakenError
from brokers.ibkr.library import Library
from brokers.ibkr.orders import TRIGGER_METHODS
from brokers.ibkr.times import write_utc
from brokers.native import NativeOrder
from brokers.terms import Algo, Looks, NativeCondition, NativeTerms

AND, OR = "a", "o"  # each condition says how it is joined to the next
MOST_CONDITIONS = 10
WORKED = frozenset({OrdType.MARKET, OrdType.LIMIT})
Fits = Callable[[str], bool]


def _one_of(*words: str) -> Fits:
    return lambda text: text in words


def _share(least: str, most: str) -> Fits:
    def fits(text: str) -> bool:
        try:
            return Decimal(least) <= Decimal(text) <= Decimal(most)
        except InvalidOperation:
            return False

    return fits


def _is_moment(text: str) -> bool:
    """Return whether it is a time in UTC, as every other time that leaves for the broker."""
    try:
        return write_utc(datetime.strptime(f"{text}+0000", "%Y%m%d-%H:%M:%S%z")) == text
    except ValueError:
        return False


SWITCH = _one_of("0", "1")
SPAN: Mapping[str, Fits] = {"startTime": _is_moment, "endTime": _is_moment, "allowPastEndTime": SWITCH}
ALGOS: Mapping[str, Mapping[str, Fits]] = {
    "Adaptive": {"adaptivePriority": _one_of("Urgent", "Normal", "Patient")},
    "ArrivalPx": {
        **SPAN,
        "maxPctVol": _share("0.1", "0.5"),
        "riskAversion": _one_of("Get Done", "Aggressive", "Neutral", "Passive"),
        "forceCompletion": SWITCH,
    },
    "Twap": {
        **SPAN,
        "strategyType": _one_of("Marketable", "Matching Midpoint", "Matching Same Side", "Matching Last"),
    },
    "Vwap": {**SPAN, "maxPctVol": _share("0.1", "0.5"), "noTakeLiq": SWITCH},
}
NEEDED = {"Adaptive": "adaptivePriority", "ArrivalPx": "riskAversion", "Twap": "strategyType", "Vwap": "maxPctVol"}


def ensure_terms_taken(order: NativeOrder, *, is_listed: bool) -> None:
    """Refuse conditions or an algorithm that the broker does not take, before anything is sent.

    Raises:
        NotTakenError: with the reason.
    """
    terms, ticket = order.terms, order.ticket
    for broken, why in (
        (len(terms.conditions) > MOST_CONDITIONS, f"An order has {MOST_CONDITIONS} conditions at most."),
        (
            any(c.trigger not in TRIGGER_METHODS for c in terms.conditions),
            "A condition's price is one it does not see.",
        ),
        (terms.algo is not None and is_listed, "Orders of a list are not worked by an algorithm."),
        (terms.algo is not None and ticket.is_multi_leg, "Combos are not worked by an algorithm."),
        (terms.algo is not None and ticket.ord_type not in WORKED, "Algorithms work market and limit orders."),
        (terms.algo is not None and ticket.time_in_force is not TimeInForce.DAY, "Algorithms work for the day."),
    ):
        if broken:
            raise NotTakenError(f"Interactive Brokers: {why}", ord_type=str(ticket.ord_type))
    if terms.algo is not None:
        _ensure_known(terms.algo)


def _ensure_known(algo: Algo) -> None:
    known = ALGOS.get(algo.name)
    if known is None:
        raise NotTakenError(f"Interactive Brokers: {algo.name!r} is none of {', '.join(ALGOS)}.", algo=algo.name)
    given = dict(algo.params)
    unknown = sorted(set(given) - set(known))
    if unknown or len(given) != len(algo.params) or NEEDED[algo.name] not in given:
        raise NotTakenError(
            f"Interactive Brokers: {algo.name} has {', '.join(known)}, each once, and needs {NEEDED[algo.name]}; "
            f"had {', '.join(tag for tag, _ in algo.params) or 'none'}.",
            algo=algo.name,
        )
    for tag, value in algo.params:
        if not known[tag](value):
            raise NotTakenError(f"Interactive Brokers: {algo.name} takes no {tag} of {value!r}.", algo=algo.name)


def put_terms(library: Library, order: Any, terms: NativeTerms, contracts: Mapping[str, Any]) -> Any:
    """Write the terms into the library's order; `contracts` has each instrument that a condition looks at."""
    joint = OR if terms.any_of else AND
    order.conditions = [_condition(library, one, joint, contracts) for one in terms.conditions]
    if terms.algo is not None:
        order.algoStrategy = terms.algo.name
        order.algoParams = [library.tag_value(tag, value) for tag, value in terms.algo.params]
    return order


def _condition(library: Library, one: NativeCondition, joint: str, contracts: Mapping[str, Any]) -> Any:
    shared = {"conjunction": joint, "isMore": one.is_more}
    if isinstance(one.value, datetime):
        return library.conditions[Looks.TIME](**shared, time=write_utc(one.value))
    make = library.conditions[one.what]
    if one.what is Looks.MARGIN:
        return make(**shared, percent=int(one.value))
    at = {"conId": contracts[one.symbol].conId, "exch": contracts[one.symbol].exchange}
    if one.what is Looks.VOLUME:
        return make(**shared, **at, volume=int(one.value))
    if one.what is Looks.PERCENT_CHANGE:
        return make(**shared, **at, changePercent=one.value)
    return make(**shared, **at, price=one.value, triggerMethod=TRIGGER_METHODS[one.trigger])
