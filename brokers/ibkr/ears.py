"""Listens to the library's decoder: its callbacks become news and answers. It keeps no state of any order.

The decoder calls these methods by name, hence their spelling.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from brokers.ibkr.contracts import symbol_of
from brokers.ibkr.depth_rows import Row
from brokers.ibkr.errors import (
    CLIENT_ID_TAKEN,
    GatewayDownError,
    GatewayRefusedError,
    QuestionRefusedError,
)
from brokers.ibkr.news import (
    CommissionNews,
    ErrorNews,
    ExecutionNews,
    LineNews,
    LostNews,
    MalformedNews,
    Names,
    News,
    StatusNews,
)
from brokers.ibkr.questions import Questions
from brokers.ibkr.readings import number_of, order_news, whole_of
from brokers.ibkr.times import read_time

FIRST_REQUEST = 1_000_000_000  # our questions are numbered from here, orders below
NOTICES = range(2100, 2200)


class _Zoneless:
    """What the decoder reads of its owner: the zone of times that have none. We read times ourselves."""

    TimezoneTWS = "UTC"


class Ears(Questions):
    """The callbacks. `tell` takes news; questions are futures by number or name, their parts collected."""

    ib = _Zoneless()
    defaultTimezone = UTC  # noqa: N815 the decoder's spelling

    def __init__(self, tell: Callable[[News], None], clock: Callable[[], datetime]) -> None:
        super().__init__()
        self._tell = tell
        self._clock = clock
        self.next_order_id = 0
        self.heard_at: datetime | None = None
        self.fees: dict[str, Decimal] = {}  # by execution
        self.execution_time = ""  # as the wire had it, noted before the decoder touches it
        self.ticks: Callable[[int, int, Decimal | None, int | None], None] | None = None
        self.greeks: Callable[[int, int, tuple[float, ...]], None] | None = None
        self.levels: Callable[[int, Row], None] | None = None
        self.ended: Callable[[int, int, str], None] | None = None  # what is said about a subscription
        self.instructed: Callable[[StatusNews], None] | None = None  # what an instruction's number may be about
        self.refused: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    # the line

    def connectAck(self) -> None:  # noqa: N802
        """The version is agreed."""

    def tcpDataArrived(self) -> None:  # noqa: N802
        """Something was said."""
        self.heard_at = self._clock()

    def setEventsDone(self) -> None:  # noqa: N802
        """The line is closing."""

    def connectionClosed(self) -> None:  # noqa: N802
        """The line is gone: no question will be answered."""
        for key in list(self._questions):
            self._end(key, GatewayDownError("The line to the gateway was lost before it answered."))
        self._tell(LostNews())

    def malformed(self, kind: str, text: str) -> None:
        """A message could not be read."""
        self._tell(MalformedNews(kind, text[:200]))

    def nextValidId(self, number: int) -> None:  # noqa: N802
        """The least number that an order may have."""
        self.next_order_id = max(self.next_order_id, number)

    def error(self, number: int, code: int, text: str, *_: object) -> None:
        """Say what a code is about: a question, an order, or the line."""
        if code == CLIENT_ID_TAKEN and not self.refused.done():
            self.refused.set_exception(GatewayRefusedError(f"The gateway refuses: {text}", code=code))
        if number >= FIRST_REQUEST:
            if code in NOTICES or self._end(number, QuestionRefusedError(f"{text} ({code})", code=code)):
                return
            if self.ended is not None:
                self.ended(number, code, text)
        elif number > 0:
            if not self._end(number, QuestionRefusedError(f"{text} ({code})", code=code)):
                self._tell(ErrorNews(number, code, text))
        else:
            self._tell(LineNews(code, text))

    # orders

    def openOrder(self, order_id: int, contract: Any, order: Any, state: Any) -> None:  # noqa: N802
        """An order as it stands, or the answer to a what-if."""
        if order.whatIf:
            self._part(order_id, state)
            self._end(order_id)
            return
        news = order_news(contract, order, state)
        self._part("openOrders", news)
        self._tell(news)

    def openOrderEnd(self) -> None:  # noqa: N802
        """All open orders were told."""
        self._end("openOrders")

    def completedOrder(self, contract: Any, order: Any, state: Any) -> None:  # noqa: N802
        """An order that has ended."""
        self._part("completedOrders", order_news(contract, order, state, is_completed=True))

    def completedOrdersEnd(self) -> None:  # noqa: N802
        """All ended orders were told."""
        self._end("completedOrders")

    def orderStatus(self, order_id: int, status: str, filled: float, *rest: Any) -> None:  # noqa: N802
        """How an order is; `rest` as the decoder has it: remaining, average, permId, parent, last, client, why held."""
        names = Names(order_id, int(rest[5]), int(rest[2]))
        news = StatusNews(names, status, int(filled), str(rest[6]))
        self._part("openOrders", news)
        self._tell(news)
        if self.instructed is not None:
            self.instructed(news)

    def execDetails(self, number: int, contract: Any, execution: Any) -> None:  # noqa: N802
        """A trade, told by itself or because it was asked for."""
        names = Names(int(execution.orderId), int(execution.clientId), int(execution.permId), execution.orderRef)
        news = ExecutionNews(
            names=names,
            account=execution.acctNumber,
            exec_id=execution.execId,
            symbol=symbol_of(contract),
            is_buy=execution.side == "BOT",
            qty=whole_of(execution.shares),
            px=number_of(execution.price) or Decimal(0),
            at=read_time(self.execution_time),
            asked=number in self._questions,
        )
        self._part(number, news)
        self._tell(news)

    def execDetailsEnd(self, number: int) -> None:  # noqa: N802
        """All executions were told."""
        self._end(number)

    def commissionReport(self, report: Any) -> None:  # noqa: N802
        """What an execution cost."""
        self.fees[report.execId] = number_of(report.commission) or Decimal(0)
        self._tell(CommissionNews(report.execId, self.fees[report.execId]))

    # accounts and instruments

    def position(self, account: str, contract: Any, quantity: float, cost: float) -> None:
        """One position."""
        self._part("positions", (account, contract, quantity, cost))

    def positionEnd(self) -> None:  # noqa: N802
        """All positions were told."""
        self._end("positions")

    def accountSummary(self, number: int, account: str, tag: str, value: str, currency: str) -> None:  # noqa: N802
        """One figure of an account."""
        self._part(number, (account, tag, value, currency))

    def accountSummaryEnd(self, number: int) -> None:  # noqa: N802
        """All figures were told."""
        self._end(number)

    def contractDetails(self, number: int, details: Any) -> None:  # noqa: N802
        """One instrument."""
        self._part(number, details)

    def contractDetailsEnd(self, number: int) -> None:  # noqa: N802
        """All instruments were told."""
        self._end(number)

    def securityDefinitionOptionParameter(self, number: int, exchange: str, *rest: Any) -> None:  # noqa: N802
        """One class of options: contract number, class, multiplier, expiries, strikes."""
        self._part(number, (exchange, *rest))

    def securityDefinitionOptionParameterEnd(self, number: int) -> None:  # noqa: N802
        """All classes were told."""
        self._end(number)

    def currentTime(self, at: int) -> None:  # noqa: N802
        """The gateway lives."""
        self._part("time", at)
        self._end("time")

    # quotes

    def priceSizeTick(self, number: int, kind: int, price: float, size: float) -> None:  # noqa: N802
        """A price and its size."""
        if self.ticks is not None:
            self.ticks(number, kind, number_of(price), int(size))

    def tickSize(self, number: int, kind: int, size: float) -> None:  # noqa: N802
        """A size alone."""
        if self.ticks is not None:
            self.ticks(number, kind, None, int(size))

    def tickGeneric(self, number: int, kind: int, value: float) -> None:  # noqa: N802
        """A number, such as whether trading is halted."""
        if self.ticks is not None:
            self.ticks(number, kind, None, int(value))

    def tickOptionComputation(self, number: int, kind: int, _: int, *values: float) -> None:  # noqa: N802
        """Model values of an option."""
        if self.greeks is not None:
            self.greeks(number, kind, values)

    def updateMktDepth(self, number: int, *row: Any) -> None:  # noqa: N802
        """One row of a book: position, operation, side, price, size."""
        position, *rest = row
        self.updateMktDepthL2(number, position, "", *rest)

    def updateMktDepthL2(self, number: int, *row: Any) -> None:  # noqa: N802
        """One row of a book: position, market maker, operation, side, price, size, whether of all exchanges."""
        if self.levels is not None:
            position, maker, operation, side, price, size, *_ = row
            self.levels(number, Row(position, maker, operation, side == 1, number_of(price), int(size)))
