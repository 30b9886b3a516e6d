"""Orders on the wire: placing, changing and cancelling them, and telling what became of them."""

from decimal import Decimal
from typing import TYPE_CHECKING

from tests.brokers.servers.book import Execution, Leg, Order, Refusal, Status
from tests.brokers.servers.exchange import FEE, Event, Kind
from tests.brokers.servers.faults import Lapse
from tests.brokers.servers.tws import placing as wire
from tests.brokers.servers.tws.conditions import gate_of
from tests.brokers.servers.tws.line import Line
from tests.brokers.servers.tws.messages import Card, card_of, status_of
from tests.brokers.servers.tws.placing import Placing
from tests.brokers.servers.tws.terms import terms_of
from tests.brokers.servers.tws.wire import Reader

if TYPE_CHECKING:
    from tests.brokers.servers.tws.server import TwsServer

PERM_BASE = 1_000_000_000
REDUCING = ("2", "3")  # types of groups; the others cancel
CODES = {
    "UNKNOWN_SYMBOL": 200,
    "OFF_TICK": 110,
    "BAD_QUANTITY": 434,
    "INVALID": 321,
    "UNKNOWN_ACCOUNT": 321,
}
OTHERS_ORDER = f"{wire.CONTRACT} {wire.MAIN} {wire.ALLOCATION} {wire.MIDDLE} {wire.TRAILING} {wire.CLEARING}"


def place(server: "TwsServer", line: Line, raw: list[str]) -> None:
    """Book a new order, or change one: the number says which."""
    asked = wire.read(raw, line.version)
    key = (line.client, asked.order_id)
    lapse = server.faults.lapse()
    if lapse is Lapse.UNREAD:
        line.drop()
        return
    server.is_silent = lapse is not None
    try:
        if asked["whatIf"] == "1":
            _preview(server, line, asked)
        elif key in server.by_key:
            _change(server, line, server.exchange.orders[server.by_key[key]], asked)
        else:
            _book(server, line, asked)
    except Refusal as e:
        line.tell(line.say.error(asked.order_id, CODES.get(e.code, 201), e.text))
    finally:
        server.is_silent = False
    if lapse is Lapse.DROP:
        line.drop()


def _book(server: "TwsServer", line: Line, asked: Placing) -> None:
    if asked.order_id <= server.highest.get(line.client, 0):
        line.tell(line.say.error(asked.order_id, 103, "Duplicate order id"))
        return
    server.highest[line.client] = asked.order_id
    if (rejection := server.faults.reject()) is not None:
        line.tell(line.say.error(asked.order_id, int(rejection[0]), rejection[1]))
        return
    account = asked["account"] or next(iter(server.exchange.accounts))
    parent = server.by_key.get((line.client, int(asked["parentId"] or 0)))
    if int(asked["parentId"] or 0) and parent is None:
        line.tell(line.say.error(asked.order_id, 10006, "Missing parent order"))
        return
    perm_id = PERM_BASE + len(server.exchange.orders) + 1
    card = Card(line.client, asked.order_id, perm_id, asked)
    order = server.exchange.place(
        account,
        terms_of(asked, server.exchange.listing),
        ref=asked["orderRef"],
        group=asked["ocaGroup"],
        is_reduced=asked["ocaType"] in REDUCING,
        gate=gate_of(server, asked),
        parent=parent,
        extra={"card": card},
        is_quiet=True,
    )
    server.by_key[line.client, asked.order_id] = order.number
    if asked["transmit"] == "0":
        order.is_waiting, order.status = True, Status.HELD
        return
    family = [o for o in server.exchange.orders.values() if o.is_waiting and parent in (o.number, o.parent)]
    for held in family if parent else []:
        server.tell(held, "PreSubmitted")
        server.exchange.release(held.number)
    server.exchange.match()
    for booked in (*family, order) if parent else (order,):
        if booked.status is Status.WORKING and booked.cum == 0:
            server.tell(booked, "Submitted")


def _change(server: "TwsServer", line: Line, order: Order, asked: Placing) -> None:
    if (rejection := server.faults.reject()) is not None:
        line.tell(line.say.error(asked.order_id, int(rejection[0]), rejection[1]))
        return
    if not order.is_open:
        line.tell(line.say.error(asked.order_id, 104, "Cannot modify a filled order."))
        return
    terms = terms_of(asked, server.exchange.listing)
    server.exchange.check(order.account, terms)
    card_of(order).placing = asked
    order.gate = None if order.gate is None else gate_of(server, asked)
    server.exchange.replace(order.number, terms, ref=asked["orderRef"])


def _preview(server: "TwsServer", line: Line, asked: Placing) -> None:
    terms = terms_of(asked, server.exchange.listing)
    server.exchange.check(asked["account"], terms)
    made = Order(
        0, asked["account"], terms, server.clock(), extra={"card": Card(line.client, asked.order_id, 0, asked)}
    )
    units = sum(leg.ratio for leg in terms.legs) * terms.quantity
    margin = max(Decimal(0), terms.limit or Decimal(0)) * 100 * terms.quantity
    line.send(line.say.open_order(made, "PreSubmitted", commission=FEE * units, margin=margin))


def cancel(server: "TwsServer", line: Line, raw: list[str]) -> None:
    """Cancel an order of this client."""
    fields = Reader(raw[2:])
    number = fields.number("orderId")
    fields.take("manualCancelOrderTime")
    fields.end()
    found = server.by_key.get((line.client, number))
    if found is None:
        text = f"OrderId {number} that needs to be cancelled is not found."
        line.tell(line.say.error(number, 10147, text))
        return
    order = server.exchange.orders[found]
    try:
        server.exchange.cancel(found)
    except Refusal:
        text = f"OrderId {number} that needs to be cancelled cannot be cancelled, state: {status_of(order)}."
        line.tell(line.say.error(number, 10148, text))
        return
    if order.is_open:
        server.tell(order, "PendingCancel")


def cancel_all(server: "TwsServer", line: Line, raw: list[str]) -> None:
    """Cancel what anybody has at work."""
    for order in server.exchange.orders.values():
        if order.is_open:
            server.exchange.cancel(order.number)


def happened(server: "TwsServer", event: Event) -> None:
    """Tell the order's owner what happened."""
    order = event.order
    if "card" not in order.extra:
        order.extra["card"] = _card_of_other(server, order)
    line = server.line_of(order)
    if line is None or server.is_silent:
        return
    if event.kind is Kind.BOOKED:
        if order.extra["card"].placing["transmit"] != "0":  # type: ignore[attr-defined]
            server.tell(order, "PreSubmitted", why="trigger" if order.status is Status.HELD else "")
    elif event.kind is Kind.FILLED:
        _tell_fill(server, line, order, list(event.executions))
    elif event.kind in (Kind.CORRECTED, Kind.BUSTED):
        _tell_correction(line, order, event)
    elif event.kind in (Kind.CANCELED, Kind.EXPIRED):
        reason = order.reason if event.kind is Kind.CANCELED else "End of day"
        line.tell(
            line.say.order_status(order, "Cancelled"),
            line.say.error(card_of(order).order_id, 202, f"Order Canceled - reason:{reason}"),
        )
    else:
        server.tell(order, status_of(order))


def _tell_fill(server: "TwsServer", line: Line, order: Order, group: list[Execution]) -> None:
    status = status_of(order)
    fee = sum((e.fee for e in group), Decimal(0))
    line.tell(
        *line.say.executions(order, group),
        line.say.open_order(order, status),
        line.say.order_status(order, status),
        line.say.open_order(order, status, commission=fee),
        *(line.say.commission(order, e) for e in group),
    )
    if order.cancel_asked and not order.is_open:
        number = card_of(order).order_id
        text = f"OrderId {number} that needs to be cancelled cannot be cancelled, state: Filled."
        line.tell(line.say.error(number, 10148, text))


def _tell_correction(line: Line, order: Order, event: Event) -> None:
    """A correction repeats the execution under a higher version; a bust is one of no shares."""
    for execution in event.executions:
        line.tell(line.say.executions(order, [execution])[-1], line.say.commission(order, execution))


def _card_of_other(server: "TwsServer", order: Order) -> Card:
    """Return the card of an order that came from elsewhere, by hand or by another program."""
    terms = order.terms
    fields = dict.fromkeys(OTHERS_ORDER.split(), "") | dict.fromkeys(f"{wire.LATE} {wire.ADJUSTED}".split(), "")
    fields |= {"algoStrategy": "", "faProfile": "", "action": str(terms.side), "secType": "", "transmit": "1"}
    fields |= {"orderType": "LMT" if terms.limit is not None else "MKT", "tif": str(terms.time_in_force)}
    fields |= {"lmtPrice": "" if terms.limit is None else str(abs(terms.limit)), "parentId": "0", "openClose": "O"}
    placing = Placing(0, fields)
    if len(terms.legs) > 1:
        fields |= {"action": "BUY", "lmtPrice": str(terms.limit)}
        placing.legs = [_wire_leg(server, leg) for leg in terms.legs]
    return Card(0, 0, PERM_BASE + order.number, placing)


def _wire_leg(server: "TwsServer", leg: Leg) -> dict[str, str]:
    number = server.exchange.listing.add(leg.symbol).number
    known = {"conId": str(number), "ratio": str(leg.ratio), "action": str(leg.side), "exchange": "SMART"}
    return dict.fromkeys(wire.LEG.split(), "0") | known
