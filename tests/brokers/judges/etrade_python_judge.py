"""What etrade-python (JSON, httpx, own signatures) must find on the E*TRADE test server.

It signs for E*TRADE's own host and is led to the server below that, as behind a proxy.
"""

import asyncio
import json
import sys
from datetime import date
from decimal import Decimal

import httpx
from etrade_python import (  # type: ignore[import-not-found]  # in an environment of its own
    ETradeClient,
    ETradeError,
    ETradeSettings,
    MemoryCredentialStore,
)
from etrade_python.orders import OrderBuilder  # type: ignore[import-not-found]  # the same

told = json.loads(sys.argv[1])


class Led(httpx.AsyncHTTPTransport):
    """Sends to the test server what was meant for E*TRADE, with the address as it was signed."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        server = httpx.URL(told["url"])
        request.headers["X-Forwarded-Proto"] = request.url.scheme
        request.url = request.url.copy_with(scheme="http", host=server.host, port=server.port)
        return await super().handle_async_request(request)


async def main() -> list[str]:
    settings = ETradeSettings(consumer_key=told["key"], consumer_secret=told["secret"])
    async with ETradeClient(settings, http_transport=Led(), credential_store=MemoryCredentialStore()) as client:
        asked = await client.oauth.get_request_token()
        page = client.oauth.get_authorization_url(asked).url.partition("?")[2]
        async with httpx.AsyncClient() as person:
            shown = await person.get(f"{told['url']}/e/t/etws/authorize?{page}")
        code = shown.text.partition("value='")[2].partition("'")[0]
        await client.session.save(await client.oauth.exchange_verifier(asked, code))
        return ["leave_by_get", *await traded(client)]


async def traded(client: "ETradeClient") -> list[str]:
    """Look, preview, place, be refused, cancel."""
    accounts = (await client.accounts.list()).accounts
    assert [(a.account_id, a.account_id_key) for a in accounts] == [(told["account"], told["account_key"])], accounts
    key = told["account_key"]
    assert (await client.accounts.get_balance(key)).computed_balance.cash_balance == 100_000
    assert (await client.orders.list(key)).orders == []
    assert (await client.portfolio.get_positions(key)).account_portfolios == []
    terms = {"expiration": date(2026, 6, 12), "quantity": 2, "long_strike": 250, "short_strike": 260}
    spread = OrderBuilder.for_account(key).client_order_id("JUDGE2").gfd()
    spread = spread.option_vertical_call("TSLA", **terms, net_debit="0.05").market_session("REGULAR")
    previewed = await client.orders.preview(key, spread.build_preview_request())
    asked = spread.build_place_request(previewed.preview_ids)
    number = (await client.orders.place(key, asked)).order_ids[0].order_id
    refused = ""
    try:
        await client.orders.place(key, asked)
    except ETradeError as e:
        refused = f"{e!r} {vars(e)}"
    assert "1028" in refused or "duplicate" in refused.lower(), refused
    (order,) = (await client.orders.list(key)).orders
    detail = order.order_details[0]
    assert (order.order_id, detail.status, detail.limit_price) == (number, "OPEN", Decimal("0.05")), order
    assert [i.ordered_quantity for i in detail.instruments] == [2, 2]
    await client.orders.cancel(key, number)
    assert (await client.orders.list(key)).orders[0].order_details[0].status == "CANCELLED"
    return ["accounts", "balance", "nothing_yet", "preview_and_place", "duplicate", "list", "cancel"]


if __name__ == "__main__":
    print(*asyncio.run(main()), sep="\n")  # noqa: T201 this is how the test hears it
