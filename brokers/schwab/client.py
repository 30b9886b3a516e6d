"""REST of Schwab's family, as a polled session asks for it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import structlog

from allcore.kernel.reports import BalanceReport, PositionReport
from allcore.kernel.tickets import OrderTicket
from brokers.errors import SessionDownError
from brokers.ports import Lane, Plumbing, Preview
from brokers.rest.addresses import segment
from brokers.rest.places import Rank
from brokers.rest.too_many import said_429
from brokers.rest.views import UNREADABLE, Listed, UnreadOrder
from brokers.rest.wire import BrokerRefusedError, Manners, NoAnswerError, Turn, Wire, WireDownError
from brokers.schwab.accounts import balance_of, positions_of
from brokers.schwab.auth import Tokens
from brokers.schwab.dialect import Dialect
from brokers.schwab.orders import body_of, is_of_parts, number_of, view_of
from brokers.schwab.quotes import SchwabQuotes
from brokers.schwab.strangers import told
from brokers.schwab.stream import Stream

LONGEST = timedelta(days=60)  # that the list of orders reaches back
log = structlog.get_logger(__name__)


class SchwabClient:
    """One login's REST, in one broker's dialect."""

    def __init__(self, plumbing: Plumbing, http: httpx.AsyncClient, dialect: Dialect) -> None:
        self.capabilities = dialect.capabilities
        self._plumbing = plumbing
        self._http = http
        self._dialect = dialect
        self._tokens = Tokens(plumbing, http, dialect)
        manners = Manners(self._tokens.sign, self._tokens.renew, refusal, said_429)
        self._wire = Wire(http, plumbing.pacer, manners)
        self._names: dict[str, str] = {}
        self._stream: Stream | None = None

    async def connect(self) -> frozenset[str]:
        """Sign in, and learn under which name each account goes in paths."""
        answer = await self._wire.ask(self._dialect.listing, bucket=self._dialect.data, lane=Lane.ORDERS)
        try:
            self._names = dict(self._dialect.named(row) for row in answer.body or ())
        except UNREADABLE as e:
            raise WireDownError(f"The broker's list of accounts cannot be read: {e!r}") from e
        self._stream = await self._stream_of() if self._dialect.preference else None
        return frozenset(self._names)

    async def _stream_of(self) -> Stream | None:
        """Return the stream; a login that has none trades, and is asked for its news."""
        try:
            preference = await self._wire.ask(self._dialect.preference, bucket=self._dialect.data, lane=Lane.ORDERS)
            return Stream.of(preference.body, self._tokens)
        except (BrokerRefusedError, *UNREADABLE) as e:
            log.warning("no_stream", connection=self._plumbing.connection, error=repr(e))
            return None

    def check(self, ticket: OrderTicket) -> None:
        """Refuse what the broker has no words for."""
        body_of(ticket)

    async def place(self, account: str, ticket: OrderTicket, cl_ord_id: str) -> str:
        """Post the order and return the number that its place names, which has been another order's before.

        There is no field for a name of ours: `cl_ord_id` stays here.
        """
        answer = await self._wire.tell(
            "POST", self._path(account, "orders"), Turn(self._dialect.orders), body=self._body(ticket)
        )
        number = answer.headers.get("Location", "").partition("?")[0].rstrip("/").rpartition("/")[2]
        if not number.isdigit():
            raise NoAnswerError("The broker took the order and did not say under which number.")
        return number

    async def cancel(self, account: str, broker_order_id: str) -> None:
        """Ask for a cancellation."""
        path = self._path(account, f"orders/{broker_order_id}")
        await self._wire.tell("DELETE", path, Turn(self._dialect.orders, rank=Rank.CANCEL))

    async def preview(self, account: str, ticket: OrderTicket) -> Preview:
        """Ask what the order would cost."""
        path = self._path(account, "previewOrder")
        answer = await self._wire.tell(
            "POST", path, Turn(self._dialect.data, Lane.DATA, Rank.PREVIEW), body=self._body(ticket)
        )
        try:
            return preview_of(answer.body or {})
        except UNREADABLE as e:
            raise WireDownError(f"The broker's preview cannot be read: {e!r}") from e

    async def orders(self, account: str, since: datetime) -> Sequence[Listed]:
        """Return the orders entered since, or within sixty days."""
        now = self._plumbing.clock()
        until = now + timedelta(days=1)
        window = {
            "fromEnteredTime": self._dialect.stamp(max(since, until - LONGEST)),
            "toEnteredTime": self._dialect.stamp(until),
        }
        answer = await self._wire.ask(
            self._path(account, "orders"), bucket=self._dialect.data, params=window, lane=Lane.ORDERS
        )
        if not isinstance(answer.body, list | None):
            raise WireDownError(f"The broker's list of orders is none, was {answer.body!r:.200}.")
        return [order for row in answer.body or () for order in self._listed(row, account)]

    async def positions(self, account: str) -> Sequence[PositionReport]:
        """Return the positions."""
        answer = await self._wire.ask(
            self._path(account), bucket=self._dialect.data, params={"fields": "positions"}, lane=Lane.ORDERS
        )
        try:
            return positions_of(self._dialect.incoming(answer.body), account)
        except UNREADABLE as e:
            raise WireDownError(f"A position of the broker's cannot be read: {e!r}") from e

    async def balance(self, account: str) -> BalanceReport:
        """Return the cash."""
        answer = await self._wire.ask(self._path(account), bucket=self._dialect.data, lane=Lane.ORDERS)
        try:
            return balance_of(answer.body, account)
        except UNREADABLE as e:
            raise WireDownError(f"The broker's balance cannot be read: {e!r}") from e

    async def hints(self) -> AsyncIterator[None]:
        """Yield when the stream says that something happened to an order."""
        if self._stream is not None:
            async for _ in self._stream.activity():
                yield

    def quote_feed(self) -> SchwabQuotes:
        """Return the stream's quotes.

        Raises:
            SessionDownError: there is no stream.
        """
        if self._stream is None:
            raise SessionDownError("The session has no stream; it shows no quotes.")
        return SchwabQuotes(self._stream, self._plumbing.clock)

    async def close(self) -> None:
        """Let the lines go."""
        if self._stream is not None:
            await self._stream.close()
        await self._http.aclose()

    def _listed(self, row: Any, account: str) -> list[Listed]:
        """Return an order and those that hang on it."""
        found: list[Listed] = []
        try:
            row = self._dialect.incoming(row)
            if row.get("orderLegCollection") and not is_of_parts(row):
                found.append(told(view_of(row, account), row))
            for child in row.get("childOrderStrategies") or ():
                # One that is only named here is listed by itself: the desk's own hang on nothing.
                found += self._listed(child, account) if isinstance(child, Mapping) else []
        except UNREADABLE as e:
            found.append(UnreadOrder(number_of(row), account, str(e)))
        return found

    def _path(self, account: str, rest: str = "") -> str:
        return f"{self._dialect.accounts}/{segment(self._names[account])}{'/' if rest else ''}{rest}"

    def _body(self, ticket: OrderTicket) -> dict[str, Any]:
        return self._dialect.outgoing(body_of(ticket))


def preview_of(body: Mapping[str, Any]) -> Preview:
    """Read what an order would do; everything that is said of it is a warning, what would refuse it first."""
    balance = (body.get("orderStrategy") or {}).get("orderBalance") or {}
    commission = balance.get("projectedCommission")
    said = body.get("orderValidationResult") or {}
    rows = [row for kind in ("rejects", "reviews", "warns", "alerts") for row in said.get(kind) or ()]
    return Preview(
        commission=None if commission is None else Decimal(str(commission)),
        margin_change=None,
        warnings=tuple(
            str(row.get("activityMessage") or row.get("message") or row) if isinstance(row, Mapping) else str(row)
            for row in rows
        ),
    )


def refusal(response: httpx.Response) -> tuple[str, str]:
    """Return code and text of a refusal: `{message, errors[]}`, in one of its forms."""
    try:
        body = response.json()
        errors = body.get("errors") or []
        texts = [
            body.get("message", ""),
            *(e if isinstance(e, str) else e.get("detail") or e.get("message", "") for e in errors),
        ]
    except UNREADABLE:
        texts = []
    return f"HTTP_{response.status_code}", " ".join(str(text) for text in texts if text)
