"""Quotes, Greeks and chains from the gateway."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal

import pytest
import pytest_asyncio

from allcore.kernel.quotes import Quote
from brokers.ibkr.contracts import KNOWN_FOR, Contracts
from brokers.ibkr.errors import UnknownContractError
from brokers.ibkr.quotes import IbkrQuotes, TooManyQuotesError
from tests.brokers.ibkr.desks import IbkrDesk, opened
from tests.brokers.servers.tws.wire import frame
from tests.builders.paper import LOW_PUT, PATIENCE, PUT

NUMBER = object()  # that of the subscription


@pytest_asyncio.fixture
async def desk() -> AsyncIterator[IbkrDesk]:
    desk = await opened()
    yield desk
    await desk.close()


def feed_of(desk: IbkrDesk, lines: int = 100) -> IbkrQuotes:
    return desk.session.quote_feed(lines=lines)


async def when(feed: IbkrQuotes, bid: str, ask: str) -> Quote:
    """Return the first quote with that bid and ask."""
    async with asyncio.timeout(PATIENCE):
        async for quote in feed.quotes():
            if (quote.bid, quote.ask) == (Decimal(bid), Decimal(ask)):
                return quote
    raise AssertionError


async def test_a_quote_comes_and_follows_the_market(desk: IbkrDesk) -> None:
    feed = feed_of(desk)

    await feed.subscribe([PUT, PUT])

    assert (await when(feed, "4.1", "4.2")).symbol == PUT
    await desk.show(PUT, "4.15", "4.25", size=3)
    assert (await when(feed, "4.15", "4.25")).bid_size in (3, 10)


async def test_a_side_that_is_gone_has_no_price(desk: IbkrDesk) -> None:
    feed = feed_of(desk)
    await feed.subscribe([PUT])
    await when(feed, "4.1", "4.2")

    desk.exchange.show(PUT, None, "4.20")
    await desk.settle()

    assert feed._standing[PUT].bid is None


async def test_what_is_not_wanted_any_more_is_not_told(desk: IbkrDesk) -> None:
    feed = feed_of(desk)
    await feed.subscribe([PUT])
    await when(feed, "4.1", "4.2")

    await feed.unsubscribe([PUT])
    await desk.settle()

    assert next(iter(desk.server.lines.values())).quotes == {}


async def test_the_models_values_are_kept(desk: IbkrDesk) -> None:
    desk.server.greeks[PUT] = (0.5, -0.4, 4.15, 0.02, 0.1, -0.05, 250.0)
    feed = feed_of(desk)

    await feed.subscribe([PUT])
    await desk.settle()

    assert (feed.greeks[PUT].iv, feed.greeks[PUT].delta, feed.greeks[PUT].theta) == (0.5, -0.4, -0.05)


async def test_a_login_has_so_many_lines_and_no_more(desk: IbkrDesk) -> None:
    feed = feed_of(desk, lines=1)

    with pytest.raises(TooManyQuotesError):
        await feed.subscribe([PUT, LOW_PUT])


async def test_an_instrument_nobody_lists_is_unknown(desk: IbkrDesk) -> None:
    with pytest.raises(UnknownContractError):
        await feed_of(desk).subscribe(["NIX"])


async def test_a_chain_names_classes_expiries_and_strikes(desk: IbkrDesk) -> None:
    classes = await feed_of(desk).classes("TSLA")

    smart = next(c for c in classes if c.exchange == "SMART")
    assert (smart.name, smart.multiplier, smart.expiries) == ("TSLA", 100, (date(2026, 6, 12),))
    assert smart.strikes == (Decimal(240), Decimal(250))


async def test_quotes_are_asked_for_again_when_the_gateway_has_forgotten(desk: IbkrDesk) -> None:
    feed = feed_of(desk)
    await feed.subscribe([PUT])
    await when(feed, "4.1", "4.2")
    asked = desk.server.heard[1]

    desk.server.broadcast(1101)

    assert (await when(feed, "4.1", "4.2")).symbol == PUT
    assert desk.server.heard[1] == asked + 1


async def test_an_instrument_is_asked_for_once_until_it_is_forgotten(desk: IbkrDesk) -> None:
    contracts = desk.session._contracts
    await contracts.of(PUT)
    asked = desk.server.heard[9]

    await contracts.of(PUT)
    assert desk.server.heard[9] == asked
    desk.server.clock.ahead += KNOWN_FOR
    await contracts.of(PUT)

    assert desk.server.heard[9] == asked + 1


async def test_only_the_instruments_used_last_are_remembered(desk: IbkrDesk) -> None:
    session = desk.session
    assert session._gateway is not None
    gateway = session._gateway
    contracts = Contracts(session._library, lambda wanted: session._details(gateway, wanted), desk.now, most=1)

    await contracts.of(PUT)
    await contracts.of(LOW_PUT)

    assert list(contracts._known) == [LOW_PUT]


async def quoted(desk: IbkrDesk) -> IbkrQuotes:
    """Return a feed on which a quote stands."""
    feed = feed_of(desk)
    await feed.subscribe([PUT])
    await when(feed, "4.1", "4.2")
    return feed


def say(desk: IbkrDesk, *fields: object) -> None:
    line = next(iter(desk.server.lines.values()))
    line.send(frame(*(next(iter(line.quotes)) if field is NUMBER else field for field in fields)))


@pytest.mark.parametrize("code", [10197, 354, 10089, 10090, 10186, 200])
async def test_a_quote_is_withdrawn_when_the_gateway_says_that_it_will_not_go_on(desk: IbkrDesk, code: int) -> None:
    feed = await quoted(desk)

    say(desk, 4, 2, NUMBER, code, "No market data during competing live session", "")
    await desk.settle()

    assert (feed._standing[PUT].bid, feed._standing[PUT].ask) == (None, None)
    desk.exchange.show(PUT, "4.15", "4.25")
    assert (await when(feed, "4.15", "4.25")).symbol == PUT


@pytest.mark.parametrize("kind", [2, 3, 4])
async def test_quotes_that_are_frozen_or_delayed_are_no_quotes(desk: IbkrDesk, kind: int) -> None:
    feed = await quoted(desk)

    say(desk, 58, 1, NUMBER, kind)
    desk.exchange.show(PUT, "4.15", "4.25")
    await desk.settle()

    assert (feed._standing[PUT].bid, feed._standing[PUT].ask) == (None, None)
    say(desk, 58, 1, NUMBER, 1)
    desk.exchange.show(PUT, "4.20", "4.30")
    assert (await when(feed, "4.2", "4.3")).symbol == PUT


@pytest.mark.parametrize("kind", [66, 67, 68, 69, 70, 74])
async def test_a_delayed_tick_moves_no_quote(desk: IbkrDesk, kind: int) -> None:
    feed = await quoted(desk)
    before = feed._standing[PUT]

    say(desk, 1, 6, NUMBER, kind, "9.99", 7, 0)
    await desk.settle()

    assert feed._standing[PUT] == before


async def test_a_size_that_is_not_set_is_none(desk: IbkrDesk) -> None:
    feed = await quoted(desk)

    say(desk, 2, 6, NUMBER, 0, "170141183460469231731687303715884105727")
    await desk.settle()

    assert feed._standing[PUT].bid_size == 0
