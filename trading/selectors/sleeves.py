"""What the strategy looks at: a view of each account's sleeves."""

from datetime import date
from decimal import Decimal

from allcore.kernel.clock import new_york_date
from allcore.kernel.instruments import InstrumentKind, Right
from allcore.kernel.orders import PositionEffect, Side
from allcore.kernel.tickets import OrderTicket
from brokers.models import Account
from marketdata.models import MarketEvent
from risk.domain.book import Book
from risk.domain.exposures import committed, secured
from risk.domain.limits import MissingNumberError
from risk.domain.lines import contract_of
from risk.selectors import kill
from trading.domain.proposals.view import SleeveView
from trading.domain.protocol import entry
from trading.domain.protocol.cycles import Cycle, running
from trading.domain.protocol.overlays import ladder_factor
from trading.domain.protocol.sizing import Position
from trading.domain.protocol.sleeves import ShortOption, Sleeve
from trading.domain.protocol.words import Tier
from trading.models import Proposal
from trading.selectors import protocol
from trading.selectors.movements import movements
from trading.selectors.seats import Desk, Seat


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
