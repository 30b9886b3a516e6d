"""The scorecard of an order: every account it may go to, asked of the gate and reckoned by the cost model."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from allcore.accounts.actors import Actor
from allcore.kernel.clock import new_york_date
from allcore.kernel.errors import InvalidInputError, NotFoundError, UnavailableError
from allcore.kernel.orders import PositionEffect, Side
from allcore.kernel.tickets import OrderTicket
from brokers.models import Account, Connection
from brokers.selectors.capabilities import capabilities_of
from brokers.selectors.fees import expected_fee
from marketdata.selectors import instruments
from risk.domain.permissions import Action
from risk.domain.prices import natural, passive, signed_limit, unit_multiplier
from risk.domain.request import GateRequest
from risk.domain.verdict import Outcome
from risk.selectors.permissions import may, visible_accounts
from risk.services import gate
from trading.domain import tickets
from trading.domain.routing.cost import Outlook, Record, fill_probability
from trading.domain.routing.scorecard import Candidate, Facts, Past, Scorecard, Want, choose
from trading.selectors import execution_quality, exposures
from trading.selectors.execution_quality import LATENCY, Quality
from trading.selectors.rows import Row, text

DRIFT = Decimal("0.0004")  # dollars a share and second: what waiting costs, until it is measured
MINUTE_LIMIT = "messages_minute"


class NotRoutableError(UnavailableError):
    """The market of the order cannot be read, so nothing can be reckoned."""

    code = "NOT_ROUTABLE"


def scorecard(draft: Mapping[str, Any], route: Sequence[str], *, actor: Actor, now: datetime) -> tuple[Scorecard, Row]:
    """Return where the draft would go among the accounts, and the whole reckoning as it is kept and shown.

    Raises:
        NotFoundError: one of the accounts is not there, or not theirs to see.
        UnknownInstrumentError, InvalidTicketError: the draft is no ticket.
        NotRoutableError: a leg has no two-sided quote.
    """
    accounts = _accounts(route, actor)
    known = instruments.by_symbol([leg["symbol"] for leg in draft["legs"]])
    multipliers = {symbol: row.multiplier for symbol, row in known.items()}
    ticket = tickets.complete({**draft, "account": accounts[0].code}, multipliers)
    records = execution_quality.by_connection(is_combo=ticket.is_multi_leg, now=now)
    requests = [
        exposures.gate_request(account, replace(ticket, account=account.code), now=now, is_manual=True)
        for account in accounts
    ]
    want = _want(ticket, requests[0])
    candidates = [
        Candidate(
            account=account.code,
            connection=account.connection.name,
            facts=_facts(account, request, actor),
            outlook=_outlook(account.connection, request, want, records),
            preference=place,
            seen=_seen(records, account.connection),
        )
        for place, (account, request) in enumerate(zip(accounts, requests, strict=True))
    ]
    card = choose(want, candidates, past=_past(ticket, accounts, now))
    return card, card_row(card, want)


def _past(ticket: OrderTicket, accounts: Sequence[Account], now: datetime) -> Past | None:
    """Return how much was explored so far; None for what does not explore: live accounts, and orders that close."""
    is_paper = all(a.connection.environment == Connection.Environment.PAPER for a in accounts)
    if not is_paper or any(leg.position_effect is PositionEffect.CLOSE for leg in ticket.legs):
        return None
    return execution_quality.explored(now=now)


def _seen(records: Mapping[int, Quality], connection: Connection) -> int:
    own = records.get(connection.pk)
    return 0 if own is None else own.record.fills + own.record.misses


def _accounts(route: Sequence[str], actor: Actor) -> list[Account]:
    if len(set(route)) != len(route):
        raise InvalidInputError("Each candidate account is named once.", route=list(route))
    seen = visible_accounts(actor.user).select_related("connection").filter(code__in=route)
    by_code = {account.code: account for account in seen}
    for code in route:
        if code not in by_code:
            raise NotFoundError(f"There is no account {code}.", account=code)
    return [by_code[code] for code in route]


def _want(ticket: OrderTicket, request: GateRequest) -> Want:
    """Return the order in costs: bought as a package, so that a sale's price is below zero and no side is asked."""
    for leg in ticket.legs:
        quote = request.market.quotes.get(leg.symbol)
        if quote is None or quote.mid is None:
            raise NotRoutableError(f"The quote of {leg.symbol} lacks a side. Nothing was reckoned.", symbol=leg.symbol)
    low, high = passive(ticket, request.market.quotes), natural(ticket, request.market.quotes)
    return Want(
        side=Side.BUY,
        quantity=ticket.quantity,
        multiplier=unit_multiplier(ticket),
        mid=(low + high) / 2,
        opportunity=(high - low) / 2,  # who misses the fill crosses the rest of the spread later
    )


def _outlook(connection: Connection, request: GateRequest, want: Want, records: dict[int, Quality]) -> Outlook:
    ticket = request.ticket
    own = records.get(connection.pk)
    limit = signed_limit(ticket)
    at_once = natural(ticket, request.market.quotes)
    price = at_once if limit is None else min(limit, at_once)
    pool = execution_quality.pooled(records)
    empty = Record(0, 0)
    return Outlook(
        price=price,
        fee=expected_fee(connection, ticket, abs(price), new_york_date(request.market.exchange_now)),
        fill_probability=fill_probability(empty if own is None else own.record, pool).quantize(Decimal("0.0001")),
        latency_ms=LATENCY if own is None else own.latency_ms,
        drift=DRIFT,
    )


def _facts(account: Account, request: GateRequest, actor: Actor) -> Facts:
    ticket, market = request.ticket, request.market
    assessment = gate.assess(request)
    blocked = assessment.of(Outcome.HARD_BLOCK, Outcome.SOFT_BLOCK)
    takes = capabilities_of(account.connection.broker)
    return Facts(
        may_send=may(actor.user, Action.SEND_ORDER, account),
        is_enabled=account.is_enabled,
        is_healthy=market.connection_state == Connection.State.UP,
        kill_level=market.kill_level,
        is_paused=market.connection_paused,
        is_closing=any(leg.position_effect is PositionEffect.CLOSE for leg in ticket.legs),
        holds_position=_holds(request),
        legs=len(ticket.legs),
        most_legs=takes.max_legs,
        takes_type=ticket.ord_type in takes.ord_types and ticket.time_in_force in takes.times_in_force,
        gate=blocked[0].message if assessment.outcome in (Outcome.HARD_BLOCK, Outcome.SOFT_BLOCK) else "",
        messages_left=_messages_left(request),
    )


def _holds(request: GateRequest) -> bool:
    """Return whether the account has enough of every leg that closes."""
    closing = (leg for leg in request.ticket.legs if leg.position_effect is PositionEffect.CLOSE)
    return all(-leg.side.sign * request.book.qty(leg.symbol) >= leg.ratio * request.ticket.quantity for leg in closing)


def _messages_left(request: GateRequest) -> int:
    most = request.limits[MINUTE_LIMIT].hard
    return 1 if most is None else int(most) - request.messages.minute


def card_row(card: Scorecard, want: Want) -> Row:
    """Return the scorecard as it is kept with the order: costs are dollars, prices costs a share."""
    return {
        "choice": card.choice,
        "reason": card.reason,
        "mid": text(want.mid),
        "opportunity": text(want.opportunity),
        "could_explore": card.could_explore,
        "explores": card.explores,
        "scores": [
            {
                "account": score.candidate.account,
                "connection": score.candidate.connection,
                "refusals": list(score.refusals),
                "price": text(score.candidate.outlook.price),
                "fee": text(score.candidate.outlook.fee),
                "fill_probability": str(score.candidate.outlook.fill_probability),
                "seen": score.candidate.seen,
                "latency_ms": str(score.candidate.outlook.latency_ms),
                "drift": str(score.candidate.outlook.drift),
                "trading": f"{score.cost.trading:.4f}",
                "missing": f"{score.cost.opportunity:.4f}",
                "waiting": f"{score.cost.latency:.4f}",
                "total": f"{score.cost.total:.4f}",
            }
            for score in card.scores
        ],
    }
