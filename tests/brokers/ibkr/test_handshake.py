"""How a gateway lets the desk in, or does not: each is said at once, and in words that a person can act on."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from allcore.kernel.clock import utc_now
from brokers.ibkr.errors import GatewayDownError, GatewayRefusedError
from brokers.ibkr.gateway import Gateway
from brokers.ibkr.library import load
from brokers.ibkr.news import News
from brokers.ibkr.settings import IbkrSettings
from tests.brokers.servers.pacer import LocalPacer
from tests.brokers.servers.port import Port
from tests.brokers.servers.tws.wire import frame

HELLO_BYTES = len(b"API\0")
AT = "20261123 09:30:00 UTC"
NEWEST = load().client.MaxClientVersion  # 178 of ib_async, 176 of ib_insync
MANY = 2_000_000_000  # where the numbers of our questions begin


@asynccontextmanager
async def gateway_that_says(
    *frames: bytes, version: object = NEWEST, pause: float = 0.0, closes: bool = False
) -> AsyncIterator[Gateway]:
    """Yield a line, not yet connected, to a gateway that answers the greeting with its version, then the frames."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(HELLO_BYTES)
        await reader.readexactly(int.from_bytes(await reader.readexactly(4), "big"))
        writer.write(frame(version, AT))
        for one in frames:
            await asyncio.sleep(pause)
            writer.write(one)
        await writer.drain()
        if not closes:
            await reader.read()

    port = Port(talk)
    settings = IbkrSettings(port=await port.open(), simulated=True, connect_seconds=1.0, answer_seconds=0.5)
    heard: list[News] = []
    gateway = Gateway(load(), settings, LocalPacer(), tell=heard.append, clock=utc_now)
    yield gateway
    gateway.close()
    await port.close()


ACCOUNTS, NUMBER = frame(15, 1, "DU1,"), frame(9, 1, 5)


@pytest.mark.parametrize("told", ["DU1,DU2,", "DU1,DU2", "DU1, DU2 ,"])
async def test_accounts_are_read_with_or_without_a_comma_at_the_end(told: str) -> None:
    async with gateway_that_says(frame(15, 1, told), NUMBER) as gateway:
        assert await gateway.connect() == ("DU1", "DU2")


@pytest.mark.parametrize("version", [157, 176, NEWEST])
async def test_every_version_offered_is_understood(version: int) -> None:
    async with gateway_that_says(ACCOUNTS, NUMBER, version=version) as gateway:
        assert await gateway.connect() == ("DU1",)


async def test_a_version_newer_than_was_offered_is_refused_rather_than_misread() -> None:
    async with gateway_that_says(ACCOUNTS, NUMBER, version=187) as gateway:
        with pytest.raises(GatewayRefusedError, match=r"speaks version 187, and was offered 157 to"):
            await gateway.connect()

        assert not gateway.is_up


async def test_a_version_too_old_is_said_at_once() -> None:
    async with gateway_that_says(version=156) as gateway, asyncio.timeout(0.9):
        with pytest.raises(GatewayDownError, match="version must be"):
            await gateway.connect()


async def test_a_line_closed_before_the_accounts_is_said_at_once() -> None:
    async with gateway_that_says(closes=True) as gateway, asyncio.timeout(0.9):
        with pytest.raises(GatewayDownError, match="did not let us in"):
            await gateway.connect()


async def test_a_gateway_that_says_no_accounts_is_told_from_one_that_is_not_there() -> None:
    async with gateway_that_says(NUMBER) as gateway:
        with pytest.raises(GatewayDownError, match="did not say accounts and numbers"):
            await gateway.connect()


@pytest.mark.parametrize("order", [lambda a, n: (a, n), lambda a, n: (n, a)])
async def test_the_next_number_may_come_late_and_before_or_after_the_accounts(
    order: Callable[[bytes, bytes], tuple[bytes, bytes]],
) -> None:
    async with gateway_that_says(*order(ACCOUNTS, NUMBER), pause=0.1) as gateway:
        await gateway.connect()

        assert gateway.ears.next_order_id == 5


@pytest.mark.parametrize(("number", "is_refused"), [(MANY - 1, False), (MANY, True), (MANY + 1, True)])
async def test_order_numbers_are_never_those_of_questions(number: int, is_refused: bool) -> None:
    async with gateway_that_says(ACCOUNTS, frame(9, 1, number)) as gateway:
        if is_refused:
            with pytest.raises(GatewayRefusedError, match="reset its sequence in TWS"):
                await gateway.connect()
        else:
            await gateway.connect()


async def test_a_read_only_gateway_is_named_to_who_asks_for_orders() -> None:
    async with gateway_that_says(ACCOUNTS, NUMBER) as gateway:
        await gateway.connect()
        asking = asyncio.create_task(gateway.named("openOrders", gateway.client.reqAllOpenOrders))
        await asyncio.sleep(0)
        await asyncio.sleep(0)

        gateway.ears.error(-1, 321, "Error validating request: the API interface is currently in Read-Only mode.")

        with pytest.raises(GatewayRefusedError, match="Switch the gateway's Read-Only API off"):
            await asking


async def test_a_message_in_pieces_is_one_message() -> None:
    whole = ACCOUNTS + NUMBER
    async with gateway_that_says(*(whole[n : n + 1] for n in range(len(whole))), pause=0.001) as gateway:
        assert await gateway.connect() == ("DU1",)
