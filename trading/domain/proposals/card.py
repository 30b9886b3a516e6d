"""A proposal's card: all that the approver sees, and what an approval is bound to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from allcore.kernel.errors import UnavailableError
from allcore.kernel.instruments import TickRule
from allcore.kernel.money import ZERO, to_cents
from allcore.kernel.orders import PriceEffect
from allcore.kernel.quotes import Quote
from allcore.kernel.tickets import OrderTicket
from risk.domain.lines import contract_of
from risk.domain.market import COMBO_TICK
from risk.domain.prices import natural, passive
from risk.domain.request import GateRequest
from risk.domain.verdict import Assessment
from trading.domain.approval.drift import combo_mid
from trading.domain.proposals.changes import cash_flow, changes, lines_after
from trading.domain.proposals.payoff import Line, Situation, payoff
from trading.domain.proposals.sentences import sentence
from trading.domain.proposals.view import Idea
from trading.domain.protocol.overlays import MarketState

Content = dict[str, object]
FALLBACK_SIGMA = 0.30  # only where the one-sigma marks stand, if no option of the name has a volatility


class NoPriceError(UnavailableError):
    """The card cannot be made: a price is missing."""

    code = "NO_PRICE"


@dataclass(frozen=True, slots=True)
class Reasons:
    """Why it is proposed, and what else could be done: JSON values, since a change keeps those of the first card."""

    strategy: str
    why: Mapping[str, object]
    alternatives: Sequence[Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the card needs beside the gate's question. `fee` is dollars a contract."""

    rate: float
    fee: Decimal
    similar: Sequence[Mapping[str, object]] = ()


def reasons_of(idea: Idea, market: MarketState, evidence: Mapping[str, object]) -> Reasons:
    """Return an idea's reasons."""
    return Reasons(
        strategy=str(idea.strategy),
        why={
            "sentence": idea.sentence,
            "market_week": {"klass": str(market.klass), "evidence": dict(evidence)},
            "expected": {str(kind): round(chance, 4) + 0.0 for kind, chance in idea.expected.items()},
            "rules": [{"code": r.code, "text": r.text, "passed": r.passed} for r in idea.rules],
            "reason_code": "proposed",
        },
        alternatives=[{"sentence": a.sentence, "note": a.note} for a in idea.alternatives],
    )


def build(request: GateRequest, assessment: Assessment, reasons: Reasons, around: Surroundings) -> Content:
    """Return the card's content.

    Raises:
        NoPriceError: a leg or the underlying has no two-sided quote.
    """
    ticket = request.ticket
    fees = fees_of(ticket, around.fee)
    mid = combo_mid(ticket.legs, request.market.quotes, ticket.price_effect)
    spot = request.market.spots.get(ticket.underlying)
    if mid is None or spot is None or spot.mid is None or ticket.limit_price is None:
        raise NoPriceError(f"{ticket.underlying} or an option of it has no two-sided quote.", ticket=sentence(ticket))
    return {
        "sentence": sentence(ticket),
        "strategy": reasons.strategy,
        "ticket": ticket.as_dict(),
        "exchange_at": request.market.exchange_now.isoformat(),
        "why": dict(reasons.why),
        "price": _price(request, ticket.limit_price, mid, spot),
        "changes": [change.as_row() for change in changes(request, assessment, fees)],
        "limits": [_limit_row(row, assessment) for row in assessment.as_rows()],
        "payoff": _payoff(request, spot.mid, fees, around.rate),
        "costs": {"fees": f"{fees:f}", "slippage": f"{_slippage(ticket, ticket.limit_price, mid):f}"},
        "similar": [dict(one) for one in around.similar],
        "alternatives": [dict(one) for one in reasons.alternatives],
    }


def fees_of(ticket: OrderTicket, fee: Decimal) -> Decimal:
    """Return the commissions in dollars, if all of the order fills."""
    contracts = sum(leg.ratio for leg in ticket.legs if contract_of(leg.symbol) is not None) * ticket.quantity
    return to_cents(fee * contracts)


def tick_of(request: GateRequest) -> Decimal:
    """Return the price step of the order."""
    ticket = request.ticket
    if ticket.is_multi_leg:
        return COMBO_TICK
    listing = request.market.listings.get(ticket.legs[0].symbol)
    rule = TickRule.CENT if listing is None else listing.tick_rule
    return rule.tick_at(ticket.limit_price or ZERO)


def _price(request: GateRequest, limit: Decimal, mid: Decimal, spot: Quote) -> dict[str, object]:
    ticket, quotes = request.ticket, request.market.quotes
    at_once, at_best = natural(ticket, quotes), passive(ticket, quotes)
    bid, ask = (-at_once, -at_best) if ticket.price_effect is PriceEffect.CREDIT else (at_best, at_once)
    legs = [quotes[leg.symbol] for leg in ticket.legs]
    return {
        "limit": f"{limit:f}",
        "worst": f"{limit:f}",  # a limit order goes no further
        "bid": f"{bid:f}",
        "ask": f"{ask:f}",
        "mid": f"{mid:f}",
        "width": f"{ask - bid:f}",
        "tick": f"{tick_of(request):f}",
        "spot": None if spot.mid is None else f"{spot.mid:f}",
        "source_at": min(quote.source_at for quote in legs).isoformat(),
        "source": request.market.feed_source,
    }


def _slippage(ticket: OrderTicket, limit: Decimal, mid: Decimal) -> Decimal:
    """Return the dollars that the limit gives away against the middle of the market."""
    given = mid - limit if ticket.price_effect is PriceEffect.CREDIT else limit - mid
    return to_cents(max(given, ZERO) * max(leg.multiplier for leg in ticket.legs) * ticket.quantity)


def _limit_row(row: dict[str, object], assessment: Assessment) -> dict[str, object]:
    return {**row, "outcome": "WARN" if row["outcome"] == "ERROR" and assessment.is_closing else row["outcome"]}


def _payoff(request: GateRequest, spot: Decimal, fees: Decimal, rate: float) -> dict[str, object]:
    """Return the payoff of what the account holds in the underlying once the order has filled."""
    name, greeks = request.ticket.underlying, request.market.greeks
    own = {h.symbol for h in request.book.holdings if h.underlying == name} | {x.symbol for x in request.ticket.legs}
    lines = [line for line in lines_after(request) if line.symbol in own]
    volatilities = [greeks[symbol].iv for symbol in own if symbol in greeks]
    paid = sum((h.qty * (h.avg_px or ZERO) * h.multiplier for h in request.book.holdings if h.underlying == name), ZERO)
    situation = Situation(
        spot=float(spot),
        sigma=max(volatilities, default=FALLBACK_SIGMA),
        rate=rate,
        exchange_now=request.market.exchange_now,
    )
    drawn = [
        Line(line.contract, line.qty, line.multiplier, greeks[line.symbol].iv if line.symbol in greeks else None)
        for line in lines
    ]
    return payoff(drawn, paid - cash_flow(request, fees), situation).as_dict()
