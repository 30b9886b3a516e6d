"""An exchange in a test's hand."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from allcore.kernel.quotes import Quote
from allcore.kernel.tickets import OrderTicket
from brokers.paper.books import AccountBook
from brokers.paper.exchange import Exchange
from brokers.paper.model import QUOTES, FillModel
from brokers.paper.moment import Moment, Terms
from brokers.paper.records import Change, OrderRecord, RequestKind, RequestRecord, Status
from brokers.paper.store import Snapshot
from brokers.paper.tariffs import FLAT
from brokers.paper.ticks import TickBook
from tests.builders.paper import ACCOUNT, OPEN_AT, book

TERMS = Terms("paper", TickBook().tick, FLAT, 2.0)
CLOSE_AT = datetime(2026, 6, 10, 20, 0, tzinfo=UTC)


class Floor:
    """An exchange, what has come out of it, and a hand that moves time."""

    def __init__(
        self,
        account: AccountBook | None = None,
        *,
        model: FillModel = QUOTES,
        seed: str = "",
        has_actions: bool = False,
        **terms: Any,
    ) -> None:
        account = account or book()
        known = replace(TERMS, model=model, seed=seed, has_actions=has_actions, **terms)
        self.exchange = Exchange(Snapshot({ACCOUNT: account}, (), (), {}, {}), known)
        self.changes: list[Change] = []
        self.quotes: dict[str, Quote] = {}

    def send(self, name: str, ticket: OrderTicket, *, at: datetime = OPEN_AT) -> None:
        self.exchange.take_order(OrderRecord(name, name, ACCOUNT, ticket, Status.PENDING, at, at))

    def cancel(self, name: str, orig: str, *, at: datetime) -> None:
        order = self.exchange.order_of(orig)
        order_id = "" if order is None else order.cl_ord_id
        self.exchange.take_request(RequestRecord(name, RequestKind.CANCEL, ACCOUNT, order_id, orig, at))

    def show(self, symbol: str, bid: str, ask: str, *, at: datetime, size: int = 10, last: str | None = None) -> None:
        self.quotes[symbol] = Quote(
            symbol, Decimal(bid), Decimal(ask), size, size, Decimal(last) if last else None, at, at, "test"
        )

    def go(self, at: datetime, *changed: str, is_blind: bool = False) -> list[str]:
        """Advance, and return the kinds of what is said."""
        moment = Moment(at, at, {} if is_blind else dict(self.quotes), frozenset(changed), is_blind)
        changes = self.exchange.advance(moment)
        self.changes += changes
        return [str(report.kind) for change in changes for report in change.reports]

    @property
    def orders(self) -> dict[str, OrderRecord]:
        return {o.cl_ord_id: o for change in self.changes for o in change.orders}


def after(**by: float) -> datetime:
    return OPEN_AT + timedelta(**by)
