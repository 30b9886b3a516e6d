"""Waiting for a line to the broker is our own queue: nothing times out before it leaves, and looks go last."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import httpx
import pytest

from brokers.etrade import session as etrade
from brokers.rest.places import PLACES, Places, Rank, lines_to
from brokers.rest.too_many import said_429
from brokers.rest.wire import TURN_SECONDS, Manners, Turn, Wire, WireDownError
from tests.brokers.rest.test_wire import BUCKET, Free
from trading.gateway import outbox

pytestmark = pytest.mark.asyncio


class Slow(httpx.AsyncBaseTransport):
    """A broker that answers nobody before it is let, and notes who is with it."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.may_answer = asyncio.Semaphore(0)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.heard.append(f"{request.method} {request.url.path}")
        await self.may_answer.acquire()
        return httpx.Response(200, json={})


async def nothing(_: object = None) -> None:
    """Sign or renew nothing."""


def wire_to(broker: Slow) -> Wire:
    http = httpx.AsyncClient(transport=broker, base_url="https://broker.test")
    return Wire(http, Free(), Manners(nothing, nothing, lambda _: ("", ""), said_429))


async def settle() -> None:
    for _ in range(50):
        await asyncio.sleep(0)


async def test_no_more_requests_are_on_their_way_than_there_are_places() -> None:
    broker = Slow()
    wire = wire_to(broker)
    told = [asyncio.create_task(wire.tell("POST", f"/{n}", Turn(BUCKET))) for n in range(PLACES + 3)]

    await settle()
    first = list(broker.heard)
    for _ in told:
        broker.may_answer.release()
    await asyncio.gather(*told)

    assert first == [f"POST /{n}" for n in range(PLACES)]
    assert broker.heard == [f"POST /{n}" for n in range(PLACES + 3)]


async def test_looks_have_a_line_of_their_own_and_take_none_from_orders() -> None:
    broker = Slow()
    wire = wire_to(broker)
    told = [asyncio.create_task(wire.tell("POST", f"/{n}", Turn(BUCKET))) for n in range(PLACES * 2)]
    await settle()
    looks = [asyncio.create_task(wire.ask(f"/look/{n}", bucket=BUCKET)) for n in range(3)]
    await settle()

    assert broker.heard[PLACES:] == ["GET /look/0"]
    for _ in range(PLACES + 1):  # each line comes free once
        broker.may_answer.release()
    await settle()
    assert broker.heard[PLACES + 1 :] == [*(f"POST /{n}" for n in range(PLACES, PLACES * 2)), "GET /look/1"]

    for _ in [*told, *looks]:
        broker.may_answer.release()
    await asyncio.gather(*told, *looks)
    assert broker.heard[-1] == "GET /look/2"


async def test_a_look_that_gives_up_gives_its_line_to_the_next() -> None:
    places = Places(0)

    async def look() -> None:
        async with places.one(Rank.QUESTION, within=5):
            pass

    async with places.one(Rank.QUESTION, within=5):
        leaver, heir = asyncio.create_task(look()), asyncio.create_task(look())
        await settle()
    leaver.cancel()

    await asyncio.wait_for(heir, 5)
    await asyncio.wait_for(look(), 5)


async def test_cancels_go_first_then_orders_then_previews_then_looks() -> None:
    broker = Slow()
    wire = wire_to(broker)
    tasks = [asyncio.create_task(wire.ask(f"/{n}", bucket=BUCKET)) for n in range(PLACES + 1)]
    await settle()
    tasks.append(asyncio.create_task(wire.ask("/look", bucket=BUCKET)))
    tasks += [
        asyncio.create_task(wire.tell("POST", f"/{rank.name}", Turn(BUCKET, rank=rank)))
        for rank in (Rank.PREVIEW, Rank.ORDER, Rank.CANCEL)
    ]
    await settle()

    for _ in tasks:
        broker.may_answer.release()
        await settle()
    await asyncio.gather(*tasks)

    assert broker.heard[PLACES + 1 :] == ["POST /CANCEL", "POST /ORDER", "POST /PREVIEW", "GET /look"]


async def test_an_instruction_that_finds_no_line_was_not_sent() -> None:
    broker = Slow()
    wire = wire_to(broker)
    looks = [asyncio.create_task(wire.ask(f"/{n}", bucket=BUCKET)) for n in range(PLACES)]
    await settle()
    assert len(broker.heard) == PLACES

    with pytest.raises(WireDownError, match="nothing was sent"):
        await wire.tell("POST", "/order", Turn(BUCKET, within=0.001))

    for look in looks:
        look.cancel()
    await asyncio.gather(*looks, return_exceptions=True)
    assert "POST /order" not in broker.heard


class Hurried(Places):
    """Places that note for how long each would have waited."""

    def __init__(self) -> None:
        super().__init__()
        self.within: list[float] = []

    @contextlib.asynccontextmanager
    async def one(self, rank: Rank, *, within: float) -> AsyncIterator[None]:
        self.within.append(within)
        async with super().one(rank, within=within):
            yield


async def test_leave_and_line_are_waited_for_no_longer_together_than_a_sender_waits() -> None:
    broker, places = Slow(), Hurried()
    wire = wire_to(broker)
    vars(wire)["_places"] = places
    broker.may_answer.release()

    await wire.tell("POST", "/order", Turn(BUCKET))

    assert 0 < places.within[0] <= TURN_SECONDS < outbox.SEND_TIMEOUT


async def test_a_place_given_to_one_who_left_goes_to_the_next() -> None:
    places = Places(1)

    async def hold() -> None:
        async with places.one(Rank.ORDER, within=5):
            pass

    async with places.one(Rank.ORDER, within=5):
        leaver, heir = asyncio.create_task(hold()), asyncio.create_task(hold())
        await settle()
    leaver.cancel()

    await asyncio.wait_for(heir, 5)
    await asyncio.wait_for(hold(), 5)
    assert leaver.cancelled()


async def test_the_pool_itself_makes_nobody_wait() -> None:
    """A pool's own time-out is under the wire's clock, and once failed orders that had never left."""
    arrived, may_answer = asyncio.Semaphore(0), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        arrived.release()
        await may_answer.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, lines_to(f"http://127.0.0.1:{port}", answer_seconds=etrade.ANSWER_SECONDS) as http:
        asked = [asyncio.create_task(http.get("/")) for _ in range(PLACES * 2)]
        for _ in asked:
            await asyncio.wait_for(arrived.acquire(), 5)
        may_answer.set()
        answers = await asyncio.gather(*asked)

    assert [answer.status_code for answer in answers] == [200] * (PLACES * 2)
