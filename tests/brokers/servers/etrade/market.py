"""E*TRADE's market module on the test exchange: quotes, chains and expiries."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from aiohttp import web

from allcore.kernel.instruments import OptionContract, Right
from tests.brokers.servers.book import Refusal
from tests.brokers.servers.etrade.orders import osi_key, product_json
from tests.brokers.servers.exchange import Exchange
from tests.brokers.servers.listing import Instrument

MOST_SYMBOLS = 25


class Market:
    """Answers what is asked below /v1/market."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def answer(self, request: web.Request) -> web.Response:
        """Answer in JSON."""
        what, _, rest = request.match_info["rest"].partition("/")
        match what.removesuffix(".json"):
            case "quote":
                return self._quotes(rest.removesuffix(".json").split(","))
            case "optionchains":
                return web.json_response({"OptionChainResponse": self._chain(request.query)})
            case "optionexpiredate":
                return web.json_response({"OptionExpireDateResponse": self._expiries(request.query["symbol"])})
            case _:
                raise Refusal("100", "No such request")

    def _quotes(self, names: list[str]) -> web.Response:
        if len(names) > MOST_SYMBOLS:
            raise Refusal("100", f"At most {MOST_SYMBOLS} symbols")
        rows = []
        for symbol in map(symbol_of, names):
            shown = self._exchange.board.get(symbol)
            if shown is not None:
                prices = {"bid": _float(shown.bid), "ask": _float(shown.ask), "lastTrade": _float(shown.last)}
                sizes = {"bidSize": shown.bid_size, "askSize": shown.ask_size}
                rows.append({"Product": product_json(symbol), "quoteStatus": "REALTIME", "All": prices | sizes})
        return web.json_response({"QuoteResponse": {"QuoteData": rows}})

    def _chain(self, query: Mapping[str, str]) -> dict[str, Any]:
        pairs: dict[tuple[date, Decimal], dict[str, Any]] = {}
        for listed in self._options(query["symbol"]):
            option = listed.option
            if option is not None and option.expiry.year == int(query.get("expiryYear", option.expiry.year)):
                shown = self._exchange.board.get(listed.symbol)
                pair = pairs.setdefault((option.expiry, option.strike), {})
                pair["Call" if option.right is Right.CALL else "Put"] = {
                    "symbol": option.root,
                    "osiKey": osi_key(listed.symbol),
                    "strikePrice": float(option.strike),
                    "bid": _float(None if shown is None else shown.bid),
                    "ask": _float(None if shown is None else shown.ask),
                }
        return {"OptionPair": list(pairs.values()), "quoteType": "REALTIME"}

    def _expiries(self, underlying: str) -> dict[str, Any]:
        days = sorted({listed.option.expiry for listed in self._options(underlying) if listed.option is not None})
        rows = [{"year": d.year, "month": d.month, "day": d.day, "expiryType": "WEEKLY"} for d in days]
        return {"ExpirationDate": rows}

    def _options(self, underlying: str) -> list[Instrument]:
        return self._exchange.listing.options_on(underlying)


def symbol_of(name: str) -> str:
    """Read `SPY` or `SPY:2026:12:18:CALL:600`."""
    parts = name.split(":")
    if len(parts) == 1:
        return name
    root, year, month, day, right, strike = parts
    side = Right.CALL if right.upper().startswith("C") else Right.PUT
    return OptionContract(root, date(int(year), int(month), int(day)), side, Decimal(strike)).symbol


def _float(value: Decimal | None) -> float:
    return 0.0 if value is None else float(value)
