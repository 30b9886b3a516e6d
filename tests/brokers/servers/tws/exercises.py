"""Requests to exercise long options, or to let them lapse: under an order's number, and listed with the orders."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from allcore.kernel.orders import Side
from tests.brokers.servers.book import Leg, Order, Refusal, Terms
from tests.brokers.servers.tws import placing as wire
from tests.brokers.servers.tws.line import Line
from tests.brokers.servers.tws.messages import Card
from tests.brokers.servers.tws.placing import Placing
from tests.brokers.servers.tws.terms import find
from tests.brokers.servers.tws.wire import Reader

if TYPE_CHECKING:
    from tests.brokers.servers.tws.server import TwsServer

CONTRACT = "conId symbol secType expiry strike right multiplier exchange currency localSymbol tradingClass"
WORDS = {"1": "EXERCISE", "2": "LAPSE"}
PERM_BASE = 1_900_000_000


@dataclass
class Requested:
    """One request as it was taken; `status` is what the test lets become of it."""

    order: Order
    action: str
    override: bool
    status: str = "PreSubmitted"


@dataclass
class Requests:
    """All of them, by client and number."""

    taken: dict[tuple[int, int], Requested] = field(default_factory=dict)


def exercise(server: "TwsServer", line: Line, raw: list[str]) -> None:
    """Take a request, or say why not; while the line is to fall silent, book it and say nothing."""
    fields = Reader(raw[2:])
    number = fields.number("tickerId")
    contract: dict[str, str] = {}
    fields.into(contract, CONTRACT)
    action, quantity = fields.take("exerciseAction"), fields.number("exerciseQuantity")
    account, override = fields.take("account"), fields.take("override") == "1"
    fields.end()
    try:
        order = _checked(server, contract, action, quantity, account)
    except Refusal as e:
        line.tell(line.say.error(number, 321 if e.code == "INVALID" else 200, e.text))
        return
    server.highest[line.client] = max(number, server.highest.get(line.client, 0))
    order.extra["card"] = Card(line.client, number, PERM_BASE + number, _placing(number, WORDS[action], quantity))
    made = server.requests.taken[line.client, number] = Requested(order, WORDS[action], override)
    lapse = server.faults.lapse()
    if lapse is None:
        tell(line, made)


def tell(line: Line, made: Requested) -> None:
    """Say how a request is."""
    line.send(line.say.open_order(made.order, made.status), line.say.order_status(made.order, made.status))


def _checked(server: "TwsServer", contract: dict[str, str], action: str, quantity: int, account: str) -> Order:
    if action not in WORDS or contract["exchange"] in ("", "SMART"):
        raise Refusal("INVALID", f"Invalid exercise action {action!r} or exchange {contract['exchange']!r}.")
    symbol = find(contract, server.exchange.listing).symbol
    held = server.exchange.accounts[account].positions.get(symbol, (0, 0))[0]
    if not 0 < quantity <= held:
        raise Refusal("INVALID", f"Account {account} holds {held} of {symbol}, cannot exercise {quantity}.")
    return Order(0, account, Terms((Leg(symbol, Side.BUY),), quantity), server.clock())


def _placing(number: int, action: str, quantity: int) -> Placing:
    names = f"{wire.CONTRACT} {wire.MAIN} {wire.ALLOCATION} {wire.MIDDLE} {wire.TRAILING} {wire.CLEARING}"
    fields = dict.fromkeys(f"{names} {wire.LATE} {wire.ADJUSTED}".split(), "")
    fields |= {"algoStrategy": "", "faProfile": "", "action": action, "secType": "OPT", "transmit": "1", "tif": "DAY"}
    fields |= {"orderType": "MKT", "lmtPrice": "", "parentId": "0", "totalQuantity": str(quantity)}
    return Placing(number, fields)
