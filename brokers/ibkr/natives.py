"""Conditions and algorithms that the broker keeps and works by itself. What it does not take is refused here.

Source: TWS API, "Conditioning" and "IB Algorithms"; `isMore` is "at or above", its contrary "at or below".
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from brokers.algos import refusal
from brokers.errors import NotTakenError
from brokers.ibkr.algos import ALGOS
from brokers.ibkr.library import Library
from brokers.ibkr.orders import TRIGGER_METHODS
from brokers.ibkr.times import write_utc
from brokers.native import NativeOrder
from brokers.terms import Looks, NativeCondition, NativeTerms

AND, OR = "a", "o"  # each condition says how it is joined to the next
MOST_CONDITIONS = 10


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
    ):
        if broken:
            raise NotTakenError(f"Interactive Brokers: {why}", ord_type=str(ticket.ord_type))
    if terms.algo is not None and (why := refusal(terms.algo, ticket, ALGOS)):
        raise NotTakenError(f"Interactive Brokers: {why}", algo=terms.algo.name)


def put_terms(library: Library, order: Any, terms: NativeTerms, contracts: Mapping[str, Any]) -> Any:
    """Write the terms into the library's order; `contracts` has each instrument that a condition looks at."""
    joint = OR if terms.any_of else AND
    order.conditionsIgnoreRth, order.conditionsCancelOrder = False, False  # it waits; it is not taken back
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
