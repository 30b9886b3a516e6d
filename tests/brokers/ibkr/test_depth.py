"""Books of the market from the gateway, level by level."""

import asyncio
from collections.abc import AsyncIterator, Callable
from decimal import Decimal

import pytest
import pytest_asyncio

from brokers.depth import Depth, Level
from brokers.ibkr.depth import MOST_BOOKS, IbkrDepth, TooManyBooksError
from brokers.ibkr.depth_rows import DELETE, INSERT, UPDATE, Book, Row
from brokers.ibkr.errors import UnknownContractError
from tests.brokers.ibkr.desks import IbkrDesk, opened
from tests.brokers.servers.tws.wire import frame
from tests.builders.paper import CALL, LOW_PUT, PATIENCE, PUT

BIDS = (("4.10", 5, "CBOE"), ("4.05", 7, "PHLX"), ("4.00", 9, "ISE"))
ASKS = (("4.20", 3, "CBOE"),)


@pytest_asyncio.fixture(params=[176, 178])
async def desk(request: pytest.FixtureRequest) -> AsyncIterator[IbkrDesk]:
    desk = await opened(request.param)
    desk.server.show_depth(PUT, (BIDS, ASKS))
    yield desk
    await desk.close()
    assert desk.server.protocol_errors == []


@pytest.fixture
def depth(desk: IbkrDesk) -> IbkrDepth:
    return desk.session.quote_feed().depth


async def when(depth: IbkrDepth, holds: Callable[[Depth], bool]) -> Depth:
    """Return the first book of which it holds."""
    async with asyncio.timeout(PATIENCE):
        async for book in depth.depths():
            if holds(book):
                return book
    raise AssertionError


def prices(levels: tuple[Level, ...]) -> list[str]:
    return [str(level.price) for level in levels]


def number_of(desk: IbkrDesk) -> int:
    return next(iter(next(iter(desk.server.lines.values())).books))


async def test_a_book_comes_with_its_sizes_and_makers_as_deep_as_it_was_asked_for(
    desk: IbkrDesk, depth: IbkrDepth
) -> None:
    await depth.subscribe(PUT, rows=2)

    book = await when(depth, lambda book: len(book.bids) == 2 and len(book.asks) == 1)

    assert (book.symbol, book.lost) == (PUT, "")
    assert book.bids == (Level(Decimal("4.1"), 5, "CBOE"), Level(Decimal("4.05"), 7, "PHLX"))
    assert book.asks == (Level(Decimal("4.2"), 3, "CBOE"),)


async def test_a_book_follows_what_changes_and_what_goes(desk: IbkrDesk, depth: IbkrDepth) -> None:
    await depth.subscribe(PUT)
    await when(depth, lambda book: len(book.bids) == 3)

    desk.server.show_depth(PUT, (BIDS[1:], (("4.15", 1, "ISE"), *ASKS)))

    book = await when(depth, lambda book: len(book.bids) == 2 and len(book.asks) == 2)
    assert (prices(book.bids), prices(book.asks)) == (["4.05", "4.0"], ["4.15", "4.2"])


async def test_a_book_is_asked_for_once_and_given_back(desk: IbkrDesk, depth: IbkrDepth) -> None:
    await depth.subscribe(PUT)
    await depth.subscribe(PUT)
    await desk.settle()
    assert desk.server.heard[10] == 1

    await depth.unsubscribe(PUT)
    await desk.settle()

    assert next(iter(desk.server.lines.values())).books == {}


async def test_a_login_has_so_many_books_and_no_more(desk: IbkrDesk, depth: IbkrDepth) -> None:
    for symbol in (CALL, "TSLA", "AAPL"):
        desk.exchange.listing.add(symbol)
    for symbol in (PUT, LOW_PUT, CALL)[:MOST_BOOKS]:
        await depth.subscribe(symbol)

    with pytest.raises(TooManyBooksError):
        await depth.subscribe("TSLA")

    await depth.unsubscribe(CALL)
    await depth.subscribe("TSLA")


async def test_a_book_that_the_gateway_refuses_is_told_as_lost(desk: IbkrDesk, depth: IbkrDepth) -> None:
    await depth.subscribe(PUT)
    await when(depth, lambda book: len(book.bids) == 3)
    line = next(iter(desk.server.lines.values()))

    line.send(line.say.error(number_of(desk), 316, "Market depth data has been HALTED. Please re-subscribe."))

    book = await when(depth, lambda book: bool(book.lost))
    assert (book.bids, book.asks) == ((), ())
    assert "HALTED" in book.lost
    await depth.subscribe(PUT)
    await when(depth, lambda book: len(book.bids) == 3)


async def test_a_book_that_is_reset_begins_anew(desk: IbkrDesk, depth: IbkrDepth) -> None:
    await depth.subscribe(PUT)
    await when(depth, lambda book: len(book.bids) == 3)
    line = next(iter(desk.server.lines.values()))
    line.books[number_of(desk)].told = ((), ())

    line.send(line.say.error(number_of(desk), 317, "Market depth data has been RESET."))
    desk.server.show_depth(PUT, (BIDS[:1], ASKS))

    assert (await when(depth, lambda book: not book.bids)).lost == ""
    assert prices((await when(depth, lambda book: len(book.asks) == 1)).bids) == ["4.1"]


async def test_a_row_that_does_not_fit_ends_the_book_rather_than_mislead(desk: IbkrDesk, depth: IbkrDepth) -> None:
    await depth.subscribe(PUT)
    await when(depth, lambda book: len(book.bids) == 3)
    line = next(iter(desk.server.lines.values()))

    line.send(frame(13, 1, number_of(desk), 9, "CBOE", UPDATE, 1, "3.00", 1, 1))

    assert "did not fit" in (await when(depth, lambda book: bool(book.lost))).lost
    await desk.settle()
    assert line.books == {}


async def test_rows_of_a_single_exchange_are_read_as_well(desk: IbkrDesk, depth: IbkrDepth) -> None:
    await depth.subscribe(PUT)
    await when(depth, lambda book: len(book.bids) == 3)
    line = next(iter(desk.server.lines.values()))

    line.send(frame(12, 1, number_of(desk), 0, UPDATE, 0, "4.25", 6))

    book = await when(depth, lambda book: prices(book.asks) == ["4.25"])
    assert book.asks == (Level(Decimal("4.25"), 6),)


async def test_books_are_asked_for_again_when_the_gateway_has_forgotten(desk: IbkrDesk, depth: IbkrDepth) -> None:
    await depth.subscribe(PUT)
    await when(depth, lambda book: len(book.bids) == 3)
    next(iter(desk.server.lines.values())).books.clear()

    desk.server.broadcast(1101)

    await when(depth, lambda book: len(book.bids) == 1)
    assert desk.server.heard[10] == 2


async def test_an_instrument_nobody_lists_has_no_book(depth: IbkrDepth) -> None:
    with pytest.raises(UnknownContractError):
        await depth.subscribe("NIX")


def bid(position: int, operation: int, price: str | None) -> Row:
    return Row(position, "", operation, is_bid=True, price=None if price is None else Decimal(price), size=1)


@pytest.mark.parametrize(
    ("row", "fits"),
    [
        (bid(1, INSERT, "1.00"), True),
        (bid(2, INSERT, "1.00"), False),
        (bid(-1, INSERT, "1.00"), False),
        (bid(0, INSERT, None), False),
        (bid(0, DELETE, None), True),
        (bid(1, DELETE, None), False),
        (bid(0, 3, "1.00"), False),
    ],
)
def test_a_row_fits_the_levels_there_are_or_the_one_after(row: Row, fits: bool) -> None:
    book = Book(PUT, 5, bids=[Level(Decimal(2), 1)])

    assert book.take(row) is fits
