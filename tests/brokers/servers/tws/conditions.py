"""Conditions of an order, as the gateway watches them: by kind of condition, over fields as they came."""

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING

from allcore.kernel.orders import Side
from tests.brokers.servers.book import Leg, Refusal, Terms
from tests.brokers.servers.matching import trigger_price
from tests.brokers.servers.tws.placing import Placing
from tests.brokers.servers.tws.terms import TRIGGERS, moment_of

if TYPE_CHECKING:
    from tests.brokers.servers.tws.server import TwsServer

PRICE, TIME, MARGIN, VOLUME, CHANGE = 1, 3, 4, 6, 7
# What each algorithm takes, the needed one first; from the broker's page, not from the desk.
ALGOS = {
    "Adaptive": "adaptivePriority",
    "ArrivalPx": "riskAversion maxPctVol startTime endTime allowPastEndTime forceCompletion",
    "PctVol": "pctVol startTime endTime noTakeLiq",
    "Twap": "strategyType startTime endTime allowPastEndTime",
    "Vwap": "maxPctVol startTime endTime allowPastEndTime noTakeLiq",
}
Gate = Callable[[], bool]


def gate_of(server: "TwsServer", asked: Placing) -> Gate | None:
    """Return what must hold before the order works, or None.

    Raises:
        Refusal: a condition or an algorithm makes no sense.
    """
    _check_algo(asked)
    tests = [_test(server, condition) for condition in asked.conditions]
    joints = {condition[1] for condition in asked.conditions[:-1]}
    if joints - {"a", "o"}:
        raise Refusal("INVALID", "Conditions are joined by a or o.")
    if not tests:
        return None
    return lambda: (any if "o" in joints else all)(test() for test in tests)


def _check_algo(asked: Placing) -> None:
    if not asked["algoStrategy"]:
        return
    if asked["algoStrategy"] not in ALGOS:
        raise Refusal("INVALID", f"Invalid algorithm {asked['algoStrategy']!r}.")
    needed, *others = ALGOS[asked["algoStrategy"]].split()
    tags = [tag for tag, _ in asked.algo]
    if needed not in tags or not set(tags) <= {needed, *others}:
        raise Refusal("INVALID", f"Missing or invalid algorithm parameters {tags}.")
    if asked["secType"] == "BAG":
        raise Refusal("INVALID", "Algorithms are not available for combinations.")


def _test(server: "TwsServer", fields: list[str]) -> Gate:
    kind, is_more = int(fields[0]), fields[2] == "1"
    if kind == TIME:
        at = moment_of(fields[3])
        if at is None:
            raise Refusal("INVALID", f"Invalid time {fields[3]!r}.")
        return lambda: (server.clock() >= at) is is_more
    value = Decimal(fields[3])
    see = _sight(server, kind, fields)

    def holds() -> bool:
        seen = see()
        return seen is not None and (seen >= value if is_more else seen <= value)

    return holds


def _sight(server: "TwsServer", kind: int, fields: list[str]) -> Callable[[], Decimal | None]:
    if kind == MARGIN:
        return lambda: server.facts.get((kind, ""))
    instrument = server.exchange.listing.numbered(int(fields[4]))
    if instrument is None or kind not in (PRICE, VOLUME, CHANGE):
        raise Refusal("INVALID", f"Invalid condition {fields}.")
    symbol = instrument.symbol
    if kind != PRICE:
        return lambda: server.facts.get((kind, symbol))
    terms = Terms((Leg(symbol, Side.BUY),), 1, trigger=TRIGGERS[fields[6]])

    def price() -> Decimal | None:
        shown = server.exchange.board.get(symbol)
        return None if shown is None else trigger_price(shown, terms)

    return price
