"""HTTP to a broker: what is asked is asked again, what is told is told once."""

from collections.abc import Callable
from decimal import Decimal

import httpx
import pytest

from brokers.ports import Bucket, Lane
from brokers.rest.too_many import said_429
from brokers.rest.wire import (
    BrokerRefusedError,
    BusyError,
    Manners,
    NoAnswerError,
    SignInEndedError,
    Turn,
    Wire,
    WireDownError,
    dumps,
)

pytestmark = pytest.mark.asyncio
BUCKET = Bucket("orders", 100.0, 100)
Script = list[httpx.Response | Exception]


class Free:
    """A pacer that lets everything through and notes it."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, Lane]] = []
        self.pushed: list[float | None] = []

    async def take(self, bucket: Bucket, *, lane: Lane, weight: int = 1) -> None:
        self.taken.append((bucket.name, lane))

    async def pushed_back(self, bucket: Bucket, *, retry_after: float | None) -> None:
        self.pushed.append(retry_after)


class Line:
    """A broker that answers as it is told, and a wire to it."""

    def __init__(self, script: Script, *, renews: Callable[[], None] | None = None) -> None:
        self.script = script
        self.heard: list[httpx.Request] = []
        self.pacer = Free()
        self.leave = 1

        async def sign(request: httpx.Request) -> None:
            request.headers["Authorization"] = f"leave-{self.leave}"

        async def renew(_: httpx.Request) -> None:
            if renews is not None:
                renews()
            self.leave += 1

        manners = Manners(sign, renew, lambda r: ("E1", str(r.json().get("message", ""))), said_429)
        client = httpx.AsyncClient(transport=httpx.MockTransport(self._answer), base_url="https://broker.test")
        self.wire = Wire(client, self.pacer, manners)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.heard.append(request)
        step = self.script.pop(0)
        if isinstance(step, Exception):
            raise step
        return step

    async def tell(self) -> object:
        return (await self.wire.tell("POST", "/orders", Turn(BUCKET), body={"price": Decimal("4.05")})).body

    async def ask(self) -> object:
        return (await self.wire.ask("/orders", bucket=BUCKET)).body


def ok(body: object = None) -> httpx.Response:
    return httpx.Response(200, json={"n": 1} if body is None else body)


async def test_numbers_come_exactly() -> None:
    line = Line([httpx.Response(200, content=b'{"px": 4.10, "n": 3}', headers={"Content-Type": "application/json"})])

    body = await line.ask()

    assert body == {"px": Decimal("4.10"), "n": 3}


async def test_numbers_go_as_they_are_written() -> None:
    assert dumps({"price": Decimal("4.05"), "legs": [Decimal("0.1")]}) == b'{"price":4.05,"legs":[0.1]}'


@pytest.mark.parametrize(
    "fault",
    [httpx.ReadTimeout("t"), httpx.ConnectError("c"), httpx.Response(503), httpx.Response(500, text="<html>")],
)
async def test_a_question_is_asked_again(fault: httpx.Response | Exception) -> None:
    line = Line([fault, ok()])

    assert await line.ask() == {"n": 1}


async def test_an_address_that_moved_answers_no_question() -> None:
    with pytest.raises(WireDownError):
        await Line([httpx.Response(302, headers={"Location": "/elsewhere"})] * 3).ask()


async def test_a_question_is_given_up_after_three_tries() -> None:
    line = Line([httpx.ReadTimeout("t")] * 5)

    with pytest.raises(WireDownError):
        await line.ask()

    assert len(line.heard) == 3


@pytest.mark.parametrize(
    "fault",
    [
        httpx.ReadTimeout("t"),
        httpx.ReadError("r"),
        httpx.WriteError("w"),
        httpx.RemoteProtocolError("p"),
        httpx.Response(500),
        httpx.Response(503, json={"message": "busy"}),
        httpx.Response(400, text="<html>", headers={"Content-Type": "text/html"}),
        httpx.Response(302, headers={"Location": "/orders/7"}),
        httpx.Response(307, json={}),
        httpx.Response(408, json={"message": "timed out"}),
        httpx.Response(409),
        httpx.Response(200, content=b'{"half', headers={"Content-Type": "application/json"}),
    ],
)
async def test_an_instruction_whose_fate_is_open_is_in_doubt_and_never_sent_again(
    fault: httpx.Response | Exception,
) -> None:
    line = Line([fault, ok()])

    with pytest.raises(NoAnswerError):
        await line.tell()

    assert len(line.heard) == 1


@pytest.mark.parametrize("fault", [httpx.ConnectError("c"), httpx.ConnectTimeout("t"), httpx.PoolTimeout("p")])
async def test_an_instruction_that_never_left_says_so(fault: Exception) -> None:
    with pytest.raises(WireDownError, match="nothing was sent"):
        await Line([fault]).tell()


async def test_a_no_comes_with_the_brokers_words() -> None:
    line = Line([httpx.Response(400, json={"message": "Price is off tick"})])

    with pytest.raises(BrokerRefusedError, match="Price is off tick") as caught:
        await line.tell()

    assert caught.value.context["reason"] == "E1"


async def test_an_instruction_turned_away_unsigned_goes_again_with_fresh_leave() -> None:
    line = Line([httpx.Response(401), ok()])

    assert await line.tell() == {"n": 1}
    assert [r.headers["Authorization"] for r in line.heard] == ["leave-1", "leave-2"]


async def test_leave_that_cannot_be_renewed_ends_it() -> None:
    def ended() -> None:
        raise SignInEndedError("Authorise again.")

    with pytest.raises(SignInEndedError):
        await Line([httpx.Response(401)], renews=ended).tell()


async def test_too_many_calls_waits_as_told_and_goes_again() -> None:
    line = Line([httpx.Response(429, headers={"Retry-After": "2"}), ok()])

    assert await line.tell() == {"n": 1}
    assert line.pacer.pushed == [2.0]
    assert line.pacer.taken == [("orders", Lane.ORDERS)] * 2


async def test_too_many_calls_again_and_again_is_a_no() -> None:
    line = Line([httpx.Response(429)] * 5)

    with pytest.raises(BusyError):
        await line.tell()

    assert len(line.heard) == 3


async def test_questions_take_the_lane_of_data() -> None:
    line = Line([ok()])

    await line.ask()

    assert line.pacer.taken == [("orders", Lane.DATA)]


async def test_a_question_that_gets_no_leave_may_be_asked_later() -> None:
    line = Line([])

    async def never(bucket: Bucket, *, lane: Lane, weight: int = 1) -> None:
        raise TimeoutError

    line.pacer.take = never  # type: ignore[method-assign]

    with pytest.raises(WireDownError, match="leaves no room"):
        await line.ask()
    with pytest.raises(BusyError):
        await line.tell()


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "2.5"}, 2.5),
        ({"Retry-After": "Wed, 10 Jun 2026 14:00:30 GMT", "Date": "Wed, 10 Jun 2026 14:00:00 GMT"}, 30.0),
        ({"Retry-After": "Wed, 10 Jun 2026 14:00:00 GMT", "Date": "Wed, 10 Jun 2026 14:00:30 GMT"}, 1.0),
        ({"Retry-After": "Wed, 10 Jun 2026 14:00:30 GMT"}, 1.0),
        ({"Retry-After": "soon", "Date": "Wed, 10 Jun 2026 14:00:00 GMT"}, 1.0),
        ({}, 1.0),
    ],
)
async def test_a_broker_says_how_long_to_wait_in_seconds_or_by_its_clock(
    headers: dict[str, str], seconds: float
) -> None:
    assert said_429(httpx.Response(429, headers=headers)) == seconds
