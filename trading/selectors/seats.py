"""What the strategy sits on: the desk read once in a run, and each account's seat at it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db.models import Max

from allcore.kernel.clock import new_york_date
from allcore.kernel.quotes import Quote
from brokers.models import Account
from marketdata.models import MarketEvent
from marketdata.selectors import chains, clock, quotes
from risk.domain.book import Book
from trading.domain.protocol.drawdown import Standing
from trading.domain.protocol.overlays import MarketState
from trading.domain.protocol.parameters import Parameters
from trading.domain.protocol.strikes import Candidate
from trading.domain.protocol.words import Tier
from trading.models import MarketWeek, Proposal
from trading.selectors import portfolio, protocol
from trading.selectors.candidates import candidates
from trading.selectors.household import Household, household

SOON = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Desk:
    """What every sleeve of one environment shares, read once in a run of the strategy."""

    now: datetime
    exchange_now: datetime
    parameters: Parameters
    week: MarketWeek | None
    market: MarketState | None
    rate: float
    house: Household
    options: dict[tuple[str, date], tuple[Candidate, ...]] = field(default_factory=dict)

    def listed(self, underlying: str, expiries: Iterable[date]) -> tuple[Candidate, ...]:
        """Return the options of the expiries, each read once a run."""
        missing = [day for day in sorted(set(expiries)) if (underlying, day) not in self.options]
        for day in missing:
            self.options[underlying, day] = candidates(underlying, day)
        return tuple(o for day in sorted(set(expiries)) for o in self.options[underlying, day])


@dataclass(frozen=True, slots=True)
class Seat:
    """One account as its sleeves share it: its book, its names, its drawdown, what is due in its names."""

    account: Account
    book: Book
    names: tuple[str, ...]
    spots: Mapping[str, Quote]
    standing: Standing
    events: Mapping[str, Mapping[str, frozenset[date]]]
    cooling: Mapping[str, datetime]

    @property
    def tier(self) -> Tier:
        """The account's tier."""
        return Tier(self.account.tier)


def desk(environment: str, *, now: datetime) -> Desk:
    """Read what every sleeve of the environment shares.

    Raises:
        NoFeedError: the exchange has no time yet.
        NoParametersError: the protocol has no numbers.
    """
    exchange_now = clock.exchange_now(now)
    week = protocol.week_of(exchange_now)
    return Desk(
        now=now,
        exchange_now=exchange_now,
        parameters=protocol.active_parameters(),
        week=week,
        market=protocol.market_state(week, exchange_now),
        rate=clock.rate(),
        house=household(environment, exchange_now),
    )


def seat(desk: Desk, account: Account) -> Seat:
    """Return an account with its tier's names and whatever else it holds; `account.connection` should be loaded."""
    symbols = desk.house.symbols | set(protocol.universe(desk.parameters))
    latest, greeks = quotes.latest(symbols), chains.greeks(symbols)
    own = portfolio.book(account, desk.house, quotes=latest, greeks=greeks)
    rules = desk.parameters.tier(Tier(account.tier))
    names = tuple(sorted(set(rules.universe) | {h.underlying for h in own.holdings}))
    return Seat(
        account=account,
        book=own,
        names=names,
        spots=latest,
        standing=protocol.account_standing(account, desk.parameters, equity=own.equity),
        events=_events(names, desk.exchange_now),
        cooling=_cooling(account, desk),
    )


def _events(names: Iterable[str], exchange_now: datetime) -> dict[str, dict[str, frozenset[date]]]:
    today = new_york_date(exchange_now)
    found: dict[str, dict[str, frozenset[date]]] = {str(kind): {} for kind in MarketEvent.Kind.values}
    rows = MarketEvent.objects.filter(instrument__symbol__in=list(names), day__gte=today, day__lte=today + SOON)
    for kind, name, day in rows.values_list("kind", "instrument__symbol", "day"):
        found[kind][name] = found[kind].get(name, frozenset()) | {day}
    return found


def _cooling(account: Account, desk: Desk) -> Mapping[str, datetime]:
    """Return until when each name rests after a person's no."""
    rest = timedelta(minutes=desk.parameters.hitl.cool_down_minutes)
    refused = Proposal.objects.filter(
        account=account, status=Proposal.Status.REJECTED, decided_at__gt=desk.now - rest
    ).values_list("underlying")
    return {name: at + rest for name, at in refused.annotate(at=Max("decided_at")).order_by("underlying")}
