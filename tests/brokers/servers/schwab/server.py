"""Schwab's Trader API on the test exchange: OAuth 2, accounts, orders, quotes, and the stream."""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar, Self
from urllib.parse import parse_qs

from aiohttp import web

from tests.brokers.servers.book import Execution, Order, Refusal, Terms
from tests.brokers.servers.control import Server
from tests.brokers.servers.exchange import Exchange
from tests.brokers.servers.faults import Clock, Faults
from tests.brokers.servers.schwab.orders import order_json, terms_of
from tests.brokers.servers.schwab.stream import Streamer
from tests.brokers.servers.web import WebPort, faulty, lapsing

REAL_HOST = "https://api.schwabapi.com"  # clients of others take an order's place only from here
ACCESS, LEAVE = timedelta(seconds=1800), timedelta(days=7)
TRADER = "/trader/v1"


@dataclass
class Grants:
    """Who was let in, until when."""

    clock: Clock
    app_key: str = "key-of-the-app-01234567890123456"
    app_secret: str = "secret-of-the-ap"
    codes: set[str] = field(default_factory=set)
    refreshes: dict[str, datetime] = field(default_factory=dict)
    accesses: dict[str, datetime] = field(default_factory=dict)
    asked: int = 0
    rotates: bool = False  # each renewal brings another refresh token, and the old one is dead
    says: dict[str, object] = field(default_factory=dict)  # instead, in the next answer; None: not at all

    def leave(self) -> str:
        """Return a refresh token, as a person gets it at the page."""
        token = f"refresh-{secrets.token_hex(8)}"
        self.refreshes[token] = self.clock() + LEAVE
        return token

    def code(self) -> str:
        code = f"C0.{secrets.token_hex(8)}@"
        self.codes.add(code)
        return code

    def lets_in(self, header: str) -> bool:
        ends = self.accesses.get(header.removeprefix("Bearer "))
        return ends is not None and self.clock() < ends

    def grant(self, form: Mapping[str, str], basic: str) -> dict[str, Any] | None:
        """Return tokens, or None for a no."""
        self.asked += 1
        if basic != "Basic " + base64.b64encode(f"{self.app_key}:{self.app_secret}".encode()).decode():
            return None
        refresh = form.get("refresh_token", "")
        if form.get("grant_type") == "authorization_code" and form.get("code", "") in self.codes:
            self.codes.discard(form["code"])
            refresh = self.leave()
        elif form.get("grant_type") != "refresh_token" or self.clock() >= self.refreshes.get(refresh, self.clock()):
            return None
        elif self.rotates:
            self.refreshes.pop(refresh, None)
            refresh = self.leave()
        access = f"access-{secrets.token_hex(8)}"
        self.accesses[access] = self.clock() + ACCESS
        other, self.says = self.says, {}
        told = {
            "expires_in": int(ACCESS.total_seconds()),
            "token_type": "Bearer",
            "scope": "api",
            "refresh_token": refresh,
            "access_token": access,
            "id_token": "unused",
        }
        return {name: value for name, value in (told | other).items() if value is not None}


@dataclass
class SchwabServer(Server):
    """One login with its accounts; account numbers are digits, hashes stand for them in every path."""

    root: ClassVar[str] = TRADER
    real_host: ClassVar[str] = REAL_HOST
    longest: ClassVar[timedelta] = timedelta(days=60)
    grants: Grants = field(init=False)
    schema_errors: list[str] = field(default_factory=list)
    lies_about: int | None = None  # the next order's place names this one
    failing_reads: int = 0
    lists_preferences: bool = False  # as the published schema has them
    preferences: list[Any] = field(default_factory=list)  # in their place
    names_no_place: bool = False

    def __post_init__(self) -> None:
        self.grants = self.new_grants()
        self.streamer = Streamer(self.exchange, self.grants.lets_in, self.faults, self.clock)
        self.app = web.Application(middlewares=[faulty(self.faults), self._guard])
        self.app.add_routes(self.routes())
        self.port = WebPort(self.app)

    def new_grants(self) -> Grants:
        return Grants(self.clock)

    def routes(self) -> list[web.RouteDef]:
        """Return who answers what."""
        account = f"{self.root}/accounts/{{hash}}"
        return [
            web.post("/v1/oauth/token", self.token),
            web.get(f"{self.root}/accounts/accountNumbers", self.numbers),
            *self.account_routes(account),
            web.post(f"{account}/previewOrder", self.preview),
            web.get(f"{self.root}/userPreference", self.preference),
            web.get("/marketdata/v1/quotes", self.quotes),
            web.get("/marketdata/v1/{symbol}/quotes", self.quotes),
            web.get("/marketdata/v1/chains", self.chains),
            web.get("/ws", self.streamer.serve),
        ]

    def account_routes(self, account: str) -> list[web.RouteDef]:
        """Return what all brokers of the family answer."""
        return [
            web.get(f"{self.root}/accounts", self.accounts),
            web.get(f"{self.root}/accounts/", self.accounts),  # as Schwabdev asks
            web.get(account, self.account),
            web.get(f"{account}/orders", self.orders),
            web.post(f"{account}/orders", self.place),
            web.get(f"{account}/orders/{{number}}", self.order),
            web.put(f"{account}/orders/{{number}}", self.replace),
            web.delete(f"{account}/orders/{{number}}", self.cancel),
        ]

    @classmethod
    def make(cls, *, accounts: Mapping[str, Decimal] | None = None) -> Self:
        clock = Clock()
        exchange = Exchange(clock, accounts=dict(accounts or {"12345678": Decimal(100_000)}))
        return cls(exchange, Faults(), clock)

    @web.middleware
    async def _guard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        """Let in who shows a token that holds; answer the exchange's no in Schwab's form."""
        if request.path not in ("/v1/oauth/token", "/v1/oauth2/token", "/ws"):
            if not self.grants.lets_in(request.headers.get("Authorization", "")):
                return web.json_response({"errors": [{"status": 401, "title": "Unauthorized"}]}, status=401)
            if request.method == "GET" and self.failing_reads > 0:
                self.failing_reads -= 1
                return web.Response(status=503)
        try:
            return await handler(request)  # type: ignore[no-any-return]  # aiohttp's own
        except Refusal as e:
            if e.code == "SCHEMA":
                self.schema_errors.append(e.text)
            return web.json_response(
                {"message": e.text, "errors": [e.text]}, status=404 if e.code == "UNKNOWN_ORDER" else 400
            )

    async def token(self, request: web.Request) -> web.Response:
        form = {name: values[0] for name, values in parse_qs(await request.text()).items()}
        granted = self.grants.grant(form, request.headers.get("Authorization", ""))
        if granted is None:
            dead = {"error": "unsupported_token_type", "error_description": "refresh_token_authentication_error"}
            return web.json_response(dead, status=400)
        return web.json_response(granted)

    async def numbers(self, _: web.Request) -> web.Response:
        return web.json_response(
            [{"accountNumber": number, "hashValue": self.name_of(number)} for number in self.exchange.accounts]
        )

    async def accounts(self, request: web.Request) -> web.Response:
        return web.json_response([self._account(number, request) for number in self.exchange.accounts])

    async def account(self, request: web.Request) -> web.Response:
        return web.json_response(self._account(self._number(request), request))

    def _account(self, number: str, request: web.Request) -> dict[str, Any]:
        account = self.exchange.accounts[number]
        body: dict[str, Any] = {
            "type": "MARGIN",
            "accountNumber": number,
            "currentBalances": {"cashBalance": float(account.cash), "liquidationValue": float(account.cash)},
        }
        if "positions" in request.query.get("fields", ""):
            body["positions"] = [
                {
                    "longQuantity": float(max(qty, 0)),
                    "shortQuantity": float(max(-qty, 0)),
                    "averagePrice": float(avg),
                    "instrument": {"assetType": "OPTION" if len(symbol) == 21 else "EQUITY", "symbol": symbol},
                }
                for symbol, (qty, avg) in account.positions.items()
            ]
        return {"securitiesAccount": body}

    async def orders(self, request: web.Request) -> web.Response:
        if not {"fromEnteredTime", "toEnteredTime"} <= set(request.query):
            raise Refusal("QUERY", "fromEnteredTime and toEnteredTime are required")
        since, until = self.window(request.query["fromEnteredTime"], request.query["toEnteredTime"])
        if until - since > self.longest:
            raise Refusal("QUERY", "The window is at most 60 days")
        account = self._number(request)
        mine = [o for o in self.exchange.orders.values() if o.account == account and since <= o.placed_at <= until]
        return web.json_response([self._json(order) for order in mine])

    def window(self, since: str, until: str) -> tuple[datetime, datetime]:
        return datetime.fromisoformat(since), datetime.fromisoformat(until)

    async def order(self, request: web.Request) -> web.Response:
        return web.json_response(self._json(self._order(request)))

    async def place(self, request: web.Request) -> web.Response:
        body, account = await request.json(), self._number(request)
        if reject := self.faults.reject():
            raise Refusal(*reject)
        terms = self.terms_of(body)
        self.exchange.check(account, terms)

        def book() -> web.Response:
            order = self.exchange.place(account, terms, extra={"body": body})
            return self._created(request, order)

        return await lapsing(request, self.faults, book)

    async def replace(self, request: web.Request) -> web.Response:
        body, old = await request.json(), self._order(request)
        terms = self.terms_of(body)
        return self._created(request, self.exchange.supersede(old.number, terms))

    async def cancel(self, request: web.Request) -> web.Response:
        self.exchange.cancel(self._order(request).number)
        return web.Response(status=200)

    async def preview(self, request: web.Request) -> web.Response:
        terms = terms_of(await request.json())
        self.exchange.check(self._number(request), terms)
        contracts = sum(leg.ratio for leg in terms.legs if len(leg.symbol) == 21) * terms.quantity
        balance = {"orderValue": 0.0, "projectedCommission": float(Decimal("0.65") * contracts)}
        return web.json_response(
            {"orderId": 0, "orderStrategy": {"orderBalance": balance}, "orderValidationResult": {"rejects": []}}
        )

    async def preference(self, _: web.Request) -> web.Response:
        if self.preferences:
            return web.json_response(self.preferences[0])
        one = {
            "accounts": [{"accountNumber": number, "type": "BROKERAGE"} for number in self.exchange.accounts],
            "streamerInfo": [
                {
                    "streamerSocketUrl": f"{self.port.url.replace('http', 'ws', 1)}/ws",
                    "schwabClientCustomerId": "customer-1",
                    "schwabClientCorrelId": "correlation-1",
                    "schwabClientChannel": "N9",
                    "schwabClientFunctionId": "APIAPP",
                }
            ],
        }
        return web.json_response([one] if self.lists_preferences else one)

    async def quotes(self, request: web.Request) -> web.Response:
        shown = {}
        for symbol in (request.match_info.get("symbol") or request.query["symbols"]).split(","):
            board = self.exchange.board.get(symbol)
            if board is not None:
                shown[symbol] = {
                    "symbol": symbol,
                    "quote": {"bidPrice": _float(board.bid), "askPrice": _float(board.ask)},
                }
        return web.json_response(shown)

    async def chains(self, request: web.Request) -> web.Response:
        chain: dict[str, Any] = {"symbol": request.query["symbol"], "status": "SUCCESS"}
        maps: dict[str, dict[str, Any]] = {"callExpDateMap": {}, "putExpDateMap": {}}
        for listed in self.exchange.listing.options_on(request.query["symbol"]):
            assert listed.option is not None
            side = maps["callExpDateMap" if listed.option.right == "C" else "putExpDateMap"]
            days = (listed.option.expiry - self.clock().date()).days
            strikes = side.setdefault(f"{listed.option.expiry}:{days}", {})
            board = self.exchange.board.get(listed.symbol)
            strikes[f"{listed.option.strike:.1f}"] = [
                {
                    "symbol": listed.symbol,
                    "putCall": "CALL" if listed.option.right == "C" else "PUT",
                    "bid": _float(None if board is None else board.bid),
                    "ask": _float(None if board is None else board.ask),
                    "multiplier": 100.0,
                    "strikePrice": float(listed.option.strike),
                }
            ]
        return web.json_response(chain | maps)

    def _created(self, request: web.Request, order: Order) -> web.Response:
        number = order.number if self.lies_about is None else self.lies_about
        self.lies_about = None
        place = f"{self.real_host}{self.root}/accounts/{request.match_info['hash']}/orders/{number}"
        return web.Response(status=201, headers={} if self.names_no_place else {"Location": place})

    def name_of(self, number: str) -> str:
        """Return what stands for the account in paths."""
        return hash_of(number)

    def terms_of(self, body: Mapping[str, Any]) -> Terms:
        return terms_of(body)

    def _json(self, order: Order) -> dict[str, Any]:
        body = order.extra.get("body", {})
        made: list[Execution] = [e for e in self.exchange.executions if e.order == order.number]
        return order_json(order, made, body if isinstance(body, Mapping) else {})

    def _number(self, request: web.Request) -> str:
        for number in self.exchange.accounts:
            if self.name_of(number) == request.match_info["hash"]:
                return number
        raise Refusal("UNKNOWN_ORDER", "Invalid account")

    def _order(self, request: web.Request) -> Order:
        order = self.exchange.orders.get(int(request.match_info["number"]))
        if order is None or order.account != self._number(request):
            raise Refusal("UNKNOWN_ORDER", "Order not found")
        return order


def hash_of(number: str) -> str:
    """Return the account's hash."""
    return hashlib.sha256(number.encode()).hexdigest().upper()


def _float(value: Decimal | None) -> float:
    return 0.0 if value is None else float(value)
