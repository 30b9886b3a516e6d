"""TD Ameritrade's v1 API as it was, on the test exchange: OAuth 2 without a secret, account numbers, its own symbols.

Written from the published schema, not from the adapter.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from aiohttp import web

from tests.brokers.servers.book import Order, Terms
from tests.brokers.servers.schwab.orders import InvalidJson, terms_of
from tests.brokers.servers.schwab.server import ACCESS, Grants, SchwabServer

SUFFIX = "@AMER.OAUTHAP"
LEAVE = timedelta(days=90)


@dataclass
class TdaGrants(Grants):
    """The app is named in the form, and proves nothing."""

    def leave(self) -> str:
        token = super().leave()
        self.refreshes[token] = self.clock() + LEAVE
        return token

    def grant(self, form: Mapping[str, str], basic: str) -> dict[str, Any] | None:
        self.asked += 1
        if form.get("client_id") != f"{self.app_key}{SUFFIX}" or basic:
            return None
        refresh, extra = form.get("refresh_token", ""), {}
        if form.get("grant_type") == "authorization_code" and form.get("code", "") in self.codes:
            self.codes.discard(form["code"])
            if form.get("access_type") == "offline":
                extra = {"refresh_token": self.leave(), "refresh_token_expires_in": int(LEAVE.total_seconds())}
        elif form.get("grant_type") != "refresh_token" or self.clock() >= self.refreshes.get(refresh, self.clock()):
            return None
        access = f"access-{secrets.token_hex(8)}"
        self.accesses[access] = self.clock() + ACCESS
        return {"access_token": access, "token_type": "Bearer", "expires_in": int(ACCESS.total_seconds())} | extra


@dataclass
class TdaServer(SchwabServer):
    """One login. `is_retired`: the broker is gone, and answers everybody 401."""

    root: ClassVar[str] = "/v1"
    real_host: ClassVar[str] = "https://api.tdameritrade.com"
    longest: ClassVar[timedelta] = timedelta(days=63)  # from whole day to whole day
    is_retired: bool = False

    def new_grants(self) -> Grants:
        return TdaGrants(self.clock)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/v1/oauth2/token", self.token),
            *self.account_routes("/v1/accounts/{hash}"),
            web.route("*", "/{anything:.*}", self.nothing),
        ]

    async def nothing(self, _: web.Request) -> web.Response:
        return web.json_response({"error": "Not Found"}, status=404)

    @web.middleware
    async def _guard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if self.is_retired:
            return web.json_response({"error": "Not Authorized"}, status=401)
        return await super()._guard(request, handler)

    def name_of(self, number: str) -> str:
        return number

    def window(self, since: str, until: str) -> tuple[datetime, datetime]:
        first, last = date.fromisoformat(since), date.fromisoformat(until)
        return datetime.combine(first, time(), UTC), datetime.combine(last, time(), UTC) + timedelta(days=1)

    def terms_of(self, body: Mapping[str, Any]) -> Terms:
        rows = [row | {"instrument": _read(row["instrument"])} for row in body["orderLegCollection"]]
        return terms_of({**body, "orderLegCollection": rows})

    def _json(self, order: Order) -> dict[str, Any]:
        shown = super()._json(order)
        for row in shown["orderLegCollection"]:
            row["instrument"]["symbol"] = tda_name(row["instrument"]["symbol"])
        return shown | {"accountId": shown.pop("accountNumber"), "requestedDestination": "AUTO"}

    def _account(self, number: str, request: web.Request) -> dict[str, Any]:
        body = super()._account(number, request)["securitiesAccount"]
        body["accountId"] = body.pop("accountNumber")
        for row in body.get("positions", ()):
            row["instrument"]["symbol"] = tda_name(row["instrument"]["symbol"])
        return {"securitiesAccount": body}


def tda_name(occ: str) -> str:
    """Return TD Ameritrade's name: root, month-day-year, right, strike in dollars."""
    if len(occ) != 21:
        return occ
    year, month, day = occ[6:8], occ[8:10], occ[10:12]
    strike = Decimal(occ[13:]) / 1000
    return f"{occ[:6].strip()}_{month}{day}{year}{occ[12]}{strike.normalize():f}"


def _read(instrument: Mapping[str, Any]) -> dict[str, Any]:
    symbol = str(instrument["symbol"])
    if instrument["assetType"] != "OPTION":
        return dict(instrument)
    root, underscore, rest = symbol.partition("_")
    if not underscore or " " in symbol:
        raise InvalidJson(f"{symbol!r} is no option here")
    month, day, year, right = rest[:2], rest[2:4], rest[4:6], rest[6]
    occ = f"{root:<6}{year}{month}{day}{right}{int(Decimal(rest[7:]) * 1000):08d}"
    return {**instrument, "symbol": occ}
