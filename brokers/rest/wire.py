"""HTTP to one broker: paced, timed, exact numbers, and errors that say whether anything may have happened.

A question (`ask`) may be asked again. An instruction (`tell`) is sent once: only a plain refusal to look at it (401,
"too many calls") lets it be sent again, and whatever leaves its fate open is an UnknownOutcomeError.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import httpx
import structlog

from allcore.kernel.errors import RefusedError, UnavailableError, UnknownOutcomeError
from brokers.ports import Bucket, Lane, Pacer
from brokers.rest.places import Places, Rank

TRIES = 3
# To wait for leave and then for a line, together: below the five within which a sending must have its answer, so that
# what has not left by then is known not to have left.
TURN_SECONDS = 3.0
# A request that took too long, or that meets another of its kind, may have been carried out all the same.
OPEN_ENDED = frozenset({httpx.codes.REQUEST_TIMEOUT, httpx.codes.CONFLICT})
LOOK_SECONDS = 30.0  # for a question to wait for a line: it may be late
log = structlog.get_logger(__name__)


class WireDownError(UnavailableError):
    """The broker cannot be reached, or answers nothing that can be read. Nothing was done."""

    code = "BROKER_UNREACHABLE"


class BrokerRefusedError(RefusedError):
    """The broker said no, in its own words."""

    code = "BROKER_REFUSED"


class SignInEndedError(UnavailableError):
    """The leave that was given is at its end: a person has to authorise the desk again."""

    code = "SIGN_IN_ENDED"


class BusyError(BrokerRefusedError):
    """The broker's limit on calls is used up for now."""

    code = "RATE_LIMITED"


class NoAnswerError(UnknownOutcomeError):
    """The instruction left, and no answer came that can be read: it may have been carried out."""

    code = "NO_ANSWER"


def is_json(response: httpx.Response) -> bool:
    """Return whether it is JSON, or nothing at all."""
    return "json" in response.headers.get("Content-Type", "json" if not response.content else "")


@dataclass(frozen=True, slots=True)
class Answer:
    """A success. `body` is the JSON with every number a Decimal or an int; None without content."""

    status: int
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True, slots=True)
class Manners:
    """How a broker says things.

    `sign` adds what proves who we are; `renew` gets fresh leave for a request after its 401, or raises
    SignInEndedError; `too_many` reads how long to wait out of a refusal for too many calls (None: it is not one);
    `refusal` reads code and text of an answer that `is_said` to be the broker's own, and not somebody's on the way.
    """

    sign: Callable[[httpx.Request], Awaitable[None]]
    renew: Callable[[httpx.Request], Awaitable[None]]
    refusal: Callable[[httpx.Response], tuple[str, str]]
    too_many: Callable[[httpx.Response], float | None]
    is_said: Callable[[httpx.Response], bool] = is_json


@dataclass(frozen=True, slots=True)
class Turn:
    """Whose turn is waited for, of the broker's limit on calls and then of a line, and for how many seconds."""

    bucket: Bucket
    lane: Lane = Lane.ORDERS
    rank: Rank = Rank.ORDER
    within: float = TURN_SECONDS


class _Signed(httpx.Auth):
    """Signs each request as it leaves, also one that is sent again."""

    def __init__(self, sign: Callable[[httpx.Request], Awaitable[None]]) -> None:
        self._sign = sign

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        await self._sign(request)
        yield request


class Wire:
    """One broker's HTTP."""

    def __init__(self, client: httpx.AsyncClient, pacer: Pacer, manners: Manners) -> None:
        self._client = client
        self._pacer = pacer
        self._manners = manners
        self._places = Places()

    async def ask(
        self, path: str, *, bucket: Bucket, params: Mapping[str, str] | None = None, lane: Lane = Lane.DATA
    ) -> Answer:
        """Ask a question, again if need be.

        Raises:
            WireDownError: no readable answer came.
            BrokerRefusedError: the broker says no.
            SignInEndedError: a person has to authorise the desk again.
        """
        for attempt in range(1, TRIES + 1):
            try:
                response = await self._send("GET", path, Turn(bucket, lane, Rank.QUESTION), params=params)
            except BusyError as e:  # of a question it is no refusal: it may be asked later
                raise WireDownError(e.message) from e
            except httpx.HTTPError as e:
                if attempt == TRIES:
                    raise WireDownError(f"The broker cannot be reached ({type(e).__name__}); nothing was done.") from e
                continue
            if await self._may_go_again(response, bucket):
                continue
            if response.is_success:
                return _read(response, WireDownError("The broker's answer cannot be read; nothing was done."))
            if not response.is_client_error or not self._manners.is_said(response):
                continue
            raise self._refused(response)
        raise WireDownError("The broker gives no readable answer; nothing was done.")

    async def tell(self, method: str, path: str, turn: Turn, *, body: object = None) -> Answer:
        """Give an instruction, once.

        Raises:
            WireDownError: it never left.
            BrokerRefusedError: the broker says no.
            SignInEndedError: a person has to authorise the desk again.
            NoAnswerError: it may have been carried out.
        """
        for _ in range(TRIES):
            try:
                response = await self._send(method, path, turn, content=dumps(body))
            except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as e:
                raise WireDownError(f"The broker cannot be reached ({type(e).__name__}); nothing was sent.") from e
            except httpx.HTTPError as e:
                raise NoAnswerError(f"No answer came ({type(e).__name__}); it may have been carried out.") from e
            if await self._may_go_again(response, turn.bucket):
                continue
            if response.is_success:
                return _read(response, NoAnswerError("The answer cannot be read; it may have been carried out."))
            is_no = response.is_client_error and response.status_code not in OPEN_ENDED
            if not is_no or not self._manners.is_said(response):
                raise NoAnswerError(f"The broker answered {response.status_code}; it may have been carried out.")
            raise self._refused(response)
        raise BusyError("The broker takes no more calls just now; nothing was done.")

    async def _send(
        self,
        method: str,
        path: str,
        turn: Turn,
        *,
        params: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> httpx.Response:
        clock = asyncio.get_running_loop().time
        until = clock() + turn.within
        try:
            async with asyncio.timeout_at(until):
                await self._pacer.take(turn.bucket, lane=turn.lane)
        except TimeoutError:
            raise BusyError("The broker's limit on calls leaves no room just now; nothing was sent.") from None
        async with self._placed(turn.rank, LOOK_SECONDS if turn.rank is Rank.QUESTION else until - clock()):
            return await self._request(method, path, params=params, content=content)

    @contextlib.asynccontextmanager
    async def _placed(self, rank: Rank, within: float) -> AsyncGenerator[None]:
        async with contextlib.AsyncExitStack() as held:
            try:
                await held.enter_async_context(self._places.one(rank, within=within))
            except TimeoutError:
                raise WireDownError("The lines to the broker stayed taken; nothing was sent.") from None
            yield

    async def _request(
        self, method: str, path: str, *, params: Mapping[str, str] | None, content: bytes | None
    ) -> httpx.Response:
        headers = {"Accept": "application/json"}
        if content is not None:
            headers["Content-Type"] = "application/json"
        return await self._client.request(
            method, path, params=params, content=content, headers=headers, auth=_Signed(self._manners.sign)
        )

    async def _may_go_again(self, response: httpx.Response, bucket: Bucket) -> bool:
        """Return whether it was turned away unread, and may go again now: with fresh leave, or after a pause."""
        if response.status_code == httpx.codes.UNAUTHORIZED:
            await self._manners.renew(response.request)
            return True
        pause = self._manners.too_many(response)
        if pause is None:
            return False
        await self._pacer.pushed_back(bucket, retry_after=pause)
        return True

    def _refused(self, response: httpx.Response) -> BrokerRefusedError:
        code, text = self._manners.refusal(response)
        return BrokerRefusedError(text or f"The broker answered {response.status_code}.", reason=code)


def dumps(body: object) -> bytes | None:
    """Return JSON with Decimals as numbers (a price's few digits survive a float's shortest text); None stays None."""
    return None if body is None else json.dumps(body, separators=(",", ":"), default=_number).encode()


def _number(value: object) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} is no JSON")


def _read(response: httpx.Response, unreadable: Exception) -> Answer:
    if not response.content.strip():
        return Answer(response.status_code, response.headers, None)
    try:
        body = json.loads(response.content, parse_float=Decimal)
    except ValueError as e:
        raise unreadable from e
    return Answer(response.status_code, response.headers, body)
