"""What the strategy looks at: the desk read once, and a view of each account's sleeves."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import Max

from allcore.kernel.clock import new_york_date
from allcore.kernel.instruments import InstrumentKind, Right
from allcore.kernel.orders import PositionEffect, Side
from allcore.kernel.quotes import Quote
from allcore.kernel.tickets import OrderTicket
from brokers.models import Account
from marketdata.models import MarketEvent
from marketdata.selectors import chains, clock, quotes
from risk.domain.book import Book
from risk.domain.exposures import committed, secured
from risk.domain.limits import MissingNumberError
from risk.domain.lines import contract_of
from risk.selectors import kill
from trading.domain.proposals.view import SleeveView
from trading.domain.protocol import entry
from trading.domain.protocol.cycles import Cycle, running
from trading.domain.protocol.drawdown import Standing
from trading.domain.protocol.overlays import MarketState, ladder_factor
from trading.domain.protocol.parameters import Parameters
from trading.domain.protocol.sizing import Position
from trading.domain.protocol.sleeves import ShortOption, Sleeve
from trading.domain.protocol.strikes import Candidate
from trading.domain.protocol.words import Tier
from trading.models import MarketWeek, Proposal
from trading.selectors import portfolio, protocol
from trading.selectors.candidates import candidates
from trading.selectors.household import Household, household
from trading.selectors.movements import movements

ENVIRONMENTS = ("PAPER", "LIVE")
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


def view(desk: Desk, seat: Seat, name: str) -> SleeveView:
    """Return one sleeve. Proposals that are open by now count as taken, those of this very sleeve apart."""
    account, sleeve = seat.account, sleeve_of(seat.book, name)
    return SleeveView(
        account=account.code,
        tier=seat.tier,
        parameters=desk.parameters,
        sleeve=sleeve,
        cycle=_cycle(account, sleeve),
        options=desk.listed(name, _expiries(desk, seat.tier, sleeve)),
        rate=desk.rate,
        now=desk.now,
        exchange_now=desk.exchange_now,
        market=desk.market,
        name=protocol.name_state(desk.week, name, desk.exchange_now),
        spot=seat.spots.get(name),
        position=_position(seat, name, desk),
        earnings=seat.events[MarketEvent.Kind.EARNINGS].get(name, frozenset()),
        ex_dividends=seat.events[MarketEvent.Kind.EX_DIVIDEND].get(name, frozenset()),
        kill_level=kill.level_for(connection=seat.book.connection, account=account.code, underlying=name),
        is_enabled=account.is_enabled,
        has_break=name in seat.book.open_breaks,
        has_working_order=any(p.ticket.underlying == name for p in seat.book.pending),
        cool_until=seat.cooling.get(name),
    )


def sleeve_of(book: Book, underlying: str) -> Sleeve:
    """Return what an account holds in an underlying."""
    held = [h for h in book.holdings if h.underlying == underlying]
    shorts = [
        ShortOption(contract, -h.qty, h.avg_px or Decimal(0), h.multiplier)
        for h in held
        if h.qty < 0 and (contract := contract_of(h.symbol)) is not None
    ]
    shares = sum(h.qty for h in held if h.kind != InstrumentKind.OPTION)
    return Sleeve(underlying, shares, tuple(shorts))


def put_dollars(ticket: OrderTicket) -> Decimal:
    """Return the dollars that the puts which a ticket opens would bind."""
    return sum(
        (
            contract.strike * leg.multiplier * leg.ratio * ticket.quantity
            for leg in ticket.legs
            if leg.position_effect is PositionEffect.OPEN
            and leg.side is Side.SELL
            and (contract := contract_of(leg.symbol)) is not None
            and contract.right is Right.PUT
        ),
        Decimal(0),
    )


def _cycle(account: Account, sleeve: Sleeve) -> Cycle:
    if not sleeve.shares and not sleeve.shorts:
        return Cycle(())
    return running(movements(account, sleeve.underlying))


def _expiries(desk: Desk, tier: Tier, sleeve: Sleeve) -> set[date]:
    """Return the expiries whose options this sleeve may look at today."""
    rules, today = desk.parameters.tier(tier), new_york_date(desk.exchange_now)
    wanted = {short.expiry for short in sleeve.shorts}
    for put in sleeve.puts:
        wanted |= set(entry.roll_expiries(today, put.expiry, desk.parameters.roll.max_days))
    if sleeve.shares:
        wanted |= set(entry.call_expiries(rules, today))
    elif not sleeve.shorts:
        wanted |= set(entry.put_expiries(rules, today))
    return wanted


def _position(seat: Seat, name: str, desk: Desk) -> Position | None:
    """Return where the account stands, or None if a price is missing."""
    book = seat.book
    if book.equity is None or book.household_equity is None:
        return None
    mine = [p for p in book.pending if p.ticket.underlying == name]
    try:
        deployed = committed(book.holdings, book.pending)
        deployed_in_name = committed([h for h in book.holdings if h.underlying == name], mine)
    except MissingNumberError:
        return None
    household_in_name = book.household_notional.get(name, Decimal(0))
    if household_in_name is None:
        return None
    elsewhere, same_name = _spoken_for(seat, name)
    names = {h.underlying for h in book.holdings} | {p.ticket.underlying for p in book.pending}
    return Position(
        tier=seat.tier,
        equity=book.equity,
        free_cash=book.cash - secured(book.holdings) - sum((p.cash for p in book.pending), Decimal(0)) - elsewhere,
        deployed=deployed + elsewhere,
        deployed_in_name=deployed_in_name,
        household_equity=book.household_equity,
        household_in_name=household_in_name + same_name,
        names_held=len(names),
        holds_name=name in names,
        drawdown=seat.standing.drawdown,
        ladder=ladder_factor(seat.standing.rung, desk.parameters),
    )


def _spoken_for(seat: Seat, name: str) -> tuple[Decimal, Decimal]:
    """Return what open proposals would bind: of this account in other names, and of other accounts in this name."""
    opened = Proposal.objects.filter(
        status__in=Proposal.OPEN, account__connection__environment=seat.account.connection.environment
    ).values_list("account_id", "underlying", "content__ticket")
    elsewhere = same_name = Decimal(0)
    for account_id, underlying, ticket in opened.order_by("id"):
        bound = put_dollars(OrderTicket.from_dict(ticket))
        if account_id == seat.account.pk and underlying != name:
            elsewhere += bound
        elif account_id != seat.account.pk and underlying == name:
            same_name += bound
    return elsewhere, same_name


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
