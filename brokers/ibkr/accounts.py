"""The gateway's books as the desk's reports: orders open and ended, what they traded, positions, cash."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from allcore.kernel.reports import BalanceReport, ExecutionReport, OrderReport, PositionReport, ReportKind
from brokers.ibkr.books import CASH, Books
from brokers.ibkr.contracts import Contracts, multiplier_of
from brokers.ibkr.fills import gathered, legs_of, units_of
from brokers.ibkr.news import FIRST, ExecutionNews, Names, OrderNews, StatusNews
from brokers.ibkr.readings import name_of, number_of
from brokers.ibkr.states import END_WORDS, INACTIVE, LOCATE
from brokers.ibkr.strangers import stranger_of
from brokers.ibkr.tracks import Track, Tracks
from brokers.ibkr.versions import busts_of, corrections_of, firsts, newest

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
# What an order is that has traded in part, and in whole. Filled, and corrected to less: it works no more.
WITH_TRADES = {"NEW": ("PARTIALLY_FILLED", "FILLED"), "FILLED": ("CANCELED", "FILLED")}


@dataclass(frozen=True, slots=True)
class Teller:
    """Turns the books into reports, for the accounts that the desk has."""

    connection: str
    accounts: tuple[str, ...]
    tracks: Tracks
    contracts: Contracts
    fees: Mapping[str, Decimal]
    alert: Callable[[str], None]

    async def orders(self, books: Books, since: datetime) -> tuple[OrderReport, ...]:
        """Return the orders open, and those that ended since."""
        traded: dict[tuple[str, str], list[ExecutionNews]] = {}  # by order and account: an advisor's may be of several
        for execution in (e for e in books.executions if e.symbol):
            traded.setdefault((execution.names.key, execution.account), []).append(execution)
        reports = []
        for told in books.orders:
            news = replace(told, account=told.account or await self._account_of(told))
            executions = traded.pop((news.names.key, news.account), [])
            is_old = news.closed_at is not None and news.closed_at < since.replace(microsecond=0)
            if news.account in self.accounts and not is_old:
                track = await self.tracks.of(news.names, news)
                if track is None and await self.tracks.is_instruction(news.names):
                    continue
                if track is None and (executions or not news.is_completed):
                    track = await self._stranger(news)
                reports.append(self._order(track, news, executions, books.statuses.get(news.names.key)))
        recent = [left for left in traded.values() if left[-1].at >= since.replace(microsecond=0)]
        for left in recent:  # executed, and listed nowhere
            track = await self.tracks.of(left[0].names) or self.tracks.strangers.get(left[0].names.perm_id)
            reports += [self._only_executed(track, left)] if left[0].account in self.accounts else []
        return tuple(reports)

    async def _account_of(self, news: OrderNews) -> str:
        """Return whose the order is that names no account: ours says it, and so does a login with but one."""
        track = await self.tracks.of(news.names, news)
        if track is not None:
            return track.account
        return "" if self.tracks.is_shared else next(iter(self.accounts), "")

    async def _stranger(self, news: OrderNews) -> Track | None:
        """Return an order that is not ours by its terms, and know it again by its permanent id when it trades."""
        stranger = await stranger_of(news, self.contracts)
        if stranger is not None and news.names.perm_id:
            self.tracks.strangers[news.names.perm_id] = stranger
        return stranger

    def positions(self, books: Books) -> tuple[PositionReport, ...]:
        """Return the positions in instruments that the desk has names for."""
        reports = []
        for account, contract, quantity, cost in books.positions:
            if account not in self.accounts or not quantity:
                continue
            average = (number_of(cost) or Decimal(0)) / multiplier_of(contract)
            symbol = name_of(contract)  # one that the desk has no name for is a break that a person must see
            whole = int(quantity)
            if whole != quantity:
                self.alert(f"{account} holds {quantity} {symbol}: the desk counts in whole shares, and sees {whole}.")
            if whole:
                reports.append(PositionReport(account, symbol, whole, average.quantize(PRICE_PLACES).normalize()))
        return tuple(reports)

    def balances(self, books: Books) -> tuple[BalanceReport, ...]:
        """Return each account's cash."""
        told = {
            account: cash
            for account, tag, value, currency in books.figures
            if tag == CASH and currency == DOLLARS and (cash := number_of(value)) is not None
        }
        for account in self.accounts:
            if account not in told:
                self.alert(f"The gateway tells no cash in dollars of account {account}: it is not compared.")
        return tuple(BalanceReport(account, told[account]) for account in self.accounts if account in told)

    def _order(
        self, track: Track | None, news: OrderNews, executions: list[ExecutionNews], status: StatusNews | None
    ) -> OrderReport:
        fills = self._fills(track, executions, news.account)
        told = max(news.filled, 0 if status is None else status.filled)
        traded, before = _units(track, newest(executions)), _units(track, firsts(executions))
        cum = max(traded, told - (before - traded))  # what the gateway says has filled may be from before a correction
        quantity = news.quantity or max(news.filled, cum, 0 if track is None else track.ticket.quantity)
        return OrderReport(
            account=news.account,
            cl_ord_id="" if track is None else track.cl_ord_id,
            broker_order_id=self._id_of(track, news.names, news.account),
            status=_status_of(news, status, cum, quantity, is_amended=any(e.version > FIRST for e in executions)),
            order_qty=quantity,
            cum_qty=cum,
            fills=fills,
            taken_back=self._taken_back(track, executions),
            ticket=None if track is None or track.cl_ord_id else track.ticket,
        )

    def _only_executed(self, track: Track | None, executions: list[ExecutionNews]) -> OrderReport:
        """Tell of an order known by its executions alone; if it is not full, how it is cannot be said for certain."""
        fills = self._fills(track, executions, executions[0].account)
        cum = _units(track, newest(executions))
        quantity = cum if track is None else track.ticket.quantity
        return OrderReport(
            account=executions[0].account,
            cl_ord_id="" if track is None else track.cl_ord_id,
            broker_order_id=self._id_of(track, executions[0].names, executions[0].account),
            status="FILLED" if cum >= quantity else "PARTIALLY_FILLED",
            order_qty=quantity,
            cum_qty=cum,
            fills=fills,
            taken_back=self._taken_back(track, executions),
        )

    def _fills(
        self, track: Track | None, executions: Iterable[ExecutionNews], account: str
    ) -> tuple[ExecutionReport, ...]:
        """Return each execution as it is now, under its first name, then its corrections, for who has that one."""
        told = list(executions)
        # Of a combo whose terms nobody knows each execution is an order of its own: one order would have one leg.
        is_nameless = track is None and len({e.symbol for e in told}) > 1

        def say(kind: ReportKind, group: list[ExecutionNews], ref: str = "") -> ExecutionReport:
            is_correction = kind is ReportKind.CORRECT
            return ExecutionReport(
                kind=kind,
                connection=self.connection,
                account=account,
                cl_ord_id="" if track is None else track.cl_ord_id,
                transact_at=group[0].at,
                broker_order_id="" if is_nameless else self._id_of(track, group[0].names, account),
                fills=legs_of(track, group, self.fees, is_correction=is_correction),
                combo_qty=group[0].qty if is_correction else units_of(track, group) or 0,
                ref_exec_id=ref,
            )

        first = [say(ReportKind.FILL, group) for group in gathered(track, newest(told))]
        return (*first, *(say(ReportKind.CORRECT, [execution], ref) for execution, ref in corrections_of(told)))

    def _id_of(self, track: Track | None, names: Names, account: str) -> str:
        """Return the broker's name of the order; of one that is not ours it is the only one, so it has one."""
        if track is None or not track.cl_ord_id:
            return self.tracks.name_of_other(names, account)
        return names.key if names.perm_id else ""

    def _taken_back(self, track: Track | None, executions: Iterable[ExecutionNews]) -> tuple[ExecutionReport, ...]:
        """Return the executions taken back, under every name by which they may have been booked."""
        cl_ord_id = "" if track is None else track.cl_ord_id
        return tuple(
            ExecutionReport(
                ReportKind.BUST,
                self.connection,
                e.account,
                cl_ord_id,
                e.at,
                self._id_of(track, e.names, e.account),
                ref_exec_id=ref,
            )
            for e, ref in busts_of(executions)
        )


def _units(track: Track | None, executions: Iterable[ExecutionNews]) -> int:
    """Return how many whole units the executions make."""
    return sum(units_of(track, group) or 0 for group in gathered(track, list(executions)))


def _status_of(news: OrderNews, status: StatusNews | None, cum: int, quantity: int, *, is_amended: bool = False) -> str:
    word = news.status if status is None else status.status
    if word == INACTIVE:
        return "NEW" if status is not None and status.why_held == LOCATE else "CANCELED" if cum else "REJECTED"
    if word not in STATUSES:
        return "NEW" if not news.is_completed else "CANCELED"
    told = STATUSES[word]
    if told == "CANCELED" and any(words in news.text.lower() for words in END_WORDS):
        return "EXPIRED"
    is_counted = is_amended if told == "FILLED" else cum > 0
    return WITH_TRADES[told][cum >= quantity] if told in WITH_TRADES and is_counted else told
