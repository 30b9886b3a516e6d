"""Listens to the library's decoder: its callbacks become news and answers. It keeps no state of any order.

The decoder calls these methods by name, hence their spelling.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from brokers.ibkr.errors import (
    CLIENT_ID_TAKEN,
    ContradictionError,
    GatewayDownError,
    GatewayRefusedError,
    Meaning,
    QuestionRefusedError,
    UnreadableAnswerError,
    code_of,
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
from brokers.ibkr.readings import count_of, is_buy, name_of, number_of, order_news, price_of, whole_of
from brokers.ibkr.ticks import Ticks
from brokers.ibkr.times import read_time

FIRST_REQUEST = 2_000_000_000  # our questions are numbered from here, orders below; some count those by the clock
NOTICES = range(2100, 2200)
DOLLARS = "USD"
READ_ONLY = "read-only"  # how a gateway that takes no orders explains a 321
ANSWERS = {"openOrder": "openOrders", "orderStatus": "openOrders", "position": "positions"}  # of which they are parts


class _Zoneless:
    """What the decoder reads of its owner: the zone of times that have none. We read times ourselves."""

    TimezoneTWS = "UTC"


class Ears(Ticks, Questions):
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
        """The line is closing; whoever still waits to be let in waits no longer."""
        self.failed("it closed the line.")

    def failed(self, why: str) -> None:
        """The gateway does not let us in."""
        if not self.refused.done():
            self.refused.set_exception(GatewayDownError(f"The gateway did not let us in: {why}"))

    def connectionClosed(self) -> None:  # noqa: N802
        """The line is gone: no question will be answered."""
        for key in list(self._questions):
            self._end(key, GatewayDownError("The line to the gateway was lost before it answered."))
        self._tell(LostNews())

    def malformed(self, kind: str, text: str, *, number: int = 0, is_missed: bool = True) -> None:
        """A message could not be read; an answer of which it is a part (`number`: of which question) is not whole."""
        self._tell(MalformedNews(kind, text[:200]))
        if is_missed:
            error = UnreadableAnswerError(f"Part of the gateway's answer could not be read: {kind}: {text[:200]}")
            self._end(ANSWERS.get(kind, number), error)

    def nextValidId(self, number: int) -> None:  # noqa: N802
        """The least number that an order may have."""
        self.next_order_id = max(self.next_order_id, number)

    def error(self, number: int, code: int, text: str, *_: object) -> None:
        """Say what a code is about: a question, an order, or the line."""
        refusal = QuestionRefusedError(f"{text} ({code})", code=code)
        is_notice = code in NOTICES or code_of(code).meaning is Meaning.NOTICE
        if code == CLIENT_ID_TAKEN and not self.refused.done():
            self.refused.set_exception(GatewayRefusedError(f"The gateway refuses: {text}", code=code))
        if number <= 0:
            if READ_ONLY in text.lower():
                self._refuse_all(code, text)
            self._tell(LineNews(code, text))
        elif number >= FIRST_REQUEST:
            if not (is_notice or self._end(number, refusal)) and self.ended is not None:
                self.ended(number, code, text)
        elif is_notice or not self._end(number, refusal):
            self._tell(ErrorNews(number, code, text))

    def _refuse_all(self, code: int, text: str) -> None:
        """Tell all who wait: such questions have no numbers, so the gateway cannot say which it leaves unanswered."""
        for key in [key for key in self._questions if isinstance(key, str)]:
            self._end(key, GatewayRefusedError(f"Switch the gateway's Read-Only API off: {text}", code=code))

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
        news = StatusNews(names, status, count_of(filled), str(rest[6]))
        self._part("openOrders", news)
        self._tell(news)
        if self.instructed is not None:
            self.instructed(news)

    def execDetails(self, number: int, contract: Any, execution: Any) -> None:  # noqa: N802
        """A trade, told by itself or because it was asked for."""
        if not execution.execId:
            raise ContradictionError("An execution has a name: by it, it is booked once.")
        names = Names(int(execution.orderId), int(execution.clientId), int(execution.permId), execution.orderRef)
        news = ExecutionNews(
            names=names,
            account=execution.acctNumber,
            exec_id=execution.execId,
            symbol=name_of(contract),
            is_buy=is_buy(execution.side),
            qty=whole_of(execution.shares),
            px=price_of(execution.price),
            at=read_time(self.execution_time),
            asked=number in self._questions,
        )
        self._part(number, news)
        self._tell(news)

    def execDetailsEnd(self, number: int) -> None:  # noqa: N802
        """All executions were told."""
        self._end(number)

    def commissionReport(self, report: Any) -> None:  # noqa: N802
        """What an execution cost; while it is not known, nothing is said.

        Raises:
            ContradictionError: it is not in dollars, and would be booked as if it were.
        """
        fee = number_of(report.commission)
        if fee and report.currency not in ("", DOLLARS):
            raise ContradictionError(f"Execution {report.execId} cost {fee} {report.currency}.")
        if fee is not None:
            self.fees[report.execId] = fee
            self._tell(CommissionNews(report.execId, fee))

    # accounts and instruments

    def position(self, account: str, contract: Any, quantity: float, cost: float) -> None:
        """One position.

        Raises:
            ContradictionError: its quantity is no number.
        """
        if number_of(quantity) is None:
            raise ContradictionError(f"A position of {quantity} in {name_of(contract)}.")
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
