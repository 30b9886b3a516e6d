"""What the gateway has, asked for as one whole answer."""

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import Any

from brokers.ibkr.errors import NoAnswerError, QuestionRefusedError
from brokers.ibkr.gateway import Gateway
from brokers.ibkr.library import Library
from brokers.ibkr.news import ExecutionNews, OrderNews, StatusNews
from brokers.ports import Lane

CASH = "TotalCashValue"


@dataclass(frozen=True, slots=True)
class Books:
    """The answers to all questions, as they came."""

    orders: tuple[OrderNews, ...]  # open ones, then ended ones
    statuses: Mapping[str, StatusNews]  # of the open ones, by `Names.key`
    executions: tuple[ExecutionNews, ...]
    positions: tuple[tuple[str, Any, float, float], ...]
    figures: tuple[tuple[str, str, str, str], ...]


async def read(gateway: Gateway, library: Library) -> Books:
    """Ask for everything at once.

    Raises:
        UnavailableError: a question was not answered; there is no half of an answer.
    """
    client = gateway.client
    found, ended, executions, positions, figures = await asyncio.gather(
        gateway.named("openOrders", client.reqAllOpenOrders),
        gateway.named("completedOrders", lambda: client.reqCompletedOrders(False)),  # noqa: FBT003 the library's call
        _answered(gateway.numbered(lambda number: client.reqExecutions(number, library.execution_filter()))),
        gateway.named("positions", client.reqPositions),
        _answered(gateway.summary(CASH)),
    )
    await gateway.pace(Lane.DATA)
    if gateway.is_up:
        client.cancelPositions()
    open_orders = {n.names.key: n for n in found if isinstance(n, OrderNews)}
    statuses = {n.names.key: n for n in found if isinstance(n, StatusNews)}
    closed = [n for n in ended if n.names.key not in open_orders]
    return Books((*open_orders.values(), *closed), statuses, tuple(executions), tuple(positions), tuple(figures))


async def _answered(asking: Awaitable[list[Any]]) -> list[Any]:
    """Return the answer; that the gateway refuses a question that it must answer means that it cannot, now."""
    try:
        return await asking
    except QuestionRefusedError as e:
        raise NoAnswerError(f"The gateway did not answer: {e.message}", **e.context) from e
