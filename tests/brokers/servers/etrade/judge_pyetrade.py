"""What pyetrade (XML, requests, oauthlib) must find on the E*TRADE test server; run by its own Python, not the desk's.

It is told of the server as one line of JSON: `base_url`, `account`, `key`, `consumer_key`, `consumer_secret`.
"""

import json
import sys
import urllib.parse
import urllib.request

import pyetrade  # type: ignore[import-not-found]  # in an environment of its own

told = json.loads(sys.argv[1])
base, names = told["base_url"], (told["consumer_key"], told["consumer_secret"])

leave = pyetrade.ETradeOAuth(*names)
leave.req_token_url, leave.access_token_url = f"{base}/oauth/request_token", f"{base}/oauth/access_token"
leave.auth_token_url = f"{base}/e/t/etws/authorize"
leave.get_request_token()
query = urllib.parse.urlencode({"key": names[0], "token": leave.resource_owner_key})
with urllib.request.urlopen(f"{leave.auth_token_url}?{query}") as page:
    code = page.read().decode().partition("value='")[2].partition("'")[0]
tokens = leave.get_access_token(code)
login = (*names, tokens["oauth_token"], tokens["oauth_token_secret"])
checks = ["leave by POST, and the code"]

accounts = pyetrade.ETradeAccounts(*login)
accounts.base_url = f"{base}/v1/accounts"
rows = accounts.list_accounts()["AccountListResponse"]["Accounts"]["Account"]
assert (rows["accountId"], rows["accountIdKey"]) == (told["account"], told["key"]), rows
balance = accounts.get_account_balance(told["key"], resp_format="json")
assert balance["BalanceResponse"]["Computed"]["cashBalance"] == 100_000, balance
checks += ["accounts in XML", "balance in JSON"]

orders = pyetrade.ETradeOrder(*login)
orders.base_url = f"{base}/v1/accounts"
wanted = {
    "accountIdKey": told["key"],
    "symbol": "TSLA",
    "orderAction": "BUY_OPEN",
    "callPut": "PUT",
    "expiryDate": "2026-06-12",
    "strikePrice": 250,
    "priceType": "LIMIT",
    "limitPrice": 4.0,
    "quantity": 2,
    "orderTerm": "GOOD_FOR_DAY",
    "marketSession": "REGULAR",
    "allOrNone": False,
}
placed = orders.place_option_order(**wanted, clientOrderId="JUDGE1")["PlaceOrderResponse"]
number = int(placed["OrderIds"]["orderId"])
checks.append("preview and place in XML")
try:
    orders.place_option_order(**wanted, clientOrderId="JUDGE1")
    refused = ""
except Exception as e:  # noqa: BLE001 the library raises nothing narrower
    refused = str(e)
assert "1028" in refused, refused
checks.append("a duplicate clientOrderId is refused")
shown = orders.list_orders(told["key"], resp_format="json")["OrdersResponse"]["Order"]
assert [(row["orderId"], row["OrderDetail"][0]["status"]) for row in shown] == [(number, "OPEN")], shown
orders.cancel_order(told["key"], number)
shown = orders.list_orders(told["key"], resp_format="json")["OrdersResponse"]["Order"]
assert shown[0]["OrderDetail"][0]["status"] == "CANCELLED", shown
checks += ["the list in JSON", "cancel in XML"]

access = pyetrade.ETradeAccessManager(*login)
access.renew_access_token_url = f"{base}/oauth/renew_access_token"
assert access.renew_access_token()
checks.append("renewal")
print(json.dumps(checks))  # noqa: T201 the answer
