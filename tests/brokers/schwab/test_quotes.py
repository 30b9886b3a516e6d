"""Quotes from the stream, of which each message tells only what changed."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal

import pytest
import pytest_asyncio

from allcore.kernel.quotes import Quote
from brokers.errors import SessionDownError
from brokers.schwab.quotes import SchwabQuotes
from brokers.schwab.session import SchwabSession, open_session
from tests.brokers.schwab.desks import SchwabDesk, opened
from tests.builders.paper import LOW_PUT, PATIENCE, PUT


@pytest_asyncio.fixture
async def desk() -> AsyncIterator[SchwabDesk]:
    desk = await opened()
    yield desk
    await desk.close()


def feed_of(desk: SchwabDesk) -> SchwabQuotes:
    assert isinstance(desk.session, SchwabSession)
    return desk.session.quote_feed()


async def when(feed: SchwabQuotes, bid: str | None, ask: str | None) -> Quote:
    """Return the first quote with that bid and ask."""
    wanted = tuple(None if px is None else Decimal(px) for px in (bid, ask))
    async with asyncio.timeout(PATIENCE):
        async for quote in feed.quotes():
            if (quote.bid, quote.ask) == wanted:
                return quote
    raise AssertionError


async def test_a_quote_comes_and_what_changes_is_laid_over_it(desk: SchwabDesk) -> None:
    feed = feed_of(desk)

    await feed.subscribe([PUT, PUT])

    first = await when(feed, "4.1", "4.2")
    assert (first.symbol, first.bid_size, first.ask_size, first.source) == (PUT, 10, 10, "schwab")
    await desk.show(PUT, "4.15", "4.20")  # of which the stream says the bid alone
    assert (await when(feed, "4.15", "4.2")).ask_size == 10


async def test_shares_have_numbers_of_their_own(desk: SchwabDesk) -> None:
    desk.exchange.show("TSLA", "250.00", "250.10", size=300)
    feed = feed_of(desk)

    await feed.subscribe(["TSLA"])

    assert (await when(feed, "250", "250.1")).bid_size == 300


async def test_a_side_that_is_gone_has_no_price(desk: SchwabDesk) -> None:
    feed = feed_of(desk)
    await feed.subscribe([PUT])
    await when(feed, "4.1", "4.2")

    desk.exchange.show(PUT, None, "4.20")

    assert (await when(feed, None, "4.2")).quality == "ONE_SIDED"


async def test_what_is_not_wanted_any_more_is_not_asked_for(desk: SchwabDesk) -> None:
    feed = feed_of(desk)
    await feed.subscribe([PUT, LOW_PUT])
    await when(feed, "4.1", "4.2")

    await feed.unsubscribe([PUT])

    async with asyncio.timeout(PATIENCE):
        await desk.server.streamer.asked_for({LOW_PUT})


async def test_quotes_come_again_after_a_cut(desk: SchwabDesk) -> None:
    feed = feed_of(desk)
    await feed.subscribe([PUT])
    await when(feed, "4.1", "4.2")

    await desk.server.streamer.drop()
    await desk.show(PUT, "4.05", "4.25")

    await when(feed, "4.05", "4.25")


async def test_a_line_that_lives_vouches_for_a_quote_that_stands_still(desk: SchwabDesk) -> None:
    feed = feed_of(desk)
    await feed.subscribe([PUT])
    first = await when(feed, "4.1", "4.2")
    desk.server.clock.forward(seconds=10)

    await desk.server.streamer.beat()

    again = await when(feed, "4.1", "4.2")
    assert again.source_at == first.source_at
    assert again.received_at - first.received_at >= timedelta(seconds=10)


async def test_orders_are_still_heard_of_beside_quotes(desk: SchwabDesk) -> None:
    await feed_of(desk).subscribe([PUT])

    assert desk.session.capabilities.quotes
    await desk.server.streamer.had(1)
    assert (await desk.session.mass_status(desk.now() - timedelta(days=1))).orders == ()


async def test_without_a_stream_there_are_no_quotes(desk: SchwabDesk) -> None:
    session = open_session(desk.plumbing())
    assert isinstance(session, SchwabSession)

    with pytest.raises(SessionDownError):
        session.quote_feed()
    await session.close()
