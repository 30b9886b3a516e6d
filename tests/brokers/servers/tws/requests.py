"""Everything a client asks that is not an order: one function a request, in one table by message number."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from tests.brokers.servers.book import Execution, Order, Refusal
from tests.brokers.servers.listing import Instrument
from tests.brokers.servers.tws import exercises, trading
from tests.brokers.servers.tws.depth import Book, changes
from tests.brokers.servers.tws.line import Line
from tests.brokers.servers.tws.messages import status_of
from tests.brokers.servers.tws.placing import CONTRACT
from tests.brokers.servers.tws.terms import contract_fields, find, matches
from tests.brokers.servers.tws.wire import Reader, frame

if TYPE_CHECKING:
    from tests.brokers.servers.tws.server import TwsServer

Answer = Callable[["TwsServer", Line, list[str]], None]
TICK_TYPES = {"bid": (1, 0), "ask": (2, 3), "last": (4, 5)}
MOST_LINES = 100
MOST_SUMMARIES = 2
MOST_BOOKS = 3
RULE = 26
SESSION = "20260610:0930-20260610:1600"


def _contract(fields: Reader) -> dict[str, str]:
    contract: dict[str, str] = {}
    fields.into(contract, CONTRACT)
    return contract


def ids(server: "TwsServer", line: Line, raw: list[str]) -> None:
    line.send(frame(9, 1, server.next_id(line.client)))


def time(server: "TwsServer", line: Line, raw: list[str]) -> None:
    line.send(frame(49, 1, int(server.clock().timestamp())))


def accounts(server: "TwsServer", line: Line, raw: list[str]) -> None:
    line.send(frame(15, 1, ",".join(server.exchange.accounts)))


def positions(server: "TwsServer", line: Line, raw: list[str]) -> None:
    for account in server.exchange.accounts.values():
        for symbol, (qty, avg) in account.positions.items():
            instrument = server.exchange.listing.add(symbol)
            cost = avg * instrument.multiplier
            line.send(frame(61, 3, account.number, *contract_fields(instrument, ""), qty, cost))
    line.send(frame(62, 1))


def summary(server: "TwsServer", line: Line, raw: list[str]) -> None:
    number, tags = raw[2], raw[4].split(",")
    line.summaries.add(number)
    if len(line.summaries) > MOST_SUMMARIES:
        line.summaries.discard(number)
        line.send(
            line.say.error(
                int(number),
                322,
                "Error processing request.-'c' : cause - Maximum number of account summary requests exceeded",
            )
        )
        return
    for account in server.exchange.accounts.values():
        known = {"TotalCashValue": account.cash, "NetLiquidation": server.worth(account), "BuyingPower": account.cash}
        for tag in tags:
            if tag in known:
                line.send(frame(63, 1, number, account.number, tag, known[tag], "USD"))
    line.send(frame(64, 1, number))


def cancel_summary(server: "TwsServer", line: Line, raw: list[str]) -> None:
    line.summaries.discard(raw[2])


def account_updates(server: "TwsServer", line: Line, raw: list[str]) -> None:
    if raw[2] != "1":
        return
    number = raw[3] or next(iter(server.exchange.accounts))
    account = server.exchange.accounts[number]
    line.send(frame(6, 2, "TotalCashBalance", account.cash, "USD", number), frame(8, 1, "10:00"), frame(54, 1, number))


def account_updates_multi(server: "TwsServer", line: Line, raw: list[str]) -> None:
    number, account = raw[2], raw[3]
    cash = server.exchange.accounts[account].cash if account in server.exchange.accounts else Decimal(0)
    line.send(frame(73, 1, number, account, "", "TotalCashBalance", cash, "USD"), frame(74, 1, number))


def _orders(server: "TwsServer", line: Line, shown: list[Order]) -> None:
    for order in shown:
        status = status_of(order)
        line.send(line.say.open_order(order, status), line.say.order_status(order, status))
    for made in server.requests.taken.values():
        exercises.tell(line, made)
    line.send(frame(53, 1))


def own_orders(server: "TwsServer", line: Line, raw: list[str]) -> None:
    _orders(server, line, [o for o in server.exchange.orders.values() if o.is_open and line.owns(o)])


def all_orders(server: "TwsServer", line: Line, raw: list[str]) -> None:
    _orders(server, line, [o for o in server.exchange.orders.values() if o.is_open])


def completed_orders(server: "TwsServer", line: Line, raw: list[str]) -> None:
    for order in server.exchange.orders.values():
        if not order.is_open:
            line.send(line.say.completed_order(order))
    line.send(frame(102))


def executions(server: "TwsServer", line: Line, raw: list[str]) -> None:
    """Answer with today's, each trade with its commissions."""
    number, account = int(raw[2]), raw[4]
    groups: dict[str, list[Execution]] = {}
    for execution in server.exchange.executions:
        groups.setdefault(execution.group, []).append(execution)
    for group in groups.values():
        order = server.exchange.orders[group[0].order]
        if account in ("", order.account):
            line.send(*line.say.executions(order, group, number))
            line.send(*(line.say.commission(order, e) for e in group))
    line.send(frame(55, 1, number))


def contract_details(server: "TwsServer", line: Line, raw: list[str]) -> None:
    fields = Reader(raw[2:])
    number = fields.number("reqId")
    contract = _contract(fields)
    for name in ("includeExpired", "secIdType", "secId", "issuerId"):
        fields.take(name)
    fields.end()
    found = matches(contract, server.exchange.listing)
    if not found:
        line.send(line.say.error(number, 200, "No security definition has been found for the request"))
        return
    line.send(*(_details(server, number, instrument) for instrument in found), frame(52, 1, number))


def _details(server: "TwsServer", number: int, instrument: Instrument) -> bytes:
    con_id, symbol, kind, expiry, strike, right, multiplier, exchange, currency, local, klass = contract_fields(
        instrument
    )
    under = server.exchange.listing.add(instrument.underlying)
    is_option = instrument.option is not None
    return frame(
        10, number, symbol, kind, expiry, strike, right, exchange, currency, local, klass, klass, con_id, "0.01",
        multiplier, "ACTIVETIM,LMT,MKT,STP", "SMART,CBOE", 1, under.number if is_option else 0, symbol,
        "" if is_option else "NASDAQ", str(expiry)[:6], "", "", "", "US/Eastern", SESSION, SESSION, "", 0,
        0, 1, symbol if is_option else "", "STK" if is_option else "", f"{RULE},{RULE}", expiry,
        "" if is_option else "COMMON",
        1, 1, 1,
    )  # fmt: skip


def chain(server: "TwsServer", line: Line, raw: list[str]) -> None:
    """Answer with expiries and strikes, per class and exchange."""
    number, name, con_id = raw[1], raw[2], raw[5]
    classes: dict[str, list[Instrument]] = {}
    for option in server.exchange.listing.options_on(name):
        assert option.option is not None
        classes.setdefault(option.option.root, []).append(option)
    for root, options in classes.items():
        expiries = sorted({f"{o.option.expiry:%Y%m%d}" for o in options if o.option})
        strikes = sorted({o.option.strike for o in options if o.option})
        texts = [f"{strike.normalize():f}" for strike in strikes]
        for exchange in ("CBOE", "SMART"):
            line.send(frame(75, number, exchange, con_id, root, 100, len(expiries), *expiries, len(texts), *texts))
    line.send(frame(76, number))


def market_data(server: "TwsServer", line: Line, raw: list[str]) -> None:
    fields = Reader(raw[2:])
    number = fields.number("reqId")
    contract = _contract(fields)
    if contract["secType"] == "BAG":
        for _ in range(fields.number("legs")):
            for name in ("conId", "ratio", "action", "exchange"):
                fields.take(name)
    for name in ("deltaNeutral", "genericTicks", "snapshot", "regulatory", "options"):
        fields.take(name)
    fields.end()
    if len(line.quotes) >= MOST_LINES:
        line.send(line.say.error(number, 101, "Max number of tickers has been reached."))
        return
    try:
        instrument = find(contract, server.exchange.listing)
    except Refusal:
        line.send(line.say.error(number, 200, "No security definition has been found for the request"))
        return
    line.quotes[number] = instrument.symbol
    line.send(frame(81, number, "0.01", "9c0001", 3), frame(58, 1, number, 1))
    tick(server, line, number, instrument.symbol)


def cancel_market_data(server: "TwsServer", line: Line, raw: list[str]) -> None:
    number = int(raw[2])
    if line.quotes.pop(number, None) is None:
        line.send(line.say.error(number, 300, "Can't find EId with tickerId:" + raw[2]))


def market_depth(server: "TwsServer", line: Line, raw: list[str]) -> None:
    fields = Reader(raw[2:])
    number = fields.number("reqId")
    contract = _contract(fields)
    rows, is_smart = fields.number("rows"), fields.take("isSmartDepth") == "1"
    fields.take("options")
    fields.end()
    if len(line.books) >= MOST_BOOKS:
        text = f"Max number ({MOST_BOOKS}) of market depth requests has been reached"
        line.send(line.say.error(number, 309, text))
        return
    try:
        instrument = find(contract, server.exchange.listing)
    except Refusal:
        line.send(line.say.error(number, 200, "No security definition has been found for the request"))
        return
    line.books[number] = Book(instrument.symbol, rows, is_smart)
    line.send(*changes(number, line.books[number], server.ladders.get(instrument.symbol, ((), ()))))


def cancel_market_depth(server: "TwsServer", line: Line, raw: list[str]) -> None:
    fields = Reader(raw[2:])
    number = fields.number("reqId")
    fields.take("isSmartDepth")
    fields.end()
    if line.books.pop(number, None) is None:
        line.send(line.say.error(number, 310, f"Can't find the subscribed market depth with tickerId:{number}"))


def tick(server: "TwsServer", line: Line, number: int, symbol: str) -> None:
    """Send what is shown of one instrument."""
    shown = server.exchange.board.get(symbol)
    if shown is None:
        return
    for side, price, size in (
        ("bid", shown.bid, shown.bid_size),
        ("ask", shown.ask, shown.ask_size),
        ("last", shown.last, 1),
    ):
        kind, size_kind = TICK_TYPES[side]
        told = -1 if price is None else price
        line.send(
            frame(1, 6, number, kind, told, size if price is not None else 0, 1), frame(2, 6, number, size_kind, size)
        )
    if symbol in server.greeks:
        iv, delta, worth, gamma, vega, theta, under = server.greeks[symbol]
        line.send(frame(21, number, 13, 0, iv, delta, worth, 0, gamma, vega, theta, under))


def nothing(server: "TwsServer", line: Line, raw: list[str]) -> None:
    """Ask for nothing back: subscriptions ended, modes set."""


ANSWERS: Mapping[int, Answer] = {
    1: market_data, 2: cancel_market_data, 3: trading.place, 4: trading.cancel, 5: own_orders, 6: account_updates,
    7: executions, 8: ids, 9: contract_details, 10: market_depth,
    11: cancel_market_depth, 14: nothing, 15: nothing, 16: all_orders, 17: accounts, 21: exercises.exercise, 49: time,
    58: trading.cancel_all, 59: nothing, 61: positions, 62: summary, 63: cancel_summary, 64: nothing,
    76: account_updates_multi, 77: nothing, 78: chain, 99: completed_orders,
}  # fmt: skip
