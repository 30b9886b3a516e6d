"""An order looked at before it is sent: the gate's verdict, margin, fees, payoff. Nothing is written."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from allcore.accounts.models import User
from allcore.kernel.errors import DeskError, UnavailableError
from allcore.kernel.instruments import InstrumentKind, TickRule
from allcore.kernel.money import ceil_to_tick, floor_to_tick
from allcore.kernel.orders import PriceEffect
from allcore.kernel.tickets import LIMITED, OrderTicket
from brokers.models import Account
from marketdata.models import Instrument
from marketdata.selectors import chains, clock, instruments, quotes
from risk.domain import gate
from risk.domain.margin.what_if import estimate
from risk.domain.market import COMBO_TICK
from risk.domain.permissions import Action
from risk.domain.prices import natural, passive
from risk.domain.request import GateRequest
from risk.domain.verdict import Assessment, CheckResult, Level, Outcome
from risk.selectors.permissions import may
from trading.domain import tickets
from trading.domain.contingent.judged import judged
from trading.domain.contingent.waits import Wait
from trading.domain.proposals.card import fees_of
from trading.domain.proposals.changes import changes
from trading.domain.proposals.sentences import sentence
from trading.domain.structures.analysis import Scenario, View, analyse, net_of
from trading.selectors import exposures, opening, protocol
from trading.selectors.accounts import account_seen_by
from trading.selectors.offers import offered
from trading.selectors.rows import Row

Content = dict[str, object]


class NoSpotError(UnavailableError):
    """The underlying or a leg has no two-sided quote, so nothing can be said about the order."""

    code = "NO_SPOT"


def preview(draft: Mapping[str, Any], user: User, scenario: Scenario, *, now: datetime) -> Content:
    """Return what sending the draft would mean, the gate's every line included.

    A draft without the limit that its type needs is priced at the middle of the market, and says so. What it waits for
    and asks of the broker is looked at as placing does; what placing would refuse is told, and blocks.

    Raises:
        UnknownInstrumentError, InvalidTicketError: the draft is no ticket.
        NotFoundError: there is no such account, or it is not theirs to see.
        NoSpotError: the market shows too little.
    """
    account = account_seen_by(draft["account"], user)
    known = instruments.by_symbol([draft["underlying"], *(leg["symbol"] for leg in draft["legs"])])
    ticket, is_priced_here = _ticket(draft, known)
    placed, wait, refused = _as_placed(account, ticket, draft, now=now)
    request = judged(exposures.gate_request(account, placed, now=now, is_manual=True), wait)
    assessment = gate.assess(request)
    outcome, checks = _verdict(assessment, refused)
    fees = fees_of(ticket, protocol.active_parameters().fees.option)
    dividend = known[ticket.underlying].dividend_yield if ticket.underlying in known else 0.0
    looked_at = analyse(ticket, _view(request, dividend), scenario)
    return {
        "sentence": sentence(ticket),
        "ticket": ticket.as_dict(),
        "is_priced_here": is_priced_here,
        "market": _market(ticket, request),
        **looked_at,
        "fees": f"{fees:f}",
        "changes": [change.as_row() for change in changes(request, assessment, fees)],
        "margin": estimate(request, dividend=dividend, rate=clock.rate()).as_dict(),
        "cash_required": f"{assessment.cash_required:f}",
        "outcome": str(outcome),
        "checks": checks,
        "refused": None if refused is None else {"code": refused.code, "message": refused.message},
        "may_send": may(user, Action.SEND_ORDER, account),
        "at_broker": offered(account),
        "at": request.market.exchange_now.isoformat(),
    }


def structure(draft: Mapping[str, Any], scenario: Scenario, *, now: datetime) -> Content:
    """Return the name, profile, Greeks and curves of a draft, for nobody's account in particular.

    Raises:
        UnknownInstrumentError, InvalidTicketError: the draft is no ticket.
        NoSpotError: the market shows too little.
    """
    known = instruments.by_symbol([draft["underlying"], *(leg["symbol"] for leg in draft["legs"])])
    ticket, _ = _ticket(draft, known)
    symbols = [ticket.underlying, *(leg.symbol for leg in ticket.legs)]
    dividend = known[ticket.underlying].dividend_yield if ticket.underlying in known else 0.0
    spot = quotes.latest([ticket.underlying]).get(ticket.underlying)
    if spot is None or spot.mid is None:
        raise _no_spot(ticket.underlying)
    view = View(
        spot=float(spot.mid),
        at=clock.exchange_now(now),
        rate=clock.rate(),
        dividend=dividend,
        ivs={symbol: values.iv for symbol, values in chains.greeks(symbols).items()},
        net=net_of(ticket, natural(ticket, quotes.latest(symbols))),
        is_american=ticket.underlying not in known or known[ticket.underlying].kind != InstrumentKind.INDEX,
    )
    return analyse(ticket, view, scenario)


def _as_placed(
    account: Account, ticket: OrderTicket, draft: Mapping[str, Any], *, now: datetime
) -> tuple[OrderTicket, Wait | None, DeskError | None]:
    """Return the ticket and its wait as placing would stage them, or the ticket and why it would not."""
    try:
        return *opening.prepared(account, ticket, draft, now=now), None
    except opening.REFUSALS as e:
        return ticket, None, e


def _verdict(assessment: Assessment, refused: DeskError | None) -> tuple[Outcome, list[Row]]:
    if refused is None:
        return assessment.outcome, assessment.as_rows()
    said = CheckResult("as_placed", "What it asks for", Level.BROKER, Outcome.HARD_BLOCK, refused.message)
    return Outcome.HARD_BLOCK, [said.as_row(), *assessment.as_rows()]


def _ticket(draft: Mapping[str, Any], known: Mapping[str, Instrument]) -> tuple[OrderTicket, bool]:
    """Return the draft as a ticket, and whether its limit was found here."""
    multipliers = {symbol: row.multiplier for symbol, row in known.items()}
    if draft["ord_type"] not in LIMITED or draft.get("limit_price") is not None:
        return tickets.complete(draft, multipliers), False
    unpriced = {**draft, "ord_type": "MARKET", "stop_price": None, "trigger": None}
    bare = tickets.complete(unpriced, multipliers)
    seen = quotes.latest([leg.symbol for leg in bare.legs])
    missing = [leg.symbol for leg in bare.legs if leg.symbol not in seen or seen[leg.symbol].mid is None]
    if missing:
        raise _no_spot(missing[0])
    middle = (natural(bare, seen) + passive(bare, seen)) / 2
    effect = PriceEffect.DEBIT if middle >= 0 else PriceEffect.CREDIT
    if not bare.is_multi_leg:
        effect = bare.price_effect
    tick = COMBO_TICK if bare.is_multi_leg else _tick(known[bare.legs[0].symbol], abs(middle))
    limit = floor_to_tick(abs(middle), tick) if effect is PriceEffect.DEBIT else ceil_to_tick(abs(middle), tick)
    return tickets.complete({**draft, "price_effect": str(effect), "limit_price": limit}, multipliers), True


def _tick(instrument: Instrument, price: Decimal) -> Decimal:
    return TickRule(instrument.tick_rule).tick_at(price)


def _view(request: GateRequest, dividend: float) -> View:
    ticket, market = request.ticket, request.market
    spot, listing = market.spots.get(ticket.underlying), market.listings.get(ticket.underlying)
    if spot is None or spot.mid is None:
        raise _no_spot(ticket.underlying)
    return View(
        spot=float(spot.mid),
        at=market.exchange_now,
        rate=clock.rate(),
        dividend=dividend,
        ivs={leg.symbol: market.greeks[leg.symbol].iv for leg in ticket.legs if leg.symbol in market.greeks},
        net=net_of(ticket, natural(ticket, market.quotes)),
        shares_held=request.book.qty(ticket.underlying),
        is_american=listing is None or listing.kind is not InstrumentKind.INDEX,
    )


def _market(ticket: OrderTicket, request: GateRequest) -> Content:
    """Return the net market of one unit as the ticket's own direction names it, per share."""
    at_once, at_best = natural(ticket, request.market.quotes), passive(ticket, request.market.quotes)
    is_credit = ticket.price_effect is PriceEffect.CREDIT
    bid, ask = (-at_once, -at_best) if is_credit else (at_best, at_once)
    return {"bid": f"{bid:f}", "ask": f"{ask:f}", "mid": f"{(bid + ask) / 2:f}"}


def _no_spot(symbol: str) -> NoSpotError:
    return NoSpotError(f"{symbol} has no two-sided quote now, so the order cannot be judged.", symbol=symbol)
