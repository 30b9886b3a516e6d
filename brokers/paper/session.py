"""The paper broker's session: the port that every broker has, over the exchange, the store and the quotes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from allcore.kernel.clock import new_york_date
from allcore.kernel.instructions import Instruction, InstructionReport
from allcore.kernel.orders import OrdType, TimeInForce, TriggerPrice
from allcore.kernel.reports import BookReport, ExecutionReport, MassStatus
from allcore.kernel.tickets import OrderTicket
from brokers.errors import SessionDownError, UnknownAccountError
from brokers.paper.accounts import mass_status_of
from brokers.paper.actions import ActionBook
from brokers.paper.chaos import Chaos
from brokers.paper.counter import CUT_OFF, Counter
from brokers.paper.exchange import Exchange
from brokers.paper.latency import latency_of
from brokers.paper.messages import asked, received
from brokers.paper.moment import Moment, Terms
from brokers.paper.preview import previewed
from brokers.paper.pulse import Pulse, Sources
from brokers.paper.quotes import CloseBook, QuoteSource
from brokers.paper.records import Change, RequestKind
from brokers.paper.settings import PaperSettings
from brokers.paper.store import Store
from brokers.paper.tasks import end_all
from brokers.paper.ticks import RuleOf, TickBook
from brokers.paper.triggers import symbols_of
from brokers.paper.writer import Writer
from brokers.ports import Capabilities, Health, Idempotency, Preview, ReplaceKind, Replacement

CLOSE_SECONDS = 5.0  # for the store to take what has happened
CAPABILITIES = Capabilities(
    ord_types=frozenset(OrdType),
    times_in_force=frozenset(TimeInForce),
    max_legs=4,
    replace=ReplaceKind.IN_PLACE,
    idempotency=Idempotency.ID_REJECT,
    order_stream=True,
    preview=True,
    triggers=frozenset(TriggerPrice),
    takes_exercise_instructions=True,
    exercise_cut_off=CUT_OFF,
    lists_changes=True,
    tells_exchange_time=True,
)


@dataclass(frozen=True, slots=True)
class Wiring:
    """What a paper session works with. What it asks may block: it is asked in the store's thread."""

    connection: str
    store: Store
    quotes: QuoteSource
    settings: PaperSettings
    clock: Callable[[], datetime]
    rule_of: RuleOf
    closes: CloseBook
    actions: ActionBook | None = None


class PaperSession:
    """One login at the paper broker. Any fault of its store ends it: the next one reads the truth afresh."""

    capabilities = CAPABILITIES

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring
        self._events: asyncio.Queue[ExecutionReport | BookReport | Exception | None] = asyncio.Queue()
        self._writer = Writer(wiring.store, self._events.put_nowait, wiring.connection)
        self._ticks = TickBook(wiring.rule_of)
        self._exchange: Exchange | None = None
        self._pulse: Pulse | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._fault: BaseException | None = None
        self._is_closed = False
        self._heard_at: datetime | None = None

    async def connect(self) -> None:
        """Go on where the last session stopped: orders at work and on their way are taken up again."""
        wiring = self._wiring
        self._start(self._writer.run())
        snapshot = await self._writer.read(wiring.store.load)
        await self._learn_ticks({symbol for order in snapshot.orders for symbol in symbols_of(order.ticket)})
        terms = Terms(
            connection=wiring.connection,
            ticks=self._ticks.tick,
            tariff=wiring.settings.tariff,
            rates=wiring.settings.rates,
            is_cash_account=wiring.settings.is_cash_account,
            has_margin_calls=wiring.settings.has_margin_calls,
            stale_after=wiring.settings.stale_after_s,
            model=wiring.settings.model,
            seed=wiring.settings.seed,
            has_actions=wiring.actions is not None,
        )
        self._exchange = Exchange(snapshot, terms)
        chaos = Chaos(wiring.settings.seed or wiring.connection, wiring.settings.model.disconnects)
        self._pulse = Pulse(
            self._exchange, wiring.quotes, self._writer, wiring.clock, Sources(wiring.closes, wiring.actions), chaos
        )
        self._start(self._pulse.listen())
        self._start(self._pulse.run())
        self._heard_at = wiring.clock()

    async def submit(self, cl_ord_id: str, broker_account: str, ticket: OrderTicket) -> None:
        """Take the order into the books; the exchange hears of it after the wire's latency."""
        exchange = self._up()
        await self._known(exchange, broker_account)
        await self._learn_ticks(set(symbols_of(ticket)))
        order = received(cl_ord_id, broker_account, ticket, self._wiring.clock())
        order = replace(order, arrives_at=self._arrival(cl_ord_id))
        await self._writer.keep(Change(orders=(order,)), partial(self._sent, partial(exchange.take_order, order)))

    async def replace(self, broker_account: str, replacement: Replacement) -> None:
        """Take a request for new terms; the quantity is the total."""
        await self._ask(
            RequestKind.REPLACE, broker_account, replacement.cl_ord_id, replacement.orig_cl_ord_id, replacement
        )

    async def cancel(self, broker_account: str, cl_ord_id: str, orig_cl_ord_id: str) -> None:
        """Take a request to cancel; a fill that comes before it wins."""
        await self._ask(RequestKind.CANCEL, broker_account, cl_ord_id, orig_cl_ord_id, None)

    async def preview(self, broker_account: str, ticket: OrderTicket) -> Preview:
        """Say what the order would cost, and why it would be refused, by the quotes of this moment. Nothing is sent."""
        exchange = self._up()
        await self._known(exchange, broker_account)
        symbols = symbols_of(ticket)
        await self._learn_ticks(set(symbols))
        now = self._wiring.clock()
        at = await self._exchange_now(now)
        quotes = await self._wiring.quotes.latest(symbols)
        order = received("PREVIEW", broker_account, ticket, now)
        code = exchange.refusal(order, Moment(now, at, quotes))
        return previewed(ticket, quotes, self._wiring.settings.tariff, new_york_date(at), code)

    async def instruct(self, broker_account: str, instruction: Instruction) -> InstructionReport:
        """Take an instruction on a long option into the books."""
        counter, now = self._counter(), self._wiring.clock()
        await self._known(self._up(), broker_account)
        return await counter.instruct(broker_account, instruction, now=now, at=await self._exchange_now(now))

    async def withdraw(self, broker_account: str, instruction_id: str) -> InstructionReport:
        """Let an instruction be taken back."""
        at = await self._exchange_now(self._wiring.clock())
        return await self._counter().withdraw(broker_account, instruction_id, at=at)

    async def instructions(self, ids: Sequence[str]) -> tuple[InstructionReport, ...]:
        """Return how the instructions stand."""
        return await self._counter().instructions(ids)

    async def mass_status(self, since: datetime) -> MassStatus:
        """Return the books as they are kept."""
        self._up()
        history = await self._writer.read(lambda: self._wiring.store.history(since))
        return mass_status_of(history, connection=self._wiring.connection, now=self._wiring.clock())

    async def health(self) -> Health:
        """Say how the session is."""
        details: dict[str, object] = {
            "open_orders": 0 if self._exchange is None else self._exchange.open_count(),
            "alerts": [] if self._exchange is None else self._exchange.margin.alerts(),
            "model": self._wiring.settings.model.as_dict(),
            "seed": self._wiring.settings.seed,
            "fees": self._wiring.settings.tariff.name,
            "rates": self._wiring.settings.rates.name,
        }
        if self._pulse is not None:
            details |= self._pulse.details()
        if self._is_up():
            self._heard_at = self._wiring.clock()
        return Health(is_connected=self._is_up(), heard_at=self._heard_at, details=details)

    async def events(self) -> AsyncIterator[ExecutionReport | BookReport]:
        """Yield reports in the order in which they were kept; ends at close, raises if the session broke."""
        while (event := await self._events.get()) is not None:
            if isinstance(event, Exception):
                raise event
            yield event

    async def close(self) -> None:
        """Log out: what has happened is kept and told first; what is at work goes on with the next session."""
        if self._is_closed:
            return
        self._is_closed = True
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.remove_done_callback(self._ended)
        await end_all(tasks[1:])
        if tasks and not tasks[0].done():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await self._writer.drain()
        await end_all(tasks[:1])
        await self._writer.stop()
        with contextlib.suppress(TimeoutError):  # the other end may be gone; nothing is lost with the line
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._wiring.quotes.close()
        self._events.put_nowait(None)

    async def _ask(self, kind: RequestKind, account: str, cl_ord_id: str, orig: str, terms: Replacement | None) -> None:
        exchange = self._up()
        await self._known(exchange, account)
        order_id = await self._order_of(exchange, account, orig)
        request = asked(kind, account, (cl_ord_id, orig, order_id), self._arrival(cl_ord_id), terms)
        expect = partial(exchange.take_request, request)
        await self._writer.keep(Change(requests=(request,)), partial(self._sent, expect))

    def _counter(self) -> Counter:
        return Counter(self._up().clearing, self._writer, self._wiring.store)

    async def _exchange_now(self, now: datetime) -> datetime:
        return (await self._wiring.quotes.clock()).at(now)

    def _arrival(self, message_id: str) -> datetime:
        settings = self._wiring.settings
        return self._wiring.clock() + latency_of(message_id, settings.model.latency_ms, settings.seed)

    async def _learn_ticks(self, symbols: set[str]) -> None:
        if unknown := self._ticks.unknown(sorted(symbols)):
            await self._writer.read(partial(self._ticks.learn, unknown))

    async def _known(self, exchange: Exchange, account: str) -> None:
        if exchange.account(account) is not None:
            return
        book = await self._writer.read(lambda: self._wiring.store.account(account))
        if book is None:
            raise UnknownAccountError(f"{self._wiring.connection} has no account {account!r}.", account=account)
        exchange.add_account(book)

    async def _order_of(self, exchange: Exchange, account: str, any_id: str) -> str:
        """Return the first id of the order meant, or nothing if the account never had it."""
        order = exchange.order_of(any_id)
        if order is not None:
            return order.cl_ord_id if order.account == account else ""
        return await self._writer.read(lambda: self._wiring.store.order_of(account, any_id)) or ""

    def _is_up(self) -> bool:
        return bool(self._tasks) and self._fault is None

    def _up(self) -> Exchange:
        if self._exchange is None or not self._is_up():
            raise SessionDownError(f"{self._wiring.connection} is not connected.", connection=self._wiring.connection)
        return self._exchange

    def _sent(self, expect: Callable[[], None]) -> None:
        """The message is in the books: the exchange may expect it."""
        expect()
        if self._pulse is not None:
            self._pulse.wake()

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        task.add_done_callback(self._ended)
        self._tasks.append(task)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """One of the tasks broke: say so to whoever listens, once."""
        error = None if task.cancelled() else task.exception()
        if self._fault is None:
            self._fault = error or SessionDownError(f"{self._wiring.connection} ended.")
            self._events.put_nowait(SessionDownError(f"{self._wiring.connection} broke: {self._fault!r}"[:200]))
