"""Books of the market: asked for while somebody looks, told as they change, never shown once they are old."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from decimal import Decimal

import orjson
import pytest
from django.test import Client

from allcore import live
from allcore.accounts.models import User
from allcore.kernel.clock import utc_now
from allcore.kernel.errors import UnavailableError
from brokers.depth import Depth, Level
from marketdata.domain import wire
from marketdata.models import Instrument
from marketdata.selectors.depths import COMING, LOOKED_AT_FOR, book_row
from marketdata.services import depths
from marketdata.services.depths import Books
from tests.builders import market

PATIENCE = 10.0


def book(symbol: str = "TSLA", lost: str = "") -> Depth:
    bids = () if lost else (Level(Decimal("4.10"), 5, "CBOE"), Level(Decimal("4.05"), 7))
    return Depth(symbol, bids, () if lost else (Level(Decimal("4.20"), 3),), utc_now(), lost)


@dataclass
class Line:
    """Books by hand, as a broker's line has them."""

    refuses: str = ""
    asked: list[str] = field(default_factory=list)
    given_back: list[str] = field(default_factory=list)
    news: "asyncio.Queue[Depth]" = field(default_factory=asyncio.Queue)

    async def subscribe(self, symbol: str, *, rows: int = 5) -> None:
        self.asked.append(symbol)
        if self.refuses:
            raise UnavailableError(self.refuses)

    async def unsubscribe(self, symbol: str) -> None:
        self.given_back.append(symbol)

    async def depths(self) -> AsyncIterator[Depth]:
        while True:
            yield await self.news.get()


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(depths, "LOOK_EVERY", 0.02)
    live.client().delete(wire.DEPTH_KEY, wire.DEPTH_LINE_KEY, wire.DEPTH_WANTED_KEY)


def want(symbol: str, seconds: float = 15.0) -> None:
    live.client().zadd(wire.DEPTH_WANTED_KEY, {symbol: utc_now().timestamp() + seconds})


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110 Redis is asked, which wakes nobody
            await asyncio.sleep(0.01)


async def kept(line: Line, holds: Callable[[], bool]) -> None:
    """Keep the line's books until it holds."""
    task = asyncio.create_task(Books(line, "ib").run())
    try:
        await until(holds)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def written() -> bool:
    return bool(live.client().hexists(wire.DEPTH_KEY, "TSLA"))


async def test_a_book_is_asked_for_once_while_somebody_looks_and_then_given_back() -> None:
    line = Line()
    want("TSLA", 0.3)
    line.news.put_nowait(book())

    await kept(line, lambda: line.given_back == ["TSLA"] and not written())

    assert line.asked == ["TSLA"]


async def test_a_refused_book_says_why_and_is_left_alone_for_a_while() -> None:
    line = Line(refuses="All 3 books of the market are in use.")
    want("TSLA")
    told: list[bytes] = []

    def is_told() -> bool:
        told[:] = [row for row in [live.client().hget(wire.DEPTH_KEY, "TSLA")] if isinstance(row, bytes)]
        return bool(told)

    await kept(line, is_told)

    assert b"All 3 books of the market are in use." in told[0]
    assert line.asked == ["TSLA"]


async def test_the_books_go_with_their_line() -> None:
    line = Line()
    line.news.put_nowait(book())

    await kept(line, lambda: written() and bool(live.client().exists(wire.DEPTH_LINE_KEY)))

    assert not live.client().exists(wire.DEPTH_KEY, wire.DEPTH_LINE_KEY)


async def test_a_change_is_told_to_the_browsers() -> None:
    line = Line()
    heard = live.client().pubsub(ignore_subscribe_messages=True)
    heard.subscribe(live.CHANNEL)
    line.news.put_nowait(book())
    found: list[bytes] = []

    def is_heard() -> bool:
        message = heard.get_message()
        found.extend([message["data"]] if message else [])
        return bool(found)

    await kept(line, is_heard)
    heard.close()

    assert b'"stream":"depth"' in found[0]
    assert b'"price":"4.10","size":5,"maker":"CBOE"' in found[0]


@pytest.fixture
def page(db: None, client: Client) -> Client:
    market.clear()
    client.force_login(User.objects.create_user("viewer", password=None))
    Instrument.objects.create(symbol="TSLA", kind="EQUITY")
    market.write_clock()
    market.write_quotes([market.quote("TSLA", "249.90", "250.10")])
    return client


def test_a_market_without_books_shows_its_best_prices_and_says_that_there_is_no_more(page: Client) -> None:
    answer = page.get("/api/v1/depth/TSLA/").json()

    assert (answer["has_book"], len(answer["bids"]), answer["bids"][0]["price"]) == (False, 1, "249.90")
    assert "no book is behind them" in answer["note"]
    assert not live.client().exists(wire.DEPTH_WANTED_KEY)


def test_asking_keeps_the_book_on_the_line_and_says_that_it_is_on_its_way(page: Client) -> None:
    live.client().set(wire.DEPTH_LINE_KEY, "ib")
    before = utc_now()

    answer = page.get("/api/v1/depth/TSLA/").json()

    until = live.client().zscore(wire.DEPTH_WANTED_KEY, "TSLA")
    assert isinstance(until, float)
    assert until >= (before + LOOKED_AT_FOR).timestamp()
    assert (answer["has_book"], answer["note"]) == (True, COMING)


def test_a_book_is_shown_level_by_level_and_not_once_its_line_is_gone(page: Client) -> None:
    live.client().set(wire.DEPTH_LINE_KEY, "ib")
    live.client().hset(wire.DEPTH_KEY, "TSLA", orjson.dumps(book_row(book())))
    shown = page.get("/api/v1/depth/TSLA/").json()

    live.client().delete(wire.DEPTH_LINE_KEY)
    later = page.get("/api/v1/depth/TSLA/").json()

    assert [level["price"] for level in shown["bids"]] == ["4.10", "4.05"]
    assert (shown["note"], later["has_book"]) == ("", False)


def test_an_unknown_symbol_is_not_asked_for(page: Client) -> None:
    live.client().set(wire.DEPTH_LINE_KEY, "ib")

    assert page.get("/api/v1/depth/NOPE/").status_code == 404
    assert not live.client().exists(wire.DEPTH_WANTED_KEY)
