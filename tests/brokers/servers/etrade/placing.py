"""Preview, then place: what was previewed is placed as it was, once, and within three minutes."""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.brokers.servers.book import Order, Refusal, Terms
from tests.brokers.servers.etrade.orders import listed
from tests.brokers.servers.exchange import Exchange


@dataclass(frozen=True, slots=True)
class Previewed:
    """What was previewed, when, and what it would change."""

    request: Mapping[str, Any]
    terms: Terms
    at: datetime
    changes: int | None = None


class Placing:
    """Keeps previews, and books what is placed."""

    def __init__(self, exchange: Exchange, clock: Callable[[], datetime]) -> None:
        self.preview_lasts = timedelta(seconds=180)
        self._exchange = exchange
        self._clock = clock
        self._numbers = itertools.count(1_627_181_131)
        self._previews: dict[int, Previewed] = {}

    def preview(self, asked: Mapping[str, Any], terms: Terms, changes: int | None) -> int:
        """Keep a preview and return its number."""
        number = next(self._numbers)
        self._previews[number] = Previewed(_essence(asked), terms, self._clock(), changes)
        return number

    def previewed(self, account: str, asked: Mapping[str, Any]) -> Previewed:
        """Return the preview that is to be placed.

        Raises:
            Refusal: it is a duplicate, or there is none, or none of this order, or it is too old.
        """
        mine = [order for order in self._exchange.orders.values() if order.account == account]
        if any(order.extra.get("client_order_id") == asked["clientOrderId"] for order in mine):
            raise Refusal("DUPLICATE", "")
        numbers = [int(row["previewId"]) for row in listed(asked.get("PreviewIds") or [])]
        previewed = self._previews.get(numbers[0]) if numbers else None
        if previewed is None or previewed.request != _essence(asked):
            raise Refusal("PREVIEW", "InvalidPreviewId")
        if self._clock() - previewed.at >= self.preview_lasts:
            raise Refusal("PREVIEW", "For your security we have timed out your original order request.")
        return previewed

    def booked(self, account: str, asked: Mapping[str, Any], previewed: Previewed) -> Order:
        """Book it, or put it in the place of the order that it changes."""
        extra: dict[str, object] = {
            "kind": asked["orderType"],
            "body": listed(asked["Order"])[0],
            "client_order_id": asked["clientOrderId"],
        }
        if previewed.changes is None:
            return self._exchange.place(account, previewed.terms, extra=extra)
        new = self._exchange.supersede(previewed.changes, previewed.terms)
        new.extra = extra
        return new


def _essence(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return what must be the same when an order is placed as when it was previewed."""
    return {name: asked[name] for name in ("orderType", "clientOrderId")} | {
        "Order": [{n: str(v) for n, v in order.items() if n != "previewId"} for order in listed(asked["Order"])]
    }
