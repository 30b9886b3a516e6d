"""What Schwabdev must find on the Schwab test server. It runs in its own environment; a case comes as JSON."""

import json
import queue
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import schwabdev  # type: ignore[import-not-found]
import schwabdev.tokens  # type: ignore[import-not-found]

REAL = "https://api.schwabapi.com"
PATIENCE = 10
NOW = datetime.now(UTC)  # noqa: TID251 the desk's clock is not in this environment


class Judge:
    """One client of one server."""

    def __init__(self, case: dict[str, str], home: str) -> None:
        self.case = case
        post = schwabdev.tokens.requests.post
        schwabdev.tokens.requests.post = lambda url, **kw: post(url.replace(REAL, case["url"]), **kw)
        schwabdev.Client._base_api_url = case["url"]
        self.client = schwabdev.Client(
            case["app_key"], case["app_secret"], tokens_db=f"{home}/tokens.db",
            call_on_auth=lambda _: f"https://127.0.0.1/?code={case['code']}&session=x",
        )  # fmt: skip
        self.hash = ""

    def bought(self, limit: str, quantity: int = 1) -> dict[str, Any]:
        instrument = {"symbol": self.case["put"], "assetType": "OPTION"}
        return {
            "orderType": "LIMIT",
            "session": "NORMAL",
            "duration": "DAY",
            "price": limit,
            "orderStrategyType": "SINGLE",
            "complexOrderStrategyType": "NONE",
            "orderLegCollection": [
                {"instruction": "BUY_TO_OPEN", "quantity": quantity, "instrument": instrument},
            ],
        }

    def place(self, order: dict[str, Any]) -> str:
        answer = self.client.place_order(self.hash, order)
        assert answer.status_code == 201, answer.text
        return str(answer.headers["location"].split("/")[-1])

    def status(self, number: str) -> str:
        return str(self.client.order_details(self.hash, number).json()["status"])

    def a_code_becomes_tokens(self) -> None:
        assert self.client.tokens.access_token
        assert self.client.tokens.refresh_token

    def a_token_is_renewed(self) -> None:
        before = self.client.tokens.access_token
        assert self.client.update_tokens(force_access_token=True)
        assert self.client.tokens.access_token != before

    def accounts_are_told(self) -> None:
        self.hash = self.client.linked_accounts().json()[0]["hashValue"]
        account = self.client.account_details(self.hash, fields="positions").json()["securitiesAccount"]
        assert account["currentBalances"]["cashBalance"] == 100_000
        assert len(self.client.account_details_all().json()) == 1

    def an_order_works_and_is_listed(self) -> None:
        number = self.place(self.bought("4.00"))
        assert self.status(number) == "WORKING"
        listed = self.client.account_orders(self.hash, NOW - timedelta(hours=1), NOW + timedelta(hours=1)).json()
        assert [str(row["orderId"]) for row in listed] == [number]

    def a_replace_makes_a_new_order(self) -> None:
        old = self.place(self.bought("3.90"))
        answer = self.client.replace_order(self.hash, old, self.bought("3.95"))
        new = answer.headers["location"].split("/")[-1]
        assert [self.status(n) for n in (old, new)] == ["REPLACED", "WORKING"]

    def a_cancel_is_carried_out(self) -> None:
        number = self.place(self.bought("3.90"))
        assert self.client.cancel_order(self.hash, number).status_code == 200
        assert self.status(number) == "CANCELED"

    def a_fill_is_told(self) -> None:
        assert self.status(self.place(self.bought("4.20", 2))) == "FILLED"
        account = self.client.account_details(self.hash, fields="positions").json()["securitiesAccount"]
        assert [(p["instrument"]["symbol"], p["longQuantity"]) for p in account["positions"]] == [(self.case["put"], 2)]

    def what_no_rule_allows_is_refused(self) -> None:
        assert self.client.place_order(self.hash, self.bought("4.03")).status_code == 400

    def a_preview_books_nothing(self) -> None:
        balance = self.client.preview_order(self.hash, self.bought("4.00")).json()["orderStrategy"]["orderBalance"]
        assert balance["projectedCommission"] == 0.65

    def quotes_and_chains_are_told(self) -> None:
        assert self.client.quotes([self.case["put"]]).json()[self.case["put"]]["quote"]["bidPrice"] == 4.1
        assert self.client.option_chains("TSLA").json()["status"] == "SUCCESS"

    def the_stream_tells_orders_and_quotes(self) -> None:
        heard: queue.Queue[Any] = queue.Queue()
        stream = schwabdev.Stream(self.client)
        stream.start(lambda text: heard.put(json.loads(text)))
        stream.send(stream.level_one_options(self.case["put"], "0,2,3"))
        told: set[str] = set()
        placed = False
        while told != {"LEVELONE_OPTIONS", "ACCT_ACTIVITY"}:
            message = heard.get(timeout=PATIENCE)
            answered = {part["service"] for part in message.get("response", ())}
            assert all(part["content"]["code"] == 0 for part in message.get("response", ())), message
            if (
                "LEVELONE_OPTIONS" in answered
            ):  # the line is up; queued, it would go out as an ADD, which Schwab ignores
                stream.send(stream.account_activity())
            if "ACCT_ACTIVITY" in answered and not placed:
                placed = bool(self.place(self.bought("3.80")))
            told |= {part["service"] for part in message.get("data", ())}
        stream.stop()

    def checks(self) -> list[Callable[[], None]]:
        return [
            self.a_code_becomes_tokens, self.a_token_is_renewed, self.accounts_are_told,
            self.an_order_works_and_is_listed, self.a_replace_makes_a_new_order, self.a_cancel_is_carried_out,
            self.a_fill_is_told, self.what_no_rule_allows_is_refused, self.a_preview_books_nothing,
            self.quotes_and_chains_are_told, self.the_stream_tells_orders_and_quotes,
        ]  # fmt: skip


def main() -> None:
    with tempfile.TemporaryDirectory() as home:
        judge = Judge(json.loads(sys.argv[1]), home)
        for check in judge.checks():
            check()
            print(check.__name__)  # noqa: T201 this is how the test hears it


if __name__ == "__main__":
    main()
