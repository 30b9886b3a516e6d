"""Where brokers of this family differ; orders, statuses and errors they say alike."""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from brokers.ports import Bucket, Capabilities

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Dialect:
    """One broker's addresses, tokens and names.

    `listing` is the path that lists the accounts and `named` reads a row of it: the number, and what stands for it in
    paths. `preference` is the path that names the stream, empty without one. `sign_in` makes the form and headers of a
    request for tokens from what is kept and asked for; `client_id` is how the app is called. `outgoing` and `incoming`
    change an order's JSON from Schwab's form to the broker's and back; so do instruments' names in positions.
    """

    broker: str
    capabilities: Capabilities
    orders: Bucket
    data: Bucket
    accounts: str
    listing: str
    named: Callable[[Mapping[str, Any]], tuple[str, str]]
    preference: str
    authorise: str
    token: str
    leave_lasts: timedelta
    client_id: Callable[[Mapping[str, str]], str]
    sign_in: Callable[[Mapping[str, str], Mapping[str, str]], tuple[dict[str, str], dict[str, str]]]
    stamp: Callable[[datetime], str]
    outgoing: Callable[[Json], Json]
    incoming: Callable[[Mapping[str, Any]], Mapping[str, Any]]


def stamp(at: datetime) -> str:
    """Return a time as Schwab's questions have it."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z"


def app_key(kept: Mapping[str, str]) -> str:
    """Return the app's key as it is."""
    return kept.get("app_key", "")


def by_basic(kept: Mapping[str, str], form: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Prove the app by its secret, in a header."""
    basic = base64.b64encode(f"{app_key(kept)}:{kept.get('app_secret', '')}".encode()).decode()
    return dict(form), {"Authorization": f"Basic {basic}"}


def hashed(row: Mapping[str, Any]) -> tuple[str, str]:
    """Return an account's number, and the hash that stands for it."""
    return str(row["accountNumber"]), str(row["hashValue"])


def unchanged(row: Any) -> Any:
    """Return what is said in Schwab's form already."""
    return row
