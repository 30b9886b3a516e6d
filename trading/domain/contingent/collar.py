"""A market order for options goes out as a limit that the market meets: never at whatever price there is.

An option's far side may be anything for a moment. The limit lies a tenth of the middle beyond it, and at least ten
cents; where the far side itself is further away than that, there is no market to take, and the order is refused.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal

from allcore.kernel.errors import RefusedError
from allcore.kernel.money import ceil_to_tick, floor_to_tick
from allcore.kernel.orders import OrdType, PriceEffect
from allcore.kernel.quotes import Quote
from allcore.kernel.tickets import OrderTicket
from risk.domain.lines import contract_of
from risk.domain.market import COMBO_TICK
from risk.domain.prices import natural, passive

SHARE = Decimal("0.10")  # of the middle
LEAST = Decimal("0.10")  # dollars a share

TickAt = Callable[[str, Decimal], Decimal]  # of a symbol, at a price


class NoMarketError(RefusedError):
    """A market order for options finds a quote too wide to be taken."""

    code = "MARKET_COLLAR"


def needs_collar(ticket: OrderTicket) -> bool:
    """Return whether the ticket is a market order for options."""
    return ticket.ord_type is OrdType.MARKET and any(contract_of(leg.symbol) is not None for leg in ticket.legs)


def collared(ticket: OrderTicket, quotes: Mapping[str, Quote], tick_at: TickAt) -> OrderTicket:
    """Return the ticket as a limit order at the middle and the collar; any other ticket as it is.

    Raises:
        NoMarketError: the far side is beyond the collar.
        MissingNumberError: a leg has no two-sided quote.
    """
    if not needs_collar(ticket):
        return ticket
    far, near = natural(ticket, quotes), passive(ticket, quotes)
    mid = (far + near) / 2
    most = mid + max(abs(mid) * SHARE, LEAST)
    if far > most:
        raise NoMarketError(
            f"A market order may trade {most - mid:f} beyond the middle of the quote; its far side is {far - mid:f} "
            "away. Nothing was sent.",
            mid=mid,
            far=far,
        )
    return _limited(ticket, most, far, tick_at)


def _limited(ticket: OrderTicket, most: Decimal, far: Decimal, tick_at: TickAt) -> OrderTicket:
    """Round away from aggression, yet never short of the far side."""
    tick = COMBO_TICK if ticket.is_multi_leg else tick_at(ticket.legs[0].symbol, abs(most))
    is_paid = most > 0 if ticket.is_multi_leg else ticket.price_effect is PriceEffect.DEBIT
    if is_paid:
        price, effect = max(floor_to_tick(most, tick), far), PriceEffect.DEBIT
    else:
        price, effect = max(min(ceil_to_tick(-most, tick), -far), tick), PriceEffect.CREDIT
    return replace(ticket, ord_type=OrdType.LIMIT, limit_price=price, price_effect=effect)
