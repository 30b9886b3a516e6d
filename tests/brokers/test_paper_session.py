"""The session's own behaviour: faults, a market that is away, expiry, many orders."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
import pytest_asyncio

from allcore.kernel.clock import ExchangeClock
from allcore.kernel.errors import UnavailableError
from allcore.kernel.instruments import TickRule
from allcore.kernel.quotes import Quote
from allcore.kernel.reports import BookKind, ReportKind
from brokers.errors import SessionDownError
from brokers.paper.actions import CorporateAction, Standing
from brokers.paper.draws import draw
from brokers.paper.model import QUOTES
from brokers.paper.records import Change
from brokers.paper.store import StaleWriterError
from tests.builders.paper import (
    ACCOUNT,
    LOW_PUT,
    OPEN_AT,
    PATIENCE,
    PUT,
    MemoryQuotes,
    MemoryStore,
    PaperDesk,
    StillClock,
    book,
    buy,
    holding,
    sell,
)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore(accounts={ACCOUNT: book()})


@pytest_asyncio.fixture
async def desk(store: MemoryStore) -> AsyncIterator[PaperDesk]:
    desk = PaperDesk(store=lambda: store)
    desk.market.show(PUT, "4.10", "4.20")
    await desk.start()
    yield desk
    await desk.session.close()


async def test_an_order_is_kept_before_submit_returns(desk: PaperDesk, store: MemoryStore) -> None:
    desk.market.is_away = True

    await desk.session.submit("C1", ACCOUNT, buy(PUT, "4.20"))

    assert list(store.orders) == ["C1"]


async def test_a_store_that_fails_ends_the_session_and_says_so(desk: PaperDesk, store: MemoryStore) -> None:
    store.fails = ConnectionError("the database is away")

    with pytest.raises(ConnectionError):
        await desk.session.submit("C1", ACCOUNT, buy(PUT, "4.20"))
    with pytest.raises(UnavailableError):
        await desk.hear()

    assert not (await desk.session.health()).is_connected
    with pytest.raises(SessionDownError):
        await desk.session.submit("C2", ACCOUNT, buy(PUT, "4.20"))


async def test_nothing_is_told_that_was_not_kept(desk: PaperDesk, store: MemoryStore) -> None:
    await desk.session.submit("C1", ACCOUNT, buy(PUT, "4.00"))
    await desk.hear(ReportKind.ACK)
    store.fails = StaleWriterError("another session writes these books")
    desk.market.show(PUT, "3.90", "4.00")

    with pytest.raises(UnavailableError):
        await desk.hear()

    assert store.fills == []


async def test_a_submit_given_up_by_its_caller_is_worked_all_the_same(desk: PaperDesk, store: MemoryStore) -> None:
    is_writing, may_write = threading.Event(), threading.Event()

    def write_slowly() -> None:
        is_writing.set()
        may_write.wait()

    store.before_write = write_slowly
    task = asyncio.create_task(desk.session.submit("C1", ACCOUNT, buy(PUT, "4.20")))
    await asyncio.to_thread(is_writing.wait)
    task.cancel()
    may_write.set()

    assert (await desk.hear(ReportKind.ACK)).cl_ord_id == "C1"
    await desk.hear(ReportKind.FILL)


async def test_a_market_that_comes_back_is_traded_on(desk: PaperDesk) -> None:
    desk.market.is_away = True
    await desk.session.submit("C1", ACCOUNT, buy(PUT, "4.20"))
    health = await desk.session.health()
    desk.market.is_away = False

    await desk.hear(ReportKind.ACK)
    await desk.hear(ReportKind.FILL)
    assert health.is_connected


async def test_an_account_opened_since_may_trade(desk: PaperDesk, store: MemoryStore) -> None:
    store.accounts["PAPER-2"] = book().__class__("PAPER-2", Decimal(50_000))

    await desk.session.submit("C1", "PAPER-2", buy(PUT, "4.20"))

    assert (await desk.hear(ReportKind.ACK)).account == "PAPER-2"


async def test_another_accounts_order_is_not_canceled(desk: PaperDesk, store: MemoryStore) -> None:
    store.accounts["PAPER-2"] = book().__class__("PAPER-2", Decimal(50_000))
    await desk.session.submit("C1", ACCOUNT, buy(PUT, "4.00"))
    await desk.hear(ReportKind.ACK)

    await desk.session.cancel("PAPER-2", "C2", "C1")

    assert (await desk.hear(ReportKind.CANCEL_REJECT)).reason == "UNKNOWN_ORDER"


async def test_an_expiry_is_told_and_kept_once(store: MemoryStore) -> None:
    store.accounts[ACCOUNT] = holding({PUT: -1})
    desk = PaperDesk(store=lambda: store)
    desk.clock.now = OPEN_AT + timedelta(days=2, hours=6, seconds=-1)
    desk.market.show("TSLA", "248.99", "249.01", last="249.00")
    desk.clock.forward(seconds=7)
    await desk.start()

    report = await desk.hear_booking()
    await desk.restart()
    status = await desk.session.mass_status(OPEN_AT)
    await desk.session.close()

    assert (report.kind, report.shares) == ("ASSIGNMENT", 100)
    assert [b.event_id for b in status.bookings] == [report.event_id]
    assert [(p.symbol, p.qty) for p in status.positions] == [("TSLA", 100)]


async def test_many_orders_at_once_share_transactions(desk: PaperDesk, store: MemoryStore) -> None:
    desk.market.show(PUT, "4.10", "4.20", size=1000)

    await asyncio.gather(*(desk.session.submit(f"C{n}", ACCOUNT, buy(PUT, "4.20")) for n in range(100)))
    heard = [await desk.hear() for _ in range(200)]

    assert sum(r.kind is ReportKind.FILL for r in heard) == 100
    assert len({fill.exec_id for r in heard for fill in r.fills}) == 100
    assert len(store.batches) < 50
    assert store.accounts[ACCOUNT].qty(PUT) == 100


async def test_one_burned_id_does_not_take_its_neighbours_with_it(desk: PaperDesk) -> None:
    await desk.session.submit("C1", ACCOUNT, sell(PUT, "9.00"))

    answers = await asyncio.gather(
        *(desk.session.submit(name, ACCOUNT, sell(PUT, "9.00")) for name in ("C0", "C1", "C2")), return_exceptions=True
    )

    assert [type(a).__name__ for a in answers] == ["NoneType", "DuplicateClOrdIdError", "NoneType"]


async def test_reports_come_in_the_order_in_which_they_were_kept(desk: PaperDesk, store: MemoryStore) -> None:
    await desk.session.submit("C1", ACCOUNT, buy(PUT, "4.20"))
    heard = [await desk.hear(), await desk.hear()]

    kept = [report for batch in store.batches for change in batch for report in change.reports]

    assert heard == kept
    assert isinstance(store.batches[0][0], Change)


async def test_prices_step_as_the_desk_knows_before_and_after_a_restart(desk: PaperDesk) -> None:
    desk.rules[PUT] = TickRule.CENT
    desk.latency_ms = 500.0
    await desk.restart()

    await desk.session.submit("C1", ACCOUNT, buy(PUT, "4.03"))
    await desk.restart()
    desk.clock.forward(minutes=1)
    desk.market.show(PUT, "4.10", "4.20")

    assert (await desk.hear(ReportKind.ACK)).cl_ord_id == "C1"


async def test_of_two_sessions_on_the_same_books_the_one_that_missed_a_write_ends(
    desk: PaperDesk, store: MemoryStore
) -> None:
    await desk.session.submit("C1", ACCOUNT, buy(PUT, "4.00"))
    await desk.hear(ReportKind.ACK)
    other = PaperDesk(store=lambda: store, clock=desk.clock)
    other.market = desk.market
    await other.start()
    await other.session.cancel(ACCOUNT, "C2", "C1")
    await other.hear(ReportKind.CANCEL_ACK)

    desk.market.show(PUT, "3.90", "4.00")

    with pytest.raises(UnavailableError):
        await desk.hear()
    assert store.fills == []
    await other.session.close()


class QuotesThatLoseACancellation(MemoryQuotes):
    """As a client does that waits with Python 3.11's wait_for: the answer and the cancellation come together."""

    def __init__(self) -> None:
        super().__init__(StillClock())
        self.is_asked = asyncio.Event()
        self.has_lost_one = False

    async def clock(self) -> ExchangeClock:
        self.is_asked.set()
        if not self.has_lost_one:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.has_lost_one = True
        return await super().clock()


async def test_a_session_closes_even_if_a_cancellation_gets_lost(store: MemoryStore) -> None:
    desk = PaperDesk(store=lambda: store)
    desk.market = quotes = QuotesThatLoseACancellation()
    await desk.start()
    await quotes.is_asked.wait()

    async with asyncio.timeout(PATIENCE):
        await desk.session.close()

    assert quotes.has_lost_one


class SlowQuotes(MemoryQuotes):
    """Quotes that are on their way until they are let go."""

    def __init__(self, clock: StillClock) -> None:
        super().__init__(clock)
        self.is_asked, self.may_answer = asyncio.Event(), asyncio.Event()

    async def latest(self, symbols: Iterable[str]) -> dict[str, Quote]:
        found = await super().latest(symbols)
        self.is_asked.set()
        await self.may_answer.wait()
        return found


async def test_an_order_that_comes_while_quotes_are_fetched_waits_for_its_own(store: MemoryStore) -> None:
    desk = PaperDesk(store=lambda: store)
    desk.market = quotes = SlowQuotes(desk.clock)
    quotes.show(PUT, "4.10", "4.20")
    await desk.start()
    await quotes.is_asked.wait()
    await desk.session.submit("C1", ACCOUNT, buy(PUT, "4.20"))

    quotes.may_answer.set()

    assert (await desk.hear()).kind is ReportKind.ACK
    await desk.hear(ReportKind.FILL)
    await desk.session.close()


async def test_a_preview_says_the_fees_and_sends_nothing(desk: PaperDesk) -> None:
    desk.market.show(PUT, "4.10", "4.20")

    found = await desk.session.preview(ACCOUNT, buy(PUT, "4.20", qty=3))

    assert (found.commission, found.margin_change, found.warnings) == (Decimal("1.95"), None, ())
    assert (await desk.session.mass_status(OPEN_AT)).orders == ()


async def test_a_preview_warns_of_a_refusal_and_of_a_bad_quote(desk: PaperDesk) -> None:
    desk.market.show(PUT, "4.10", "4.20", is_halted=True)

    found = await desk.session.preview(ACCOUNT, buy(PUT, "4.03"))

    assert found.warnings == (
        "The price is not a whole number of ticks.",
        f"The quote of {PUT} is HALTED: nothing trades on it.",
    )


async def test_a_preview_without_prices_knows_no_fee(desk: PaperDesk) -> None:
    found = await desk.session.preview(ACCOUNT, buy(LOW_PUT))

    assert found.commission is None
    assert found.warnings


async def test_the_health_tells_the_model_and_the_fees(desk: PaperDesk) -> None:
    details = (await desk.session.health()).details

    assert details["fees"] == "flat"
    assert isinstance(details["model"], dict)
    assert details["model"]["name"] == "quotes"


async def test_a_position_goes_ex_by_the_actions_that_were_asked_for(store: MemoryStore) -> None:
    asked: list[str] = []

    def actions(symbol: str, since: date) -> list[CorporateAction]:
        asked.append(symbol)
        return [CorporateAction("s", BookKind.SPLIT, symbol, OPEN_AT.date(), ratio_new=2)]

    before = Standing(OPEN_AT.date() - timedelta(days=1))
    store.accounts[ACCOUNT] = replace(holding({"TSLA": 100}), standing=before)
    desk = PaperDesk(store=lambda: store, actions=actions)
    await desk.start()

    split = await desk.hear_booking()
    await desk.restart()
    await desk.session.submit("C1", ACCOUNT, buy("TSLA", "0.01"))
    await desk.hear(ReportKind.REJECT)
    await desk.session.close()

    assert (split.kind, split.qty, split.to_qty) == (BookKind.SPLIT, 100, 200)
    assert store.accounts[ACCOUNT].qty("TSLA") == 200
    assert asked == ["TSLA", "TSLA"]


async def test_chaos_ends_the_session_and_the_next_one_goes_on(store: MemoryStore) -> None:
    desk = PaperDesk(store=lambda: store, model=replace(QUOTES, disconnects=1))
    desk.market.show(PUT, "4.10", "4.20")
    await desk.start()
    await desk.session.submit("C1", ACCOUNT, buy(PUT, "4.00"))
    await desk.hear(ReportKind.ACK)

    cut = OPEN_AT.replace(hour=13, minute=30) + timedelta(hours=6, minutes=30) * draw("paper", "cut", OPEN_AT.date(), 0)
    desk.market.ahead = cut - OPEN_AT + timedelta(seconds=1)
    desk.clock.forward(seconds=2)
    desk.market.show(PUT, "4.10", "4.20")

    with pytest.raises(SessionDownError, match="LineCut"):
        await desk.hear()
    await desk.session.close()
    desk.model = QUOTES
    await desk.start()
    status = await desk.session.mass_status(OPEN_AT)
    await desk.session.close()
    assert [(o.cl_ord_id, o.status) for o in status.orders] == [("C1", "NEW")]
