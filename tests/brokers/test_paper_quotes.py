"""The paper broker sees what the feed publishes, and goes on when Redis comes back."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio
from django.conf import settings

from allcore import live
from allcore.kernel.clock import utc_now
from allcore.kernel.errors import UnavailableError
from brokers.services import paper_quotes
from brokers.services.paper_quotes import RedisQuotes
from tests.builders import market
from tests.builders.paper import CALL, PATIENCE, PUT

NOWHERE = "redis://127.0.0.1:1/0"


@pytest_asyncio.fixture
async def quotes() -> AsyncIterator[RedisQuotes]:
    market.clear()
    quotes = RedisQuotes(settings.REDIS_URL)
    yield quotes
    await quotes.close()
    market.clear()


async def test_latest_quotes_are_those_the_feed_wrote(quotes: RedisQuotes) -> None:
    put, share = market.quote(PUT, "4.10", None, size=7), market.quote("TSLA", "250.00", "250.02", last="250.01")
    market.write_quotes([put, share])

    found = await quotes.latest([PUT, "TSLA", CALL])

    assert found == {PUT: put, "TSLA": share}


async def test_of_nothing_nothing_is_looked_up() -> None:
    assert await RedisQuotes(NOWHERE).latest([]) == {}


async def test_the_exchanges_clock_is_the_feeds(quotes: RedisQuotes) -> None:
    clock = market.write_clock(market.START, speed=60.0, stops_at=market.START + timedelta(hours=1))

    assert await quotes.clock() == clock


async def test_without_a_feed_there_is_no_clock(quotes: RedisQuotes) -> None:
    with pytest.raises(UnavailableError):
        await quotes.clock()


async def test_redis_away_is_said_and_not_taken_for_an_empty_market() -> None:
    away = RedisQuotes(NOWHERE)

    with pytest.raises(UnavailableError):
        await away.latest([PUT])
    with pytest.raises(UnavailableError):
        await away.clock()
    await away.close()


async def test_changes_of_watched_symbols_are_heard(quotes: RedisQuotes) -> None:
    batches = quotes.batches(lambda: {PUT})
    async with asyncio.timeout(PATIENCE):
        first = await anext(batches)
        shown = market.quote(PUT, "4.10", "4.20", received_at=utc_now())
        market.write_quotes([market.quote("TSLA", "250.00", "250.02"), shown], publish=True)
        heard = await anext(batches)

    assert first is None
    assert heard == {PUT: shown}
    await batches.aclose()  # type: ignore[attr-defined]


async def test_a_broken_line_is_mended_and_said_to_have_missed_something(quotes: RedisQuotes) -> None:
    batches = quotes.batches(lambda: {PUT})
    async with asyncio.timeout(PATIENCE):
        await anext(batches)
        live.client().client_kill_filter(_type="pubsub")
        mended = await anext(batches)
        market.write_quotes([market.quote(PUT, "4.10", "4.20")], publish=True)
        heard = await anext(batches)

    assert mended is None
    assert heard is not None
    assert set(heard) == {PUT}
    await batches.aclose()  # type: ignore[attr-defined]


async def test_a_silent_line_is_tested_and_its_answer_is_no_quote(
    quotes: RedisQuotes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paper_quotes, "SILENCE", 0.05)
    batches = quotes.batches(lambda: {PUT})
    async with asyncio.timeout(PATIENCE):
        await anext(batches)
        hearing = asyncio.ensure_future(anext(batches))
        with pytest.raises(TimeoutError):  # six silences long, nothing is heard and nothing breaks
            await asyncio.wait_for(asyncio.shield(hearing), 0.3)
        market.write_quotes([market.quote(PUT, "4.10", "4.20")], publish=True)
        heard = await hearing

    assert heard is not None
    assert set(heard) == {PUT}
    await batches.aclose()  # type: ignore[attr-defined]
