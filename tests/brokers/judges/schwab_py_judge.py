"""What schwab-py must find on the Schwab test server. It runs in its own environment; a case comes as JSON."""

import asyncio
import datetime as dt
import json
import sys
import warnings
from collections.abc import Awaitable, Callable
from typing import Any

warnings.simplefilter("ignore")
import httpx  # noqa: E402 the library warns at import
from schwab.auth import client_from_access_functions  # type: ignore[import-not-found]  # noqa: E402
from schwab.orders import equities, options  # type: ignore[import-not-found]  # noqa: E402
from schwab.streaming import StreamClient  # type: ignore[import-not-found]  # noqa: E402
from schwab.utils import Utils  # type: ignore[import-not-found]  # noqa: E402

PATIENCE = 10
NOW = dt.datetime.now(dt.UTC)  # noqa: TID251 the desk's clock is not in this environment


class Judge:
    """One client of one server."""

    def __init__(self, case: dict[str, str]) -> None:
        self.case = case
        self.written: list[Any] = []
        stale = {"access_token": "old", "refresh_token": case["refresh_token"], "token_type": "Bearer", "expires_at": 1}
        kept = {"creation_timestamp": int(NOW.timestamp()), "token": stale}
        self.client = client_from_access_functions(
            case["app_key"], case["app_secret"], lambda: kept, lambda token, *_, **__: self.written.append(token),
            asyncio=True,
        )  # fmt: skip
        base = httpx.URL(case["url"])

        async def redirected(request: httpx.Request) -> None:
            request.url = request.url.copy_with(scheme=base.scheme, host=base.host, port=base.port)

        self.client.session.event_hooks["request"] = [redirected]
        self.hash = ""

    async def place(self, order: Any) -> int:
        answer = await self.client.place_order(self.hash, order)
        assert answer.status_code == 201, answer.text
        return int(Utils(self.client, self.hash).extract_order_id(answer))

    async def order(self, number: int) -> dict[str, Any]:
        return dict((await self.client.get_order(number, self.hash)).json())

    async def a_stale_token_is_renewed(self) -> None:
        answer = await self.client.get_account_numbers()
        assert answer.status_code == 200, answer.text
        assert self.written[-1]["token"]["access_token"] != "old"
        self.hash = answer.json()[0]["hashValue"]

    async def an_account_is_told_with_its_positions(self) -> None:
        fields = self.client.Account.Fields.POSITIONS
        account = (await self.client.get_account(self.hash, fields=fields)).json()["securitiesAccount"]
        assert account["currentBalances"]["cashBalance"] == 100_000
        assert account["positions"] == []
        assert len((await self.client.get_accounts()).json()) == 1

    async def an_order_works_and_is_listed(self) -> None:
        number = await self.place(options.option_buy_to_open_limit(self.case["put"], 1, "4.00"))
        order = await self.order(number)
        assert (order["status"], order["price"], order["filledQuantity"]) == ("WORKING", 4.0, 0)
        since = NOW - dt.timedelta(hours=1)
        until = since + dt.timedelta(hours=2)
        listed = await self.client.get_orders_for_account(
            self.hash, from_entered_datetime=since, to_entered_datetime=until
        )
        assert [row["orderId"] for row in listed.json()] == [number]

    async def a_replace_makes_a_new_order(self) -> None:
        old = await self.place(options.option_buy_to_open_limit(self.case["put"], 1, "3.90"))
        answer = await self.client.replace_order(
            self.hash, old, options.option_buy_to_open_limit(self.case["put"], 1, "3.95")
        )
        new = int(Utils(self.client, self.hash).extract_order_id(answer))
        assert new != old
        assert [(await self.order(n))["status"] for n in (old, new)] == ["REPLACED", "WORKING"]

    async def a_cancel_is_carried_out(self) -> None:
        number = await self.place(options.option_buy_to_open_limit(self.case["put"], 1, "3.90"))
        assert (await self.client.cancel_order(number, self.hash)).status_code == 200
        assert (await self.order(number))["status"] == "CANCELED"
        assert (await self.client.cancel_order(number, self.hash)).status_code == 400

    async def a_fill_is_told_with_its_executions(self) -> None:
        order = await self.order(await self.place(options.option_buy_to_open_limit(self.case["put"], 2, "4.20")))
        assert (order["status"], order["filledQuantity"], order["remainingQuantity"]) == ("FILLED", 2, 0)
        legs = order["orderActivityCollection"][0]["executionLegs"]
        assert [(leg["price"], leg["quantity"]) for leg in legs] == [(4.2, 2)]

    async def a_vertical_fills_with_both_legs(self) -> None:
        built = options.bull_put_vertical_open(self.case["low_put"], self.case["put"], 1, "3.05")
        order = await self.order(await self.place(built))
        assert (order["status"], len(order["orderActivityCollection"][0]["executionLegs"])) == ("FILLED", 2)

    async def shares_are_bought(self) -> None:
        order = await self.order(await self.place(equities.equity_buy_market("TSLA", 5)))
        assert (order["status"], order["orderType"]) == ("FILLED", "MARKET")

    async def what_no_rule_allows_is_refused(self) -> None:
        answer = await self.client.place_order(self.hash, options.option_buy_to_open_limit(self.case["put"], 1, "4.03"))
        assert answer.status_code == 400
        assert answer.json()["message"]

    async def a_preview_books_nothing(self) -> None:
        built = options.option_buy_to_open_limit(self.case["put"], 1, "4.00")
        answer = await self.client.preview_order(self.hash, built)
        assert answer.json()["orderStrategy"]["orderBalance"]["projectedCommission"] == 0.65

    async def quotes_and_chains_are_told(self) -> None:
        quotes = (await self.client.get_quotes([self.case["put"], "TSLA"])).json()
        assert quotes[self.case["put"]]["quote"]["bidPrice"] == 4.1
        one = (await self.client.get_quote("TSLA")).json()
        assert one["TSLA"]["quote"]["askPrice"] > 0
        chain = (await self.client.get_option_chain("TSLA")).json()
        assert [len(day) for day in chain["putExpDateMap"].values()] == [2]

    async def the_stream_tells_orders_and_quotes(self) -> None:
        stream = StreamClient(self.client)
        activity: list[Any] = []
        shown: list[Any] = []
        stream.add_account_activity_handler(activity.append)
        stream.add_level_one_option_handler(shown.append)
        await stream.login()
        await stream.account_activity_sub()
        await stream.level_one_option_subs([self.case["put"]])
        await self.place(options.option_buy_to_open_limit(self.case["put"], 1, "3.80"))
        async with asyncio.timeout(PATIENCE):
            while not (activity and shown):
                await stream.handle_message()
        assert activity[0]["content"][0]["MESSAGE_TYPE"] == "OrderCreated"
        assert shown[0]["content"][0]["BID_PRICE"] == 4.1
        await stream.level_one_option_unsubs([self.case["put"]])
        await stream.logout()

    def checks(self) -> list[Callable[[], Awaitable[None]]]:
        return [
            self.a_stale_token_is_renewed, self.an_account_is_told_with_its_positions,
            self.an_order_works_and_is_listed, self.a_replace_makes_a_new_order, self.a_cancel_is_carried_out,
            self.a_fill_is_told_with_its_executions, self.a_vertical_fills_with_both_legs, self.shares_are_bought,
            self.what_no_rule_allows_is_refused, self.a_preview_books_nothing, self.quotes_and_chains_are_told,
            self.the_stream_tells_orders_and_quotes,
        ]  # fmt: skip


async def main() -> None:
    judge = Judge(json.loads(sys.argv[1]))
    for check in judge.checks():
        await check()
        print(check.__name__)  # noqa: T201 this is how the test hears it
    await judge.client.close_async_session()


if __name__ == "__main__":
    asyncio.run(main())
