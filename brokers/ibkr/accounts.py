"""What the broker has, as one whole answer: orders open and ended, executions, positions, cash."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from allcore.kernel.errors import InvalidInputError
from allcore.kernel.reports import BalanceReport, ExecutionReport, OrderReport, PositionReport, ReportKind
from brokers.ibkr.contracts import multiplier_of, symbol_of
from brokers.ibkr.fills import gathered, legs_of, newest, units_of
from brokers.ibkr.gateway import Gateway
from brokers.ibkr.library import Library
from brokers.ibkr.news import ExecutionNews, OrderNews, StatusNews
from brokers.ibkr.readings import number_of
from brokers.ibkr.states import END_WORDS, INACTIVE, LOCATE
from brokers.ibkr.tracks import Track, Tracks

CASH = "TotalCashValue"
DOLLARS = "USD"
PRICE_PLACES = Decimal("0.00000001")
STATUSES = {
    "ApiPending": "PENDING_NEW",
    "PendingSubmit": "PENDING_NEW",
    "PreSubmitted": "NEW",
    "Submitted": "NEW",
    "PendingCancel": "PENDING_CANCEL",
    "Filled": "FILLED",
    "Cancelled": "CANCELED",
    "ApiCancelled": "CANCELED",
}


@dataclass(frozen=True, slots=True)
class Books:
    """The answers to all questions, as they came."""

    orders: tuple[OrderNews, ...]  # open ones, then ended ones
    statuses: Mapping[int, StatusNews]  # of the open ones, by permanent id
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
        gateway.numbered(lambda number: client.reqExecutions(number, library.execution_filter())),
        gateway.named("positions", client.reqPositions),
        gateway.summary(CASH),
    )
    client.cancelPositions()
    open_orders = {n.names.perm_id: n for n in found if isinstance(n, OrderNews)}
    statuses = {n.names.perm_id: n for n in found if isinstance(n, StatusNews)}
    closed = [n for n in ended if n.names.perm_id not in open_orders]
    return Books((*open_orders.values(), *closed), statuses, tuple(executions), tuple(positions), tuple(figures))


@dataclass(frozen=True, slots=True)
class Teller:
    """Turns the books into reports, for the accounts that the desk has."""

    connection: str
    accounts: tuple[str, ...]
    tracks: Tracks
    fees: Mapping[str, Decimal]
    alert: Callable[[str], None]

    async def orders(self, books: Books, since: datetime) -> tuple[OrderReport, ...]:
        """Return the orders open, and those that ended since."""
        traded: dict[int, list[ExecutionNews]] = {}
        for execution in newest(e for e in books.executions if e.symbol):
            traded.setdefault(execution.names.perm_id, []).append(execution)
        reports = []
        for news in books.orders:
            executions = traded.pop(news.names.perm_id, [])
            is_old = news.closed_at is not None and news.closed_at < since.replace(microsecond=0)
            if news.account in self.accounts and not is_old:
                track = await self.tracks.of(news.names, news)
                if track is None and await self.tracks.is_instruction(news.names):
                    continue
                reports.append(self._order(track, news, executions, books.statuses.get(news.names.perm_id)))
        recent = [left for left in traded.values() if left[-1].at >= since.replace(microsecond=0)]
        for left in recent:  # executed, and listed nowhere
            track = await self.tracks.of(left[0].names)
            reports += [self._only_executed(track, left)] if left[0].account in self.accounts else []
        return tuple(reports)

    def positions(self, books: Books) -> tuple[PositionReport, ...]:
        """Return the positions in instruments that the desk has names for."""
        reports = []
        for account, contract, quantity, cost in books.positions:
            if account not in self.accounts or not quantity:
                continue
            average = (number_of(cost) or Decimal(0)) / multiplier_of(contract)
            try:
                symbol = symbol_of(contract)
            except InvalidInputError:
                symbol = str(contract.localSymbol)  # then it is a break that a person must see
            whole = int(quantity)
            if whole != quantity:
                self.alert(f"{account} holds {quantity} {symbol}: the desk counts in whole shares, and sees {whole}.")
            if whole:
                reports.append(PositionReport(account, symbol, whole, average.quantize(PRICE_PLACES).normalize()))
        return tuple(reports)

    def balances(self, books: Books) -> tuple[BalanceReport, ...]:
        """Return each account's cash."""
        return tuple(
            BalanceReport(account, number_of(value) or Decimal(0))
            for account, tag, value, currency in books.figures
            if tag == CASH and currency == DOLLARS and account in self.accounts
        )

    def _order(
        self, track: Track | None, news: OrderNews, executions: list[ExecutionNews], status: StatusNews | None
    ) -> OrderReport:
        fills = self._fills(track, executions, news.account)
        cum = max(sum(fill.combo_qty for fill in fills), 0 if status is None else status.filled)
        quantity = news.quantity or max(news.filled, cum, 0 if track is None else track.ticket.quantity)
        return OrderReport(
            account=news.account,
            cl_ord_id="" if track is None else track.cl_ord_id,
            broker_order_id=str(news.names.perm_id),
            status=_status_of(news, status, cum, quantity),
            order_qty=quantity,
            cum_qty=cum,
            fills=fills,
        )

    def _only_executed(self, track: Track | None, executions: list[ExecutionNews]) -> OrderReport:
        """Tell of an order known by its executions alone; if it is not full, how it is cannot be said for certain."""
        fills = self._fills(track, executions, executions[0].account)
        cum = sum(fill.combo_qty for fill in fills)
        quantity = cum if track is None else track.ticket.quantity
        return OrderReport(
            account=executions[0].account,
            cl_ord_id="" if track is None else track.cl_ord_id,
            broker_order_id=str(executions[0].names.perm_id),
            status="FILLED" if cum >= quantity else "PARTIALLY_FILLED",
            order_qty=quantity,
            cum_qty=cum,
            fills=fills,
        )

    def _fills(
        self, track: Track | None, executions: Iterable[ExecutionNews], account: str
    ) -> tuple[ExecutionReport, ...]:
        return tuple(
            ExecutionReport(
                kind=ReportKind.FILL,
                connection=self.connection,
                account=account,
                cl_ord_id="" if track is None else track.cl_ord_id,
                transact_at=group[0].at,
                broker_order_id=str(group[0].names.perm_id),
                fills=legs_of(track, group, self.fees),
                combo_qty=units_of(track, group) or 0,
            )
            for group in gathered(track, list(executions))
        )


def _status_of(news: OrderNews, status: StatusNews | None, cum: int, quantity: int) -> str:
    word = news.status if status is None else status.status
    if word == INACTIVE:
        return "NEW" if status is not None and status.why_held == LOCATE else "CANCELED" if cum else "REJECTED"
    if word not in STATUSES:
        return "NEW" if not news.is_completed else "CANCELED"
    told = STATUSES[word]
    if told == "CANCELED" and any(words in news.text.lower() for words in END_WORDS):
        return "EXPIRED"
    if told == "NEW" and cum:
        return "FILLED" if cum >= quantity else "PARTIALLY_FILLED"
    return told
