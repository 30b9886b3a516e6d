"""What Schwab takes, and how often it may be called."""

from datetime import timedelta

from allcore.kernel.orders import OrdType, TimeInForce, TriggerPrice
from brokers.ports import Bucket, Capabilities, Idempotency, Login, ReplaceKind
from brokers.schwab.dialect import Dialect, app_key, by_basic, hashed, stamp, unchanged

HOST = "https://api.schwabapi.com"
REAL_MONEY = frozenset({"api.schwabapi.com"})
# Order writes: 0 to 120 a minute and account, as chosen when the app was registered. The rest: 120 a minute an app.
ORDERS = Bucket("orders", rate=2.0, burst=100)
DATA = Bucket("data", rate=2.0, burst=60, reserved=20)
CAPABILITIES = Capabilities(
    ord_types=frozenset({OrdType.MARKET, OrdType.LIMIT, OrdType.STOP, OrdType.STOP_LIMIT, OrdType.TRAILING_STOP}),
    times_in_force=frozenset({TimeInForce.DAY, TimeInForce.GTC, TimeInForce.FOK}),
    max_legs=4,
    replace=ReplaceKind.CANCEL_NEW,
    idempotency=Idempotency.LOOKUP_ONLY,
    order_stream=True,
    preview=True,
    quotes=True,
    login=Login.OAUTH2,
    executions_for=timedelta(days=60),
    triggers=frozenset({TriggerPrice.LAST}),
    buckets=(ORDERS, DATA),
)
SCHWAB = Dialect(
    broker="Schwab",
    capabilities=CAPABILITIES,
    orders=ORDERS,
    data=DATA,
    accounts="/trader/v1/accounts",
    listing="/trader/v1/accounts/accountNumbers",
    named=hashed,
    preference="/trader/v1/userPreference",
    authorise="/v1/oauth/authorize",
    token="/v1/oauth/token",  # noqa: S106 an address
    leave_lasts=timedelta(days=7),
    client_id=app_key,
    sign_in=by_basic,
    stamp=stamp,
    outgoing=unchanged,
    incoming=unchanged,
)
