"""E*TRADE's API on the test exchange: OAuth 1.0a, accounts, preview and place, and no stream."""

import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl
from xml.etree.ElementTree import ParseError

from aiohttp import web

from allcore.kernel.clock import new_york_date
from tests.brokers.servers.book import Order, Refusal
from tests.brokers.servers.control import Server
from tests.brokers.servers.etrade.market import Market
from tests.brokers.servers.etrade.oauth import Asked, Provider, Token, Unauthorized, encoded
from tests.brokers.servers.etrade.orders import listed, order_json, product_json, terms_of
from tests.brokers.servers.etrade.placing import Placing
from tests.brokers.servers.etrade.xmlform import read_xml, write_xml
from tests.brokers.servers.exchange import FEE, Exchange
from tests.brokers.servers.faults import Clock, Faults
from tests.brokers.servers.web import PAGE, WebPort, faulty, lapsing

V1 = "/v1/accounts"
FORM = "application/x-www-form-urlencoded"
TOO_MANY = "<html><body><h1>Number of requests exceeded the rate limit set</h1></body></html>"
CODES = {"UNKNOWN_ACCOUNT": 102, "UNKNOWN_ORDER": 5011, "TOO_LATE": 5001, "DUPLICATE": 1028, "PREVIEW": 101}
TEXTS = {
    "TOO_LATE": "This order is currently being executed or rejected. It cannot be cancelled.",
    "DUPLICATE": "A duplicate order was submitted: this clientOrderId has been used.",
}


@dataclass
class EtradeServer(Server):
    """One login with its accounts; keys stand for their numbers in every path."""

    provider: Provider = field(init=False)
    schema_errors: list[str] = field(default_factory=list)
    failing_reads: int = 0
    at_preview: deque[int | str] = field(default_factory=deque)  # answers in place of a preview
    at_place: deque[int | str] = field(default_factory=deque)  # and of a placing
    sends_twice: int = 0  # placings that reach the broker twice; the second answer comes back
    calls_a_second: int = 0  # by module; 0: no limit
    page_size: int = 100
    _calls: dict[str, deque[datetime]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.provider = Provider(self.clock)
        self.market = Market(self.exchange)
        self.placing = Placing(self.exchange, self.clock)
        self.app = web.Application(middlewares=[faulty(self.faults), self._guard])
        for step in ("request_token", "access_token", "renew_access_token", "revoke_access_token"):
            self.app.router.add_route("*", f"/oauth/{step}", getattr(self, step))
        self.app.add_routes(
            [
                web.get("/e/t/etws/authorize", self.page),
                web.get("/v1/market/{rest:.*}", self.market.answer),
                *(route for form in ("", ".json") for route in self._routes(form)),
            ]
        )
        self.port = WebPort(self.app)

    def _routes(self, form: str) -> list[web.RouteDef]:
        account = f"{V1}/{{key}}"
        return [
            web.get(f"{V1}/list{form}", self.accounts),
            web.get(f"{account}/balance{form}", self.balance),
            web.get(f"{account}/portfolio{form}", self.portfolio),
            web.get(f"{account}/orders{form}", self.orders),
            web.post(f"{account}/orders/preview{form}", self.preview),
            web.post(f"{account}/orders/place{form}", self.place),
            web.put(f"{account}/orders/{{number:\\d+}}/change/preview{form}", self.preview),
            web.put(f"{account}/orders/{{number:\\d+}}/change/place{form}", self.place),
            web.put(f"{account}/orders/cancel{form}", self.cancel),
        ]

    @classmethod
    def make(cls, *, accounts: Mapping[str, Decimal] | None = None) -> "EtradeServer":
        clock = Clock()
        exchange = Exchange(clock, accounts=dict(accounts or {"823145980": Decimal(100_000)}))
        return cls(exchange, Faults(), clock)

    @web.middleware
    async def _guard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        """Let in who signs rightly; answer the exchange's no in E*TRADE's form."""
        try:
            if request.path.startswith("/v1/"):
                self.provider.let_in(await _asked(request))
                if (fault := self._goes_wrong(request)) is not None:
                    return fault
            return await handler(request)  # type: ignore[no-any-return]  # aiohttp's own
        except Unauthorized as e:
            stamp = f"{self.clock().astimezone(UTC):%a, %d %b %Y %H:%M:%S} GMT"
            headers = {"WWW-Authenticate": f"OAuth oauth_problem={e.problem}", "Date": stamp}
            return web.Response(status=401, text=f"oauth_problem={e.problem}", headers=headers)
        except Refusal as e:
            if e.code == "SCHEMA":
                self.schema_errors.append(e.text)
            code = int(e.code) if e.code.isdigit() else CODES.get(e.code, 100)
            return _said(request, {"Error": {"code": code, "message": TEXTS.get(e.code, e.text)}}, 400)

    def _goes_wrong(self, request: web.Request) -> web.Response | None:
        if self._is_too_often(request.path.split("/")[-2 if "/orders" not in request.path else 4]):
            return web.Response(status=400, text=TOO_MANY, content_type="text/html")
        if request.method == "GET" and self.failing_reads > 0:
            self.failing_reads -= 1
            return web.Response(status=503)
        for step, answers in (("/preview", self.at_preview), ("/place", self.at_place)):
            if answers and step in request.path:
                return _fault_page(answers.popleft())
        return None

    def _is_too_often(self, module: str) -> bool:
        now = self.clock()
        calls = self._calls.setdefault(module, deque())
        while calls and now - calls[0] >= timedelta(seconds=1):
            calls.popleft()
        if 0 < self.calls_a_second <= len(calls):
            return True
        calls.append(now)
        return False

    async def request_token(self, request: web.Request) -> web.Response:
        return _pair(self.provider.request(await _asked(request)), "&oauth_callback_confirmed=true")

    async def access_token(self, request: web.Request) -> web.Response:
        return _pair(self.provider.access(await _asked(request)))

    async def renew_access_token(self, request: web.Request) -> web.Response:
        self.provider.renew(await _asked(request))
        return web.Response(text="Access Token has been renewed")

    async def revoke_access_token(self, request: web.Request) -> web.Response:
        self.provider.revoke(await _asked(request))
        return web.Response(text="Revoked Access Token")

    async def page(self, request: web.Request) -> web.Response:
        """Show the person who agrees a code."""
        code = self.provider.agree(request.query["key"], request.query["token"])
        return web.Response(text=f"<html><body><input value='{code}' readonly></body></html>", content_type="text/html")

    async def accounts(self, request: web.Request) -> web.Response:
        rows = [
            {
                "accountId": number,
                "accountIdKey": key_of(number),
                "accountMode": "MARGIN",
                "accountDesc": "Brokerage",
                "accountName": "Test",
                "accountType": "INDIVIDUAL",
                "institutionType": "BROKERAGE",
                "accountStatus": "ACTIVE",
                "closedDate": 0,
            }
            for number in self.exchange.accounts
        ]
        return _said(request, {"AccountListResponse": {"Accounts": {"Account": rows}}})

    async def balance(self, request: web.Request) -> web.Response:
        number = self._number(request)
        if request.query.get("instType") != "BROKERAGE":
            raise Refusal("100", "instType is required")
        cash = float(self.exchange.accounts[number].cash)
        computed = {"cashAvailableForInvestment": cash, "netCash": cash, "cashBalance": cash}
        body = {"accountId": number, "accountType": "MARGIN", "accountMode": "MARGIN", "Computed": computed}
        return _said(request, {"BalanceResponse": body})

    async def portfolio(self, request: web.Request) -> web.Response:
        number = self._number(request)
        size, page = int(request.query.get("count", 50)), int(request.query.get("pageNumber", 1))
        held = list(self.exchange.accounts[number].positions.items())
        if not held:
            return web.Response(status=204)
        rows = [
            {
                "positionId": 10_000 + n,
                "Product": product_json(symbol),
                "symbolDescription": symbol,
                "quantity": float(qty),
                "positionType": "LONG" if qty > 0 else "SHORT",
                "pricePaid": float(avg),
                "costPerShare": float(avg),
            }
            for n, (symbol, (qty, avg)) in enumerate(held)
        ]
        shown: dict[str, Any] = {"accountId": number, "Position": rows[(page - 1) * size : page * size]}
        shown["totalPages"] = -(-len(rows) // size)
        if page * size < len(rows):
            shown["nextPageNo"] = str(page + 1)
        return _said(request, {"PortfolioResponse": {"AccountPortfolio": [shown]}})

    async def orders(self, request: web.Request) -> web.Response:
        number = self._number(request)
        since, until = (_day(request.query.get(name)) for name in ("fromDate", "toDate"))
        mine = [
            order
            for order in reversed(self.exchange.orders.values())
            if order.account == number
            and (since is None or new_york_date(order.placed_at) >= since)
            and (until is None or new_york_date(order.placed_at) <= until)
        ]
        rows = [self._json(order) for order in mine]
        if wanted := request.query.get("status"):
            rows = [row for row in rows if row["OrderDetail"][0]["status"] == wanted]
        start, size = int(request.query.get("marker", 0)), min(int(request.query.get("count", 25)), self.page_size)
        if not rows[start:]:
            return web.Response(status=204)
        body: dict[str, Any] = {"Order": rows[start : start + size]}
        if start + size < len(rows):
            body |= {"marker": str(start + size), "next": "more"}
        return _said(request, {"OrdersResponse": body})

    async def preview(self, request: web.Request) -> web.Response:
        account = self._number(request)
        asked = (await _body(request))["PreviewOrderRequest"]
        terms = terms_of(asked, is_strict=_is_json(request))
        self.exchange.check(account, terms)
        changes = int(request.match_info["number"]) if "number" in request.match_info else None
        number = self.placing.preview(asked, terms, changes)
        contracts = sum(leg.ratio for leg in terms.legs if len(leg.symbol) == 21) * terms.quantity
        order = listed(asked["Order"])[0] | {"estimatedCommission": float(FEE * contracts)}
        return _said(
            request,
            {
                "PreviewOrderResponse": {
                    "orderType": asked["orderType"],
                    "previewTime": int(self.clock().timestamp() * 1000),
                    "dstFlag": False,
                    "accountId": account,
                    "Order": [order],
                    "PreviewIds": [{"previewId": number}],
                }
            },
        )

    async def place(self, request: web.Request) -> web.Response:
        account = self._number(request)
        asked = (await _body(request))["PlaceOrderRequest"]
        terms_of(asked, is_strict=_is_json(request))
        if reject := self.faults.reject():
            raise Refusal(*reject)
        previewed = self.placing.previewed(account, asked)

        def book() -> web.Response:
            order = self.placing.booked(account, asked, previewed)
            return _said(
                request,
                {
                    "PlaceOrderResponse": {
                        "orderType": asked["orderType"],
                        "placedTime": int(self.clock().timestamp() * 1000),
                        "accountId": account,
                        "Order": listed(asked["Order"]),
                        "OrderIds": [{"orderId": order.number}],
                    }
                },
            )

        if self.sends_twice:
            self.sends_twice -= 1
            book()
            self.placing.previewed(account, asked)
        return await lapsing(request, self.faults, book)

    async def cancel(self, request: web.Request) -> web.Response:
        account = self._number(request)
        asked = (await _body(request))["CancelOrderRequest"]
        order = self.exchange.orders.get(int(asked["orderId"]))
        if order is None or order.account != account:
            raise Refusal("UNKNOWN_ORDER", "The order is not found.")
        self.exchange.cancel(order.number)
        message = {"code": 5011, "description": "Your request to cancel your order is being processed."}
        body = {"accountId": account, "orderId": order.number, "Messages": {"Message": [message]}}
        return _said(request, {"CancelOrderResponse": body | {"cancelTime": int(self.clock().timestamp() * 1000)}})

    def _json(self, order: Order) -> dict[str, Any]:
        made = [e for e in self.exchange.executions if e.order == order.number]
        body = order.extra.get("body", {})
        kind = str(order.extra.get("kind", "OPTN"))
        return order_json(order, made, kind, body if isinstance(body, Mapping) else {})

    def _number(self, request: web.Request) -> str:
        for number in self.exchange.accounts:
            if key_of(number) == request.match_info["key"]:
                return number
        raise Refusal("UNKNOWN_ACCOUNT", "Please enter valid account key.")


def _fault_page(answer: int | str) -> web.Response:
    page = {"html": PAGE, "limit": TOO_MANY}.get(str(answer), "")
    return web.Response(status=400 if page else int(answer), text=page, content_type="text/html")


def key_of(number: str) -> str:
    """Return the account's key."""
    return f"KEY{number[::-1]}-_"


async def _asked(request: web.Request) -> Asked:
    scheme = request.headers.get("X-Forwarded-Proto", request.scheme)
    url = f"{scheme}://{request.host}{request.rel_url.raw_path}?{request.rel_url.raw_query_string}"
    form = parse_qsl(await request.text(), keep_blank_values=True) if request.content_type == FORM else ()
    return Asked(request.method, url, request.headers.get("Authorization", ""), tuple(form))


async def _body(request: web.Request) -> Any:
    text = await request.text()
    try:
        return json.loads(text, parse_float=Decimal) if _is_json(request) else read_xml(text)
    except (ValueError, ParseError) as e:
        raise Refusal("SCHEMA", f"Cannot read {e!r}") from e


def _is_json(request: web.Request) -> bool:
    return request.content_type.endswith("json")


def _said(request: web.Request, body: Mapping[str, Any], status: int = 200) -> web.Response:
    if request.path.endswith(".json") or "json" in request.headers.get("Accept", ""):
        text = json.dumps(body, default=float)
        return web.Response(status=status, text=text, content_type="application/json")
    return web.Response(status=status, text=write_xml(body), content_type="application/xml")


def _pair(token: Token, more: str = "") -> web.Response:
    text = f"oauth_token={encoded(token.key)}&oauth_token_secret={encoded(token.secret)}{more}"
    return web.Response(text=text, content_type=FORM)


def _day(text: str | None) -> Any:
    return None if text is None else datetime.strptime(text, "%m%d%Y").date()  # noqa: DTZ007 a date has no zone
