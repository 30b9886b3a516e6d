"""What E*TRADE takes, and how often it may be called."""

from datetime import timedelta

from allcore.kernel.orders import OrdType, TimeInForce, TriggerPrice
from brokers.ports import Bucket, Capabilities, Idempotency, Login, ReplaceKind

HOST, SANDBOX = "https://api.etrade.com", "https://apisb.etrade.com"
AUTHORISE = "https://us.etrade.com/e/t/etws/authorize"
REAL_MONEY = frozenset({"api.etrade.com"})
# Two calls a second for each module, and 7,000 an hour, which is just below. Looking at orders counts with placing
# them, and an order is two calls (preview, place): looks leave one of the two to orders.
ORDERS = Bucket("orders", rate=1.9, burst=2, reserved=1)
ACCOUNTS = Bucket("accounts", rate=1.9, burst=2)
CAPABILITIES = Capabilities(
    ord_types=frozenset({OrdType.MARKET, OrdType.LIMIT, OrdType.STOP, OrdType.STOP_LIMIT}),
    times_in_force=frozenset({TimeInForce.DAY, TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK}),
    max_legs=4,
    replace=ReplaceKind.CANCEL_NEW,
    # The broker says it refuses a clientOrderId that it has seen, but shows it nowhere: what a lost answer came to
    # can only be looked up by the order's terms.
    idempotency=Idempotency.LOOKUP_ONLY,
    order_stream=False,
    preview=True,
    login=Login.OAUTH1,
    executions_for=timedelta(days=60),
    gtc_for=timedelta(days=60),
    triggers=frozenset({TriggerPrice.LAST}),
    buckets=(ORDERS, ACCOUNTS),
)
