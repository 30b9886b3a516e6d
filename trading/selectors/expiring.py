"""Short options as the market has them, and what waits for a person about them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import QuerySet

from allcore.accounts.models import User
from allcore.kernel.calendar import next_session
from allcore.kernel.clock import new_york_date
from allcore.kernel.instruments import OptionContract, Right
from allcore.kernel.money import from_float
from allcore.kernel.quotes import Greeks, Quality, Quote
from marketdata.selectors import chains
from marketdata.selectors.clock import FeedClock
from risk.domain.circumstances import Dividend
from risk.domain.controls.assignment import twin_of
from risk.selectors.permissions import visible_accounts
from trading.domain.expiring import Seen
from trading.models import ExpiryTask, Position
from trading.selectors import assignments
from trading.selectors.rows import Row

STALE_AFTER = 60.0  # seconds since the source last vouched for a quote
YESTERDAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Short:
    """A short position and what the market says of it; `ask` is what closing it costs a share."""

    position: Position
    seen: Seen
    ask: Decimal | None


def shorts(feed: FeedClock, *, now: datetime) -> list[Short]:
    """Return every short option of every account, in a steady order."""
    held = Position.objects.filter(qty__lt=0, instrument__kind="OPTION").order_by("account_id", "id")
    positions = list(held.select_related("account__connection", "instrument__underlying"))
    if not positions:
        return []
    contracts = {p.pk: OptionContract.parse(p.instrument.symbol) for p in positions}
    names = {_name(p) for p in positions}
    today = new_york_date(feed.clock.at(now))
    due = assignments.due(sorted(names), today, next_session(today).day)
    twins = {twin_of(c) for c in contracts.values() if c.right is Right.CALL and due}
    quotes, greeks = chains.marks({p.instrument.symbol for p in positions} | names | twins)
    fresh = {symbol: quote for symbol, quote in quotes.items() if _is_fresh(quote, now)}
    return [_short(p, contracts[p.pk], _Market(fresh, greeks, feed.rate), due) for p in positions]


@dataclass(frozen=True, slots=True)
class _Market:
    quotes: Mapping[str, Quote]
    greeks: Mapping[str, Greeks]
    rate: float

    def mid(self, symbol: str) -> Decimal | None:
        quote = self.quotes.get(symbol)
        return None if quote is None else quote.mid

    def worth(self, symbol: str) -> Decimal | None:
        """Return the middle, or the model's value of what has none."""
        mid, values = self.mid(symbol), self.greeks.get(symbol)
        return mid if mid is not None or values is None else from_float(values.price, 4)


def _short(position: Position, contract: OptionContract, market: _Market, due: Mapping[str, assignments.Due]) -> Short:
    symbol, found = position.instrument.symbol, due.get(_name(position))
    quote = market.quotes.get(symbol)
    seen = Seen(
        contract=contract,
        spot=market.mid(_name(position)),
        price=market.mid(symbol),
        put=market.worth(twin_of(contract)) if contract.right is Right.CALL else None,
        rate=market.rate,
        dividend=None if found is None else Dividend(found.ex_date, from_float(found.amount, 6)),
    )
    return Short(position, seen, None if quote is None else quote.ask)


def _is_fresh(quote: Quote, now: datetime) -> bool:
    return quote.quality in (Quality.GOOD, Quality.LOCKED) and quote.age(now) <= STALE_AFTER


def _name(position: Position) -> str:
    owner = position.instrument.underlying
    return position.instrument.symbol if owner is None else owner.symbol


def visible(user: User) -> QuerySet[ExpiryTask]:
    """Return what waits for somebody in the accounts that the person may see, the newest first."""
    mine = ExpiryTask.objects.filter(account__in=visible_accounts(user), closed_at=None)
    return mine.select_related("account", "instrument", "proposal").order_by("-found_at", "-id")


def rows(tasks: Iterable[ExpiryTask]) -> list[Row]:
    """Return tasks' rows."""
    return [task_row(task) for task in tasks]


def task_row(task: ExpiryTask) -> Row:
    """Return a task's row; its account, instrument and proposal should be loaded."""
    return {
        "id": task.pk,
        "account": task.account.code,
        "symbol": task.instrument.symbol,
        "description": str(OptionContract.parse(task.instrument.symbol)),
        "cause": task.cause,
        "day": task.day.isoformat(),
        "sentence": task.sentence,
        "proposal": None if task.proposal is None else str(task.proposal.pk),
        "proposal_status": None if task.proposal is None else task.proposal.status,
        "found_at": task.found_at.isoformat(),
        "closed_at": None if task.closed_at is None else task.closed_at.isoformat(),
    }
