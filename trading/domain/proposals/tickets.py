"""The orders that the strategy proposes: limit orders at the middle of the market, on tick, for the day.

One that walks gets room beyond the middle (`giving_way`): its limit is where the walk ends, not where it starts.
"""

from dataclasses import replace
from decimal import Decimal

from allcore.kernel.money import ZERO, ceil_to_tick
from allcore.kernel.orders import OrdType, PositionEffect, PriceEffect, Side, TimeInForce
from allcore.kernel.tickets import OrderTicket, TicketLeg
from risk.domain.market import COMBO_TICK
from risk.domain.prices import signed_limit
from trading.domain.protocol.strikes import Candidate


def sell_to_open(account: str, underlying: str, candidate: Candidate, quantity: int, limit: Decimal) -> OrderTicket:
    """Return the sale of a put or call to open."""
    leg = TicketLeg(candidate.contract.symbol, Side.SELL, PositionEffect.OPEN, multiplier=candidate.multiplier)
    return _limit(account, underlying, (leg,), quantity, limit)


def buy_to_close(account: str, underlying: str, candidate: Candidate, quantity: int, limit: Decimal) -> OrderTicket:
    """Return the purchase that closes a short option."""
    leg = TicketLeg(candidate.contract.symbol, Side.BUY, PositionEffect.CLOSE, multiplier=candidate.multiplier)
    return _limit(account, underlying, (leg,), quantity, -limit)


def roll(account: str, underlying: str, old: Candidate, new: Candidate, quantity: int, net: Decimal) -> OrderTicket:
    """Return the roll as one order of two legs; `net` above zero is a credit a share."""
    legs = (
        TicketLeg(old.contract.symbol, Side.BUY, PositionEffect.CLOSE, multiplier=old.multiplier),
        TicketLeg(new.contract.symbol, Side.SELL, PositionEffect.OPEN, multiplier=new.multiplier),
    )
    return _limit(account, underlying, legs, quantity, net)


def cost_to_close(candidate: Candidate) -> Decimal | None:
    """Return the price to buy back at: the mid, on the tick grid, not below it."""
    mid = candidate.mid
    return None if mid is None else ceil_to_tick(mid, candidate.tick_rule.tick_at(mid))


def giving_way(ticket: OrderTicket, *, worst: Decimal, least: Decimal) -> OrderTicket:
    """Return the ticket with its limit moved to the cost `worst`, and no further than its rules and its kind allow.

    `least` is what a share must bring in. A credit stays a credit: a walk cannot begin on the other side of nought.
    """
    most = min(-least, -COMBO_TICK) if ticket.price_effect is PriceEffect.CREDIT else -least
    now = signed_limit(ticket) or ZERO
    cost = max(now, min(worst, most))
    effect = PriceEffect.DEBIT if cost > 0 else ticket.price_effect
    return replace(ticket, limit_price=abs(cost), price_effect=effect)


def _limit(account: str, underlying: str, legs: tuple[TicketLeg, ...], quantity: int, received: Decimal) -> OrderTicket:
    """Return the order that brings in `received` a share; below zero, it pays."""
    even = PriceEffect.EVEN if len(legs) > 1 else PriceEffect.DEBIT
    effect = PriceEffect.CREDIT if received > 0 else PriceEffect.DEBIT if received < 0 else even
    return OrderTicket(
        account=account,
        underlying=underlying,
        legs=legs,
        quantity=quantity,
        ord_type=OrdType.LIMIT,
        time_in_force=TimeInForce.DAY,
        price_effect=effect,
        limit_price=abs(received),
    )
