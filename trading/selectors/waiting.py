"""Orders that wait at the desk, and what they look at."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db.models import QuerySet

from allcore.accounts.models import User
from allcore.kernel.orders import OrdStatus
from allcore.kernel.quotes import Quote
from brokers.models import Account
from marketdata.selectors import chains, quotes
from risk.selectors.permissions import visible_accounts
from trading.domain.contingent import conditions
from trading.domain.contingent.lists import Linkage, Policy
from trading.domain.contingent.step import Waiting, accounts_of, symbols_of
from trading.domain.contingent.view import Portfolio, View
from trading.domain.contingent.watches import watch_of
from trading.domain.contingent.words import condition_said, moment, watch_said
from trading.models import Hold, OrderLink
from trading.selectors import pnl
from trading.selectors.pnl import AccountPnl
from trading.selectors.tickets import ticket_of

MOST_SHOWN = 200


def armed() -> QuerySet[Hold]:
    """Return what watches for its trigger, oldest first."""
    return _of(Hold.State.ARMED)


def fired() -> QuerySet[Hold]:
    """Return what was set off and has not gone out."""
    return _of(Hold.State.FIRED)


def _of(state: Hold.State) -> QuerySet[Hold]:
    query = Hold.objects.filter(state=state, order__status="HELD")
    query = query.select_related("order__account__connection", "order__link__order_list")
    return query.prefetch_related("order__legs__instrument").order_by("order__created_at", "pk")


def waiting_of(hold: Hold) -> Waiting:
    """Return the order as the pure part looks at it."""
    link = getattr(hold.order, "link", None)
    return Waiting(
        ticket=ticket_of(hold.order),
        condition=hold.condition,
        is_met=hold.condition_met_at is not None,
        is_watched=hold.is_watched,
        is_in_turn=link is not None and is_linked(link),
        send_at=hold.send_at,
        memory=hold.memory,
    )


def waits_for(hold: Hold) -> str:
    """Return in words what the order waits for; of one that is sent or ended, what set it off or ended it."""
    link: OrderLink | None = getattr(hold.order, "link", None)
    waiting = waiting_of(hold)
    match hold.state:
        case Hold.State.WAITING:
            whole = "whole " if link is not None and link.order_list.policy == Policy.FULL else ""
            then = "" if _goes_first(waiting) else _says(hold, waiting)
            return f"Waits for the {whole}entry to fill; then {then or 'goes to the broker'}"
        case Hold.State.FIRED:
            last = (
                "leaves once the order linked to it is cancelled" if waiting.is_in_turn else "leaves at the next look"
            )
            return f"Set off: {hold.why} It {last}"
        case Hold.State.ARMED:
            said = _says(hold, waiting) or "goes at the next look"
            return said[0].upper() + said[1:]
        case _:
            return hold.why


def _says(hold: Hold, waiting: Waiting) -> str:
    watch = watch_of(waiting.ticket) if waiting.is_watched else None
    said: list[str] = []
    if waiting.condition is not None:
        until = condition_said(conditions.parse(waiting.condition))
        said.append("its condition holds" if waiting.is_met else f"waits until {until}")
    if watch is not None:
        said.append(f"watches until {watch_said(watch, hold.mark)}")
    elif waiting.send_at is not None:
        said.append(f"goes out at {moment(waiting.send_at)}, New York")
    elif waiting.is_in_turn:
        said.append("waits until the market is at its limit: another order of its list works at the broker")
    return "; then ".join(said)


def _goes_first(waiting: Waiting) -> bool:
    """Return whether nothing but its turn holds it back."""
    return waiting.condition is None and not waiting.is_watched and waiting.send_at is None


def held(user: User) -> QuerySet[Hold]:
    """Return what waits at the desk and the person may see, newest first."""
    query = Hold.objects.filter(order__status=OrdStatus.HELD, order__account__in=visible_accounts(user))
    query = query.select_related("order__account__connection", "order__link__order_list")
    return query.prefetch_related("order__legs__instrument").order_by("-order__created_at", "pk")[:MOST_SHOWN]


def is_linked(link: OrderLink) -> bool:
    """Return whether the order is one of those of its list that end one another."""
    return link.order_list.linkage != Linkage.NONE and link.role != OrderLink.Role.ENTRY


def view_of(waiting: Iterable[Waiting], *, now: datetime, exchange_now: datetime) -> View:
    """Return the moment as all of them may look at it.

    Raises:
        UnavailableError: Redis does not answer.
    """
    asked = list(waiting)
    symbols = {symbol for one in asked for symbol in symbols_of(one)}
    codes = {code for one in asked for code in accounts_of(one)}
    return view_at(symbols, codes, now=now, exchange_now=exchange_now)


def view_at(symbols: Iterable[str], codes: set[str], *, now: datetime, exchange_now: datetime) -> View:
    """Return the moment as whoever looks at the symbols and the accounts may see it.

    Raises:
        UnavailableError: Redis does not answer.
    """
    named = sorted(symbols)
    return View(
        now=now,
        exchange_now=exchange_now,
        quotes=quotes.latest(named),
        greeks=chains.greeks(named),
        portfolios=_portfolios(codes, now=now, exchange_now=exchange_now) if codes else {},
    )


def _portfolios(codes: set[str], *, now: datetime, exchange_now: datetime) -> dict[str, Portfolio]:
    owned = pnl.read(exchange_now, list(Account.objects.filter(code__in=codes).order_by("pk")))
    symbols = sorted({line.symbol for own in owned for line in own.lines})
    latest, greeks = (quotes.latest(symbols), chains.greeks(symbols)) if symbols else ({}, {})
    fresh = {s: q for s, q in latest.items() if q.age(now) <= View(now, exchange_now, {}).stale_after}
    found = [pnl.valued(own, quotes=fresh, greeks=greeks, last={}, peak=pnl.ZERO, now=now) for own in owned]
    return {account.books.account.code: _portfolio(account, fresh) for account in found}


def _portfolio(account: AccountPnl, fresh: Mapping[str, Quote]) -> Portfolio:
    """A position whose mark is stale, or missing, leaves the account's money unknown."""
    is_seen = all(p.mark is not None and not p.mark.is_stale for p in account.positions if p.line.qty)
    net = account.net if is_seen else None
    return Portfolio(
        day_pnl=account.day_pnl if is_seen else None,
        unrealised=account.unrealised if is_seen else None,
        delta=None if net is None else net.delta,
        gamma=None if net is None else net.gamma,
        theta=None if net is None else net.theta,
        vega=None if net is None else net.vega,
        seen_at=max(
            (fresh[p.line.symbol].received_at for p in account.positions if p.line.symbol in fresh), default=None
        ),
    )
