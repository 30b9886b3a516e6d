"""What a client library written by others must find on the TWS test server. Run with either library, one at a time.

The library is named by whoever calls: `ib_async` in the desk's environment, `ib_insync` in one of its own.
"""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from allcore.kernel.orders import Side
from tests.brokers.servers.book import Leg, Terms
from tests.brokers.servers.tws.server import TwsServer
from tests.builders.paper import LOW_PUT, PUT

PATIENCE = 5.0


async def until(holds: Callable[[], object]) -> None:
    """Wait until it holds."""
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110 the library tells of changes in many ways; this sees them all
            await asyncio.sleep(0.005)


class Judge:
    """One client of one server."""

    def __init__(self, library: Any, server: TwsServer) -> None:
        self.lib = library
        self.server = server
        self.ib = library.IB()

    async def start(self, client: int = 7) -> None:
        await self.ib.connectAsync("127.0.0.1", self.server.port.number, clientId=client, timeout=2)

    async def option(self, symbol: str) -> Any:
        found = await self.ib.reqContractDetailsAsync(
            self.lib.Contract(secType="OPT", localSymbol=symbol, exchange="SMART", currency="USD")
        )
        return found[0].contract

    async def limit_order_fills_in_parts(self) -> None:
        put = await self.option(PUT)
        trade = self.ib.placeOrder(put, self.lib.LimitOrder("BUY", 15, 4.2, account="DU1", orderRef="C1", tif="DAY"))
        await until(lambda: trade.orderStatus.filled == 10 and trade.fills and trade.fills[0].commissionReport.execId)
        assert (trade.orderStatus.status, trade.orderStatus.remaining) == ("Submitted", 5)
        assert (trade.fills[0].execution.shares, trade.fills[0].execution.orderRef) == (10, "C1")
        assert trade.fills[0].commissionReport.commission == 6.5
        self.server.exchange.show(PUT, "4.10", "4.15")
        await until(lambda: trade.orderStatus.status == "Filled")
        positions = await self.ib.reqPositionsAsync()
        assert [(p.contract.localSymbol, p.position) for p in positions] == [(PUT, 15)]

    async def order_is_changed_and_canceled(self) -> None:
        put = await self.option(PUT)
        order = self.lib.LimitOrder("BUY", 1, 3.0, account="DU1", orderRef="C2", tif="DAY")
        trade = self.ib.placeOrder(put, order)
        await until(lambda: trade.orderStatus.status == "Submitted")
        order.lmtPrice = 3.05
        self.ib.placeOrder(put, order)
        await until(lambda: trade.order.lmtPrice == 3.05 and trade.orderStatus.status == "Submitted")
        listed = await self.ib.reqAllOpenOrdersAsync()
        assert {(t.order.orderRef, t.order.lmtPrice, t.order.permId > 0) for t in listed} == {("C2", 3.05, True)}
        self.ib.cancelOrder(order)
        await until(lambda: trade.orderStatus.status == "Cancelled")
        done = await self.ib.reqCompletedOrdersAsync(apiOnly=False)
        assert "C2" in {t.order.orderRef for t in done}

    async def combo_fills_with_its_legs(self) -> None:
        put, low = await self.option(PUT), await self.option(LOW_PUT)
        legs = [
            self.lib.ComboLeg(conId=put.conId, ratio=1, action="SELL", exchange="SMART"),
            self.lib.ComboLeg(conId=low.conId, ratio=1, action="BUY", exchange="SMART"),
        ]
        bag = self.lib.Contract(symbol="TSLA", secType="BAG", exchange="SMART", currency="USD", comboLegs=legs)
        order = self.lib.LimitOrder("BUY", 2, -3.05, account="DU1", orderRef="C3", tif="DAY")
        trade = self.ib.placeOrder(bag, order)
        await until(lambda: trade.orderStatus.status == "Filled" and len(trade.fills) == 3)
        assert [f.contract.secType for f in trade.fills] == ["BAG", "OPT", "OPT"]
        assert [f.execution.side for f in trade.fills[1:]] == ["SLD", "BOT"]

    async def bracket_holds_its_children(self) -> None:
        put = await self.option(PUT)
        bracket = self.ib.bracketOrder("BUY", 1, 3.0, 9.0, 1.0, account="DU1", tif="GTC")
        trades = [self.ib.placeOrder(put, order) for order in bracket]
        await until(lambda: trades[0].orderStatus.status == "Submitted")
        assert [t.orderStatus.status for t in trades[1:]] == ["PreSubmitted", "PreSubmitted"]
        self.ib.reqGlobalCancel()
        await until(lambda: all(t.orderStatus.status == "Cancelled" for t in trades))

    async def what_if_tells_margin(self) -> None:
        put = await self.option(PUT)
        order = self.lib.LimitOrder("BUY", 2, 4.2, account="DU1", tif="DAY")
        state = await asyncio.wait_for(self.ib.whatIfOrderAsync(put, order), PATIENCE)
        assert float(state.initMarginChange) == 840
        assert float(state.commission) == 1.3
        assert not [o for o in self.server.exchange.orders.values() if o.terms.quantity == 2 and o.is_open]

    async def off_tick_order_is_rejected(self) -> None:
        heard: list[tuple[Any, ...]] = []
        self.ib.errorEvent += lambda *error: heard.append(error[:2])
        put = await self.option(PUT)
        trade = self.ib.placeOrder(put, self.lib.LimitOrder("BUY", 1, 4.03, account="DU1", tif="DAY"))
        await until(lambda: (trade.order.orderId, 110) in heard)

    async def quotes_and_greeks_come(self) -> None:
        put = await self.option(PUT)
        self.server.greeks[PUT] = (0.5, -0.4, 4.15, 0.02, 0.1, -0.05, 250.0)
        ticker = self.ib.reqMktData(put)
        await until(lambda: ticker.bid == 4.1 and ticker.modelGreeks is not None)
        assert (ticker.ask, ticker.modelGreeks.delta) == (4.2, -0.4)
        self.server.exchange.show(PUT, "4.15", "4.25")
        await until(lambda: ticker.bid == 4.15)
        self.ib.cancelMktData(put)

    async def depth_comes_level_by_level(self) -> None:
        put = await self.option(PUT)
        self.server.show_depth(PUT, ((("4.10", 5, "CBOE"), ("4.05", 7, "PHLX")), (("4.20", 3, "CBOE"),)))
        ticker = self.ib.reqMktDepth(put, numRows=3, isSmartDepth=True)
        await until(lambda: len(ticker.domBids) == 2 and len(ticker.domAsks) == 1)
        assert [(level.price, level.size, level.marketMaker) for level in ticker.domBids] == [
            (4.1, 5, "CBOE"),
            (4.05, 7, "PHLX"),
        ]
        self.server.show_depth(PUT, ((("4.05", 7, "PHLX"),), ()))
        await until(lambda: [level.price for level in ticker.domBids] == [4.05] and not ticker.domAsks)
        self.ib.cancelMktDepth(put, isSmartDepth=True)

    async def chain_is_told(self) -> None:
        under = self.server.exchange.listing.add("TSLA")
        chains = await self.ib.reqSecDefOptParamsAsync("TSLA", "", "STK", under.number)
        smart = next(c for c in chains if c.exchange == "SMART")
        assert (smart.tradingClass, smart.expirations, smart.strikes) == ("TSLA", ["20260612"], [240.0, 250.0])

    async def orders_of_others_are_seen(self) -> None:
        order = self.server.exchange.place("DU1", Terms((Leg(PUT, Side.BUY),), 1, limit=Decimal("2.00")))
        listed = await self.ib.reqAllOpenOrdersAsync()
        assert (0, 0) in {(t.order.clientId, t.order.orderId) for t in listed}
        self.server.exchange.cancel(order.number)

    async def everything_survives_a_reconnection(self) -> None:
        put = await self.option(PUT)
        order = self.lib.LimitOrder("BUY", 1, 2.0, account="DU1", orderRef="C9", tif="DAY")
        order.conditions = [
            self.lib.PriceCondition(isMore=False, price=1.0, conId=put.conId, exch="SMART", triggerMethod=8),
            self.lib.TimeCondition(isMore=True, time="20200101-00:00:00"),
        ]
        order.algoStrategy, order.algoParams = "Adaptive", [self.lib.TagValue("adaptivePriority", "Patient")]
        self.ib.placeOrder(put, order)
        await until(lambda: [o for o in self.server.exchange.orders.values() if o.ref == "C9" and o.is_open])
        self.ib.disconnect()
        await until(lambda: not self.server.lines)
        await self.start()
        (found,) = [t.order for t in self.ib.openTrades() if t.order.orderRef == "C9"]
        assert [(c.condType, c.isMore) for c in found.conditions] == [(1, False), (3, True)]
        assert (found.conditions[0].price, found.conditions[0].triggerMethod) == (1.0, 8)
        assert (found.conditionsIgnoreRth, found.conditionsCancelOrder) in ((False, False), ("0", "0"))
        assert (found.algoStrategy, [p.tag for p in found.algoParams]) == ("Adaptive", ["adaptivePriority"])
        assert len(await self.ib.reqExecutionsAsync()) >= 2

    async def run(self) -> list[str]:
        """Check everything, in this order, and return the checks' names."""
        checks = (
            self.limit_order_fills_in_parts, self.order_is_changed_and_canceled, self.combo_fills_with_its_legs,
            self.bracket_holds_its_children, self.what_if_tells_margin, self.off_tick_order_is_rejected,
            self.quotes_and_greeks_come, self.depth_comes_level_by_level, self.chain_is_told,
            self.orders_of_others_are_seen, self.everything_survives_a_reconnection,
        )  # fmt: skip
        await self.start()
        for check in checks:
            self.server.exchange.show(PUT, "4.10", "4.20")
            self.server.exchange.show(LOW_PUT, "1.00", "1.05")
            await check()
        self.ib.disconnect()
        await until(lambda: not self.server.lines)
        assert self.server.protocol_errors == []
        return [check.__name__ for check in checks]
