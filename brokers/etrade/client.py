"""E*TRADE's REST, as a polled session asks for it."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from html import unescape
from typing import Any

import httpx

from allcore.kernel.clock import new_york_date
from allcore.kernel.reports import BalanceReport, PositionReport
from allcore.kernel.tickets import OrderTicket
from brokers.etrade.accounts import balance_of, keys_of, positions_of
from brokers.etrade.auth import Tokens
from brokers.etrade.ledger import Ledger
from brokers.etrade.lists import first, many, needed, part
from brokers.etrade.orders import Seen, UnreadableListError, body_of, orders_of, said_of
from brokers.etrade.terms import ACCOUNTS, CAPABILITIES, ORDERS
from brokers.etrade.words import DOUBTFUL, RATE_LIMIT
from brokers.ports import Bucket, Lane, Plumbing, Preview
from brokers.rest.addresses import segment
from brokers.rest.places import Rank
from brokers.rest.too_many import PAUSE, said_429
from brokers.rest.views import UNREADABLE, Listed, UnreadOrder
from brokers.rest.wire import (
    TURN_SECONDS,
    BrokerRefusedError,
    Manners,
    NoAnswerError,
    Turn,
    Wire,
    WireDownError,
    is_json,
)

V1 = "/v1/accounts"
PAGE = "100"  # orders, at most
POSITIONS_A_PAGE = "200"
LONGEST_ID = 20  # of a clientOrderId, letters and digits
# Preview and placing have one span, below the five seconds within which a sending must have its answer: a preview that
# takes longer is given up, and the placing waits for its turn no longer than what is left.
PREVIEW_SECONDS, SPAN_SECONDS = 4.0, 4.5
IN_XML = {name: re.compile(f"<{name}>([^<]*)</{name}>") for name in ("code", "message")}
XML_ERROR = re.compile(r"\s*(<\?xml[^>]*\?>)?\s*<Error>")
NOT_SAID = "HTTP_"  # what begins the code of a refusal that has none of E*TRADE's: it may be somebody's on the way
PROBE = "PREVIEW"  # the clientOrderId of a preview that nobody places


class EtradeClient:
    """One login's REST."""

    capabilities = CAPABILITIES

    def __init__(self, plumbing: Plumbing, http: httpx.AsyncClient, oauth_url: str) -> None:
        self._plumbing = plumbing
        self._http = http
        tokens = Tokens(plumbing, http, oauth_url)
        self._wire = Wire(http, plumbing.pacer, Manners(tokens.sign, tokens.renew, refusal, too_many, is_said))
        self._ledger = Ledger(plumbing.keys)
        self._keys: dict[str, str] = {}
        self._behind: set[str] = set()  # accounts whose last look failed

    async def connect(self) -> frozenset[str]:
        """Learn under which key each account goes."""
        body = await self._asked(f"{V1}/list.json", ACCOUNTS)
        try:
            self._keys = keys_of(body)
        except UNREADABLE as e:
            raise WireDownError(f"E*TRADE's list of accounts cannot be read: {e!r}") from e
        return frozenset(self._keys)

    def check(self, ticket: OrderTicket) -> None:
        """Refuse what E*TRADE has no words for."""
        body_of(ticket, PROBE)

    async def place(self, account: str, ticket: OrderTicket, cl_ord_id: str) -> str:
        """Preview the order, place what was previewed, and return the broker's number of it."""
        if not (cl_ord_id.isascii() and cl_ord_id.isalnum() and len(cl_ord_id) <= LONGEST_ID):
            raise BrokerRefusedError(f"E*TRADE takes no id such as {cl_ord_id!r}.", reason="CLIENT_ORDER_ID")
        body = body_of(ticket, cl_ord_id)
        clock = asyncio.get_running_loop().time
        begun = clock()
        try:
            async with asyncio.timeout(PREVIEW_SECONDS):
                previewed = await self._previewed(account, body, Lane.ORDERS)
        except TimeoutError:
            raise WireDownError("E*TRADE's preview took too long; nothing was ordered.") from None
        left = min(TURN_SECONDS, SPAN_SECONDS - (clock() - begun))
        placing = {"PlaceOrderRequest": body | {"PreviewIds": [{"previewId": n} for n in previewed["previewIds"]]}}
        try:
            answer = await self._wire.tell(
                "POST", self._path(account, "orders/place.json"), Turn(ORDERS, within=left), body=placing
            )
        except BrokerRefusedError as e:
            if is_doubtful(e.message) or str(e.context.get("reason", "")).startswith(NOT_SAID):
                raise NoAnswerError(f"E*TRADE says {e.message!r}; the order may be booked.") from e
            raise
        try:
            number = number_of(answer.body["PlaceOrderResponse"])
        except UNREADABLE as e:
            raise NoAnswerError("E*TRADE took the order and did not say under which number.") from e
        self._ledger.placed(number)
        return number

    async def cancel(self, account: str, broker_order_id: str) -> None:
        """Ask for a cancellation."""
        body = {"CancelOrderRequest": {"orderId": int(broker_order_id.partition("/")[0])}}
        await self._wire.tell(
            "PUT", self._path(account, "orders/cancel.json"), Turn(ORDERS, rank=Rank.CANCEL), body=body
        )

    async def preview(self, account: str, ticket: OrderTicket) -> Preview:
        """Ask what the order would cost."""
        previewed = await self._previewed(account, body_of(ticket, PROBE), Lane.DATA)
        commission = previewed["commission"]
        return Preview(
            commission=None if commission is None else Decimal(str(commission)),
            margin_change=None,
            warnings=previewed["warnings"],
        )

    async def orders(self, account: str, since: datetime) -> Sequence[Listed]:
        """Return the orders entered since, by New York's days.

        A look leaves its calls to orders. Once one found no room, the next one of each account has an order's turn.
        """
        try:
            found = await self._listed(account, since, Lane.ORDERS if account in self._behind else Lane.DATA)
        except WireDownError:
            self._behind = set(self._keys)
            raise
        self._behind.discard(account)
        return found

    async def _listed(self, account: str, since: datetime, lane: Lane) -> Sequence[Listed]:
        now = self._plumbing.clock()
        params = {
            "count": PAGE,
            "fromDate": f"{new_york_date(since):%m%d%Y}",
            "toDate": f"{new_york_date(now + timedelta(days=1)):%m%d%Y}",
        }
        found: list[Seen | UnreadOrder] = []
        marker, seen_before = "", set[str]()
        while marker not in seen_before:
            seen_before.add(marker)
            body = await self._asked(
                self._path(account, "orders.json"), ORDERS, params | ({"marker": marker} if marker else {}), lane
            )
            try:
                page, marker = orders_of(body, account)
            except UnreadableListError as e:
                raise WireDownError(str(e)) from e
            found += page
            if not marker:
                break
        return [
            seen
            if isinstance(seen, UnreadOrder)
            else replace(seen.view, executions=await self._ledger.executions(seen))
            for seen in found
        ]

    async def positions(self, account: str) -> Sequence[PositionReport]:
        """Return the positions."""
        found: list[PositionReport] = []
        page = 1
        while page:
            params = {"count": POSITIONS_A_PAGE, "pageNumber": str(page)}
            body = await self._asked(self._path(account, "portfolio.json"), ACCOUNTS, params)
            try:
                rows, following = positions_of(body, account)
            except UNREADABLE as e:
                raise WireDownError(f"A position of E*TRADE's cannot be read: {e!r}") from e
            found += rows
            page = following if following > page else 0
        return found

    async def balance(self, account: str) -> BalanceReport:
        """Return the cash."""
        params = {"instType": "BROKERAGE", "realTimeNAV": "true"}
        body = await self._asked(self._path(account, "balance.json"), ACCOUNTS, params)
        try:
            return balance_of(body, account)
        except UNREADABLE as e:
            raise WireDownError(f"E*TRADE's balance cannot be read: {e!r}") from e

    async def hints(self) -> AsyncIterator[None]:
        """Yield nothing: E*TRADE has no stream."""
        nothing: tuple[None, ...] = ()
        for hint in nothing:
            yield hint

    async def close(self) -> None:
        """Let the lines go."""
        await self._http.aclose()

    async def _asked(
        self, path: str, bucket: Bucket, params: Mapping[str, str] | None = None, lane: Lane = Lane.DATA
    ) -> Any:
        return (await self._wire.ask(path, bucket=bucket, params=params, lane=lane)).body

    async def _previewed(self, account: str, body: Mapping[str, object], lane: Lane) -> dict[str, Any]:
        """Preview an order, which orders nothing: without an answer, nothing was done."""
        path = self._path(account, "orders/preview.json")
        try:
            answer = await self._wire.tell(
                "POST", path, Turn(ORDERS, lane, Rank.PREVIEW), body={"PreviewOrderRequest": body}
            )
            return _preview(answer.body["PreviewOrderResponse"])
        except (NoAnswerError, *UNREADABLE) as e:
            raise WireDownError("E*TRADE's preview has no answer that can be read; nothing was ordered.") from e

    def _path(self, account: str, rest: str) -> str:
        return f"{V1}/{segment(self._keys[account])}/{rest}"


def _preview(body: Mapping[str, Any]) -> dict[str, Any]:
    order = first(needed(body, "Order"))
    numbers = [int(row["previewId"]) for row in many(needed(body, "PreviewIds"))]
    if not numbers:
        raise LookupError("previewId")
    return {
        "previewIds": numbers,
        "commission": order.get("estimatedCommission", body.get("totalCommission")),
        "warnings": tuple(said_of(order) + said_of(body)),
    }


def number_of(body: Mapping[str, Any]) -> str:
    """Return under which number an order was placed."""
    rows = part(body, "OrderIds")
    return str(int(needed(body, "orderId") if rows is None else first(rows)["orderId"]))


def refusal(response: httpx.Response) -> tuple[str, str]:
    """Return code and text of a refusal: `{"Error": {"code": ..., "message": ...}}`, or the same in XML."""
    try:
        error = response.json()["Error"]
        return str(error.get("code", "")), str(error.get("message", ""))
    except UNREADABLE:
        code, text = (IN_XML[name].search(response.text) for name in ("code", "message"))
        return code[1] if code else f"{NOT_SAID}{response.status_code}", unescape(text[1]) if text else ""


def is_said(response: httpx.Response) -> bool:
    """Return whether a refusal is E*TRADE's own: JSON, or the XML that its errors may come in all the same."""
    return is_json(response) or XML_ERROR.match(response.text) is not None


def too_many(response: httpx.Response) -> float | None:
    """Return how long to wait after too many calls, which E*TRADE says in words with status 400, mostly on a page."""
    is_bad = response.status_code == httpx.codes.BAD_REQUEST
    return PAUSE if is_bad and RATE_LIMIT in response.text else said_429(response)


def is_doubtful(text: str) -> bool:
    """Return whether a refusal to place leaves open whether an order is booked."""
    return any(word in text.lower() for word in DOUBTFUL)
