"""A run's terms for its algorithm, and the tickets of its children."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from allcore.kernel.instruments import InstrumentKind, TickRule
from allcore.kernel.orders import PriceEffect
from allcore.kernel.tickets import OrderTicket, TicketLeg, natural_effect
from marketdata.models import Instrument
from risk.domain.prices import signed_limit
from trading.domain.algos.parameters import Parameters
from trading.domain.algos.sight import Package
from trading.domain.algos.values import WHOLE, Leg, Parent

ZERO = Decimal(0)


def parent_of(
    ticket: OrderTicket,
    instruments: Mapping[str, Instrument],
    parameters: Parameters,
    *,
    starts_at: datetime,
    ends_at: datetime,
    seed: str,
) -> Parent:
    """Return the parent that the ticket, approved, allows; the ticket has a limit."""
    legs = tuple(_leg(leg, instruments[leg.symbol]) for leg in ticket.legs)
    rule = rule_of(ticket, {leg.symbol: instruments[leg.symbol].tick_rule for leg in ticket.legs})
    return Parent(
        quantity=ticket.quantity,
        limit=signed_limit(ticket) or ZERO,
        least=_least(ticket, rule),
        tick_rule=rule,
        legs=legs,
        is_opening=ticket.is_opening,
        starts_at=starts_at,
        ends_at=ends_at,
        seed=seed,
        parameters=parameters,
    )


def rule_of(ticket: OrderTicket, rules: Mapping[str, str]) -> TickRule:
    """Return the grid of the ticket's prices, from the rules of its symbols; a combination is priced in cents."""
    return TickRule.CENT if ticket.is_multi_leg else TickRule(rules[ticket.legs[0].symbol])


def _leg(leg: TicketLeg, row: Instrument) -> Leg:
    return Leg(leg.side, leg.ratio, row.kind == InstrumentKind.OPTION, TickRule(row.tick_rule))


def _least(ticket: OrderTicket, rule: TickRule) -> Decimal | None:
    """Return the lowest cost that an order with the ticket's price effect can name."""
    if ticket.price_effect is PriceEffect.CREDIT:
        return None
    return ZERO if ticket.is_multi_leg else rule.tick_at(ZERO)


def package_of(ticket: OrderTicket) -> Package:
    """Return what the run looks at."""
    return Package(tuple((leg.symbol, leg.side.sign * leg.ratio) for leg in ticket.legs), ticket.underlying)


def child_ticket(ticket: OrderTicket, *, qty: int, cost: Decimal, leg: int) -> OrderTicket:
    """Return a child's ticket: the parent's but for quantity and price, or one of its legs alone."""
    if leg == WHOLE:
        return replace(ticket, quantity=qty, limit_price=abs(cost))
    own = replace(ticket.legs[leg], ratio=1)
    return replace(ticket, legs=(own,), quantity=qty, limit_price=abs(cost), price_effect=natural_effect(own.side))


def cost_of(limit_price: Decimal | None, price_effect: str) -> Decimal:
    """Return an order's limit as a cost."""
    price = ZERO if limit_price is None else limit_price
    return -price if price_effect == PriceEffect.CREDIT else price
