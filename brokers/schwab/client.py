"""Schwab's REST, as a polled session asks for it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx

from allcore.kernel.reports import BalanceReport, PositionReport
from allcore.kernel.tickets import OrderTicket
from brokers.ports import Lane, Plumbing, Preview
from brokers.rest.views import OrderView
from brokers.rest.wire import Manners, NoAnswerError, Wire, WireDownError, said_429
from brokers.schwab.accounts import balance_of, positions_of
from brokers.schwab.auth import Tokens
from brokers.schwab.orders import UnreadableOrderError, body_of, view_of
from brokers.schwab.stream import Stream
from brokers.schwab.terms import CAPABILITIES, DATA, ORDERS

TRADER = "/trader/v1"
LONGEST = timedelta(days=60)  # that the list of orders reaches back


class SchwabClient:
    """One login's REST."""

    capabilities = CAPABILITIES

    def __init__(self, plumbing: Plumbing, http: httpx.AsyncClient) -> None:
        self._plumbing = plumbing
        self._http = http
        self._tokens = Tokens(plumbing, http)
        manners = Manners(self._tokens.sign, self._tokens.renew, refusal, said_429)
        self._wire = Wire(http, plumbing.pacer, manners)
        self._hashes: dict[str, str] = {}
        self._stream: Stream | None = None

    async def connect(self) -> frozenset[str]:
        """Sign in, and learn under which hash each account goes."""
        answer = await self._wire.ask(f"{TRADER}/accounts/accountNumbers", bucket=DATA)
        self._hashes = {str(row["accountNumber"]): str(row["hashValue"]) for row in answer.body or ()}
        preference = await self._wire.ask(f"{TRADER}/userPreference", bucket=DATA)
        self._stream = Stream.of(preference.body, self._tokens)
        return frozenset(self._hashes)

    def check(self, ticket: OrderTicket) -> None:
        """Refuse what Schwab has no words for."""
        body_of(ticket)

    async def place(self, account: str, ticket: OrderTicket, cl_ord_id: str) -> str:
        """Post the order and return the number that its place names, which has been another order's before.

        Schwab has no field for a name of ours: `cl_ord_id` stays here.
        """
        answer = await self._wire.tell("POST", self._path(account, "orders"), bucket=ORDERS, body=body_of(ticket))
        number = answer.headers.get("Location", "").rstrip("/").rpartition("/")[2]
        if not number:
            raise NoAnswerError("Schwab took the order and did not say under which number.")
        return number

    async def cancel(self, account: str, broker_order_id: str) -> None:
        """Ask for a cancellation."""
        await self._wire.tell("DELETE", self._path(account, f"orders/{broker_order_id}"), bucket=ORDERS)

    async def preview(self, account: str, ticket: OrderTicket) -> Preview:
        """Ask what the order would cost."""
        path = self._path(account, "previewOrder")
        answer = await self._wire.tell("POST", path, bucket=DATA, body=body_of(ticket), lane=Lane.DATA)
        balance = ((answer.body or {}).get("orderStrategy") or {}).get("orderBalance") or {}
        commission = balance.get("projectedCommission")
        rejects = ((answer.body or {}).get("orderValidationResult") or {}).get("rejects") or ()
        return Preview(
            commission=None if commission is None else Decimal(str(commission)),
            margin_change=None,
            warnings=tuple(str(row.get("activityMessage", row)) for row in rejects),
        )

    async def orders(self, account: str, since: datetime) -> Sequence[OrderView]:
        """Return the orders entered since, or within sixty days."""
        now = self._plumbing.clock()
        window = {
            "fromEnteredTime": _stamp(max(since, now - LONGEST)),
            "toEnteredTime": _stamp(now + timedelta(days=1)),
        }
        answer = await self._wire.ask(self._path(account, "orders"), bucket=DATA, params=window, lane=Lane.ORDERS)
        try:
            return [view for row in answer.body or () for view in self._views(row, account)]
        except UnreadableOrderError as e:
            raise WireDownError(str(e)) from e

    async def positions(self, account: str) -> Sequence[PositionReport]:
        """Return the positions."""
        answer = await self._wire.ask(self._path(account), bucket=DATA, params={"fields": "positions"})
        return positions_of(answer.body, account)

    async def balance(self, account: str) -> BalanceReport:
        """Return the cash."""
        answer = await self._wire.ask(self._path(account), bucket=DATA)
        return balance_of(answer.body, account)

    async def hints(self) -> AsyncIterator[None]:
        """Yield when the stream says that something happened to an order."""
        if self._stream is not None:
            async for _ in self._stream.activity():
                yield

    async def close(self) -> None:
        """Let the lines go."""
        if self._stream is not None:
            await self._stream.close()
        await self._http.aclose()

    def _views(self, row: Mapping[str, Any], account: str) -> list[OrderView]:
        """Return an order and those that hang on it."""
        children = [view for child in row.get("childOrderStrategies") or () for view in self._views(child, account)]
        return [view_of(row, account), *children] if row.get("orderLegCollection") else children

    def _path(self, account: str, rest: str = "") -> str:
        return f"{TRADER}/accounts/{self._hashes[account]}{'/' if rest else ''}{rest}"


def refusal(response: httpx.Response) -> tuple[str, str]:
    """Return code and text of a refusal: `{message, errors[]}`, in one of its forms."""
    try:
        body = response.json()
    except ValueError:
        body = {}
    errors = body.get("errors") or []
    texts = [
        body.get("message", ""),
        *(e if isinstance(e, str) else e.get("detail") or e.get("message", "") for e in errors),
    ]
    return f"HTTP_{response.status_code}", " ".join(str(text) for text in texts if text)


def _stamp(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z"
