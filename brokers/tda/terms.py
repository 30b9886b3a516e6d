"""What TD Ameritrade took, and its dialect of Schwab's family."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from allcore.kernel.orders import OrdType, TimeInForce
from brokers.ports import Capabilities, Idempotency, Login, ReplaceKind
from brokers.schwab.dialect import Dialect
from brokers.schwab.terms import DATA, ORDERS  # its limits were these, and became Schwab's
from brokers.tda.translate import from_schwab, readable

HOST = "https://api.tdameritrade.com"
REAL_MONEY = frozenset({"api.tdameritrade.com", "auth.tdameritrade.com"})
CLIENT_SUFFIX = "@AMER.OAUTHAP"
CAPABILITIES = Capabilities(
    ord_types=frozenset({OrdType.MARKET, OrdType.LIMIT, OrdType.STOP, OrdType.STOP_LIMIT, OrdType.TRAILING_STOP}),
    times_in_force=frozenset({TimeInForce.DAY, TimeInForce.GTC, TimeInForce.FOK}),
    max_legs=4,
    replace=ReplaceKind.CANCEL_NEW,
    idempotency=Idempotency.LOOKUP_ONLY,
    order_stream=False,
    preview=False,
    login=Login.OAUTH2,
    executions_for=timedelta(days=60),
    buckets=(ORDERS, DATA),
)


def _client_id(kept: Mapping[str, str]) -> str:
    key = kept.get("app_key", "")
    return key if key.endswith(CLIENT_SUFFIX) else f"{key}{CLIENT_SUFFIX}"


def _in_the_form(kept: Mapping[str, str], form: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Name the app in the form; there was no secret. A code brings a refresh token only if it is asked for."""
    asked = {"access_type": "offline"} if form.get("grant_type") == "authorization_code" else {}
    return {**form, **asked, "client_id": _client_id(kept)}, {}


def _named(row: Mapping[str, Any]) -> tuple[str, str]:
    number = str(row["securitiesAccount"]["accountId"])
    return number, number


def _day(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d}"


TDA = Dialect(
    broker="TD Ameritrade",
    capabilities=CAPABILITIES,
    orders=ORDERS,
    data=DATA,
    accounts="/v1/accounts",
    listing="/v1/accounts",
    named=_named,
    preference="",
    authorise="/auth",
    token="/v1/oauth2/token",  # noqa: S106 an address
    leave_lasts=timedelta(days=90),
    client_id=_client_id,
    sign_in=_in_the_form,
    stamp=_day,
    outgoing=from_schwab,
    incoming=readable,
)
