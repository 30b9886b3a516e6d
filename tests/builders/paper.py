"""A paper broker as a test wants it: market and store in memory, a clock that stands still until it is moved."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from allcore.kernel.clock import ExchangeClock
from allcore.kernel.errors import UnavailableError
from allcore.kernel.instructions import Standing
from allcore.kernel.instruments import OptionContract, Right, TickRule
from allcore.kernel.orders import OrdType, PositionEffect, PriceEffect, Side, TimeInForce
from allcore.kernel.quotes import Quote
from allcore.kernel.reports import BookReport, ExecutionReport, ReportKind
from allcore.kernel.tickets import OrderTicket, TicketLeg, natural_effect
from brokers.paper.actions import ActionBook
from brokers.paper.books import AccountBook, Holding, after_booking, after_fill
from brokers.paper.contracts import multiplier_of, option_named
from brokers.paper.model import QUOTES, FillModel
from brokers.paper.quotes import Watched
from brokers.paper.rates import FREE, Rates
from brokers.paper.records import (
    BookingRecord,
    Change,
    FillRecord,
    InstructionRecord,
    OrderRecord,
    RequestKind,
    RequestRecord,
    RequestState,
)
from brokers.paper.session import PaperSession, Wiring
from brokers.paper.settings import PaperSettings
from brokers.paper.store import DuplicateClOrdIdError, History, Snapshot, StaleWriterError, Store

OPEN_AT = datetime(2026, 6, 10, 14, 0, tzinfo=UTC)  # Wednesday, 10:00 in New York
FRIDAY = date(2026, 6, 12)
ACCOUNT = "PAPER-1"
PUT = OptionContract("TSLA", FRIDAY, Right.PUT, Decimal(250)).symbol
LOW_PUT = OptionContract("TSLA", FRIDAY, Right.PUT, Decimal(240)).symbol
CALL = OptionContract("TSLA", FRIDAY, Right.CALL, Decimal(260)).symbol
PATIENCE = 30.0  # seconds; only a test that fails waits for so long


class StillClock:
    """The system's time, moved by hand."""

    def __init__(self, now: datetime = OPEN_AT) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


class MemoryQuotes:
    """A market in memory with the real port. The exchange's clock runs with the system's, `ahead` of it."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self.standing: dict[str, Quote] = {}
        self.ahead = timedelta(0)
        self.is_away = False
        self._news: list[asyncio.Queue[dict[str, Quote] | None]] = []

    def show(
        self,
        symbol: str,
        bid: str | None,
        ask: str | None,
        *,
        size: int = 10,
        last: str | None = None,
        is_halted: bool = False,
    ) -> Quote:
        """Publish a new quote."""
        now = self._clock()
        quote = Quote(
            symbol=symbol,
            bid=None if bid is None else Decimal(bid),
            ask=None if ask is None else Decimal(ask),
            bid_size=size,
            ask_size=size,
            last=None if last is None else Decimal(last),
            source_at=now + self.ahead,
            received_at=now,
            source="test",
            is_halted=is_halted,
        )
        self.standing[symbol] = quote
        for queue in self._news:
            queue.put_nowait({symbol: quote})
        return quote

    async def batches(self, watched: Watched) -> AsyncIterator[Mapping[str, Quote] | None]:
        queue: asyncio.Queue[dict[str, Quote] | None] = asyncio.Queue()
        self._news.append(queue)
        queue.put_nowait(None)
        while True:
            batch = await queue.get()
            yield None if batch is None else {s: q for s, q in batch.items() if s in watched()}

    async def latest(self, symbols: Iterable[str]) -> dict[str, Quote]:
        if self.is_away:
            raise UnavailableError("The market is away.")
        return {s: self.standing[s] for s in symbols if s in self.standing}

    async def clock(self) -> ExchangeClock:
        if self.is_away:
            raise UnavailableError("The market is away.")
        return ExchangeClock(OPEN_AT, OPEN_AT + self.ahead)

    async def close(self) -> None:
        self._news.clear()


@dataclass
class MemoryStore:
    """The store's promises in memory: whole batches, burned ids, checked versions."""

    accounts: dict[str, AccountBook] = field(default_factory=dict)
    orders: dict[str, OrderRecord] = field(default_factory=dict)
    requests: dict[str, RequestRecord] = field(default_factory=dict)
    told: dict[str, InstructionRecord] = field(default_factory=dict)
    fills: list[FillRecord] = field(default_factory=list)
    bookings: list[BookingRecord] = field(default_factory=list)
    batches: list[Sequence[Change]] = field(default_factory=list)
    fails: Exception | None = None
    before_write: Callable[[], object] | None = None

    def load(self) -> Snapshot:
        orders = tuple(o for o in self.orders.values() if o.is_open)
        ids = {name: o.cl_ord_id for o in orders for name in (o.cl_ord_id, o.current_id)}
        pending = tuple(r for r in self.requests.values() if r.state is RequestState.PENDING)
        open_instructions = tuple(r for r in self.told.values() if r.standing is Standing.ACCEPTED)
        return Snapshot(dict(self.accounts), orders, pending, {}, ids, open_instructions)

    def account(self, number: str) -> AccountBook | None:
        return self.accounts.get(number)

    def order_of(self, account: str, any_id: str) -> str | None:
        if any_id in self.orders:
            return any_id if self.orders[any_id].account == account else None
        request = self.requests.get(any_id)
        return request.order_id if request and request.kind is RequestKind.REPLACE else None

    def instructions(self, ids: Sequence[str]) -> tuple[InstructionRecord, ...]:
        return tuple(self.told[name] for name in ids if name in self.told)

    def write(self, batch: Sequence[Change]) -> None:
        if self.before_write is not None:
            self.before_write()
        if self.fails is not None:
            raise self.fails
        kept = replace(
            self,
            accounts=dict(self.accounts),
            orders=dict(self.orders),
            requests=dict(self.requests),
            told=dict(self.told),
            fills=list(self.fills),
            bookings=list(self.bookings),
        )
        for change in batch:
            kept._take(change)
        self.accounts, self.orders, self.requests = kept.accounts, kept.orders, kept.requests
        self.told = kept.told
        self.fills, self.bookings = kept.fills, kept.bookings
        self.batches.append(batch)

    def history(self, since: datetime) -> History:
        orders = tuple(o for o in self.orders.values() if o.is_open or o.changed_at >= since)
        names = {o.cl_ord_id for o in orders}
        bookings = tuple(b for b in self.bookings if b.booked_at >= since)
        return History(dict(self.accounts), orders, tuple(f for f in self.fills if f.order_id in names), bookings)

    def close(self) -> None:
        pass

    def _take(self, change: Change) -> None:
        self.told |= {record.instruction_id: record for record in change.instructions}
        for order in change.orders:
            self._check(order, self.orders, order.cl_ord_id in self.requests)
            self.orders[order.cl_ord_id] = order
        for request in change.requests:
            self._check(request, self.requests, request.cl_ord_id in self.orders)
            self.requests[request.cl_ord_id] = request
        for fill in change.fills:
            self.fills.append(fill)
            self.accounts[fill.account] = after_fill(self.accounts[fill.account], fill)
        for booking in change.bookings:
            self.bookings.append(booking)
            self.accounts[booking.account] = after_booking(self.accounts[booking.account], booking)
        for number, standing in change.standings:
            self.accounts[number] = replace(self.accounts[number], standing=standing)

    @staticmethod
    def _check(
        record: OrderRecord | RequestRecord, held: Mapping[str, OrderRecord | RequestRecord], is_burned: bool
    ) -> None:
        before = held.get(record.cl_ord_id)
        if record.version == 0 and (before is not None or is_burned):
            raise DuplicateClOrdIdError("used before")
        if record.version > 0 and (before is None or before.version != record.version - 1):
            raise StaleWriterError("written by somebody else")


def no_close(underlying: str, day: date) -> Decimal | None:
    return None


@dataclass
class PaperDesk:
    """One connection of the paper broker and its client: sessions come and go, books and market stay."""

    store: Callable[[], Store]
    clock: StillClock = field(default_factory=StillClock)
    latency_ms: float = 0.0
    model: FillModel = QUOTES
    seed: str = ""
    actions: ActionBook | None = None
    rates: Rates = FREE
    rules: dict[str, TickRule] = field(default_factory=dict)
    market: MemoryQuotes = field(init=False)
    session: PaperSession = field(init=False)
    heard: list[ExecutionReport | BookReport] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.market = MemoryQuotes(self.clock)

    async def start(self) -> None:
        """Open a session, the first or the next."""
        self.session = PaperSession(
            Wiring(
                connection="paper",
                store=self.store(),
                quotes=self.market,
                settings=PaperSettings(
                    model=replace(self.model, latency_ms=self.latency_ms),
                    seed=self.seed,
                    rates=self.rates,
                ),
                clock=self.clock,
                rule_of=self.rules.get,
                closes=no_close,
                actions=self.actions,
            )
        )
        await self.session.connect()
        self._events = self.session.events()

    async def restart(self) -> None:
        """Drop the session and open another."""
        await self.session.close()
        await self.start()

    async def hear(self, kind: ReportKind | None = None) -> ExecutionReport:
        """Return the next report, which is an execution report of that kind."""
        async with asyncio.timeout(PATIENCE):
            event = await anext(self._events)
        self.heard.append(event)
        assert isinstance(event, ExecutionReport), event
        assert kind is None or event.kind is kind, event
        return event

    async def hear_booking(self) -> BookReport:
        """Return the next report, which is a booking."""
        async with asyncio.timeout(PATIENCE):
            event = await anext(self._events)
        assert isinstance(event, BookReport), event
        return event


def leg(symbol: str, side: Side, *, ratio: int = 1, effect: PositionEffect = PositionEffect.OPEN) -> TicketLeg:
    return TicketLeg(symbol, side, effect, ratio, multiplier_of(symbol))


def ticket(
    *legs: TicketLeg,
    limit: str | None = None,
    stop: str | None = None,
    qty: int = 1,
    tif: TimeInForce = TimeInForce.DAY,
    effect: PriceEffect | None = None,
) -> OrderTicket:
    """Return a ticket whose type follows from the prices given; a single leg's effect follows from its side."""
    kinds = {
        (False, False): OrdType.MARKET,
        (True, False): OrdType.LIMIT,
        (False, True): OrdType.STOP,
        (True, True): OrdType.STOP_LIMIT,
    }
    option = option_named(legs[0].symbol)
    return OrderTicket(
        account="GEN-1",
        underlying=legs[0].symbol if option is None else option.root,
        legs=legs,
        quantity=qty,
        ord_type=kinds[limit is not None, stop is not None],
        time_in_force=tif,
        price_effect=effect or natural_effect(legs[0].side),
        limit_price=None if limit is None else Decimal(limit),
        stop_price=None if stop is None else Decimal(stop),
    )


def buy(symbol: str, limit: str | None = None, **terms: object) -> OrderTicket:
    return ticket(leg(symbol, Side.BUY), limit=limit, **terms)  # type: ignore[arg-type]


def sell(symbol: str, limit: str | None = None, **terms: object) -> OrderTicket:
    return ticket(leg(symbol, Side.SELL), limit=limit, **terms)  # type: ignore[arg-type]


def book(cash: str = "100000") -> AccountBook:
    """Return the test account with that cash."""
    return AccountBook(ACCOUNT, Decimal(cash))


def holding(positions: Mapping[str, int], *, cash: str = "100000", avg_px: str = "1.00") -> AccountBook:
    """Return the test account with positions, by symbol."""
    return AccountBook(ACCOUNT, Decimal(cash), {s: Holding(qty, Decimal(avg_px)) for s, qty in positions.items()})
