"""An order in one sentence a person would say."""

from decimal import Decimal

from allcore.kernel.instruments import InvalidSymbolError, OptionContract
from allcore.kernel.orders import OrdType, PriceEffect, TimeInForce
from allcore.kernel.tickets import OrderTicket, TicketLeg

TIMES = {
    TimeInForce.DAY: "day",
    TimeInForce.GTC: "good till cancelled",
    TimeInForce.IOC: "immediate or cancel",
    TimeInForce.FOK: "fill or kill",
    TimeInForce.GTD: "good till date",
    TimeInForce.OPG: "at the open",
    TimeInForce.CLS: "at the close",
}


def sentence(ticket: OrderTicket) -> str:
    """Return what the ticket does: "Sell 5 TSLA 12 Jun 250 put at 3.42 limit, day"."""
    legs = ", ".join(_leg(leg, ticket.quantity, first=index == 0) for index, leg in enumerate(ticket.legs))
    return f"{legs} {_terms(ticket)}, {TIMES[ticket.time_in_force]}"


def instrument(symbol: str) -> str:
    """Return an option as a trader says it, any other symbol as it is."""
    try:
        return str(OptionContract.parse(symbol))
    except InvalidSymbolError:
        return symbol


def price(value: Decimal) -> str:
    """Return a price with at least two places and no more than it needs."""
    whole, _, places = f"{value.normalize():f}".partition(".")
    return f"{whole}.{places:0<2}"


def dollars(value: Decimal) -> str:
    """Return an amount in whole dollars: "$30,000"."""
    return f"${value:,.0f}"


def percent(ratio: Decimal) -> str:
    """Return a ratio as a percentage with at most two places: "41.25 %"."""
    return f"{(ratio * 100).quantize(Decimal('0.01')).normalize():f} %"


def _leg(leg: TicketLeg, quantity: int, *, first: bool) -> str:
    verb = leg.side.capitalize() if first else leg.side.lower()
    return f"{verb} {quantity * leg.ratio} {instrument(leg.symbol)}"


def _terms(ticket: OrderTicket) -> str:
    effect = "" if not ticket.is_multi_leg else _effect(ticket.price_effect)
    words = {
        OrdType.MARKET: "at market",
        OrdType.LIMIT: f"at {_price(ticket.limit_price)}{effect} limit",
        OrdType.STOP: f"at market when {_price(ticket.stop_price)} trades",
        OrdType.STOP_LIMIT: f"at {_price(ticket.limit_price)} limit when {_price(ticket.stop_price)} trades",
        OrdType.TRAILING_STOP: f"at market when the price turns by {_trail(ticket)}",
        OrdType.LIMIT_IF_TOUCHED: f"at {_price(ticket.limit_price)} limit if {_price(ticket.stop_price)} is touched",
    }
    return words[ticket.ord_type]


def _trail(ticket: OrderTicket) -> str:
    return _price(ticket.trail_amount) if ticket.trail_percent is None else f"{ticket.trail_percent.normalize():f} %"


def _effect(effect: PriceEffect) -> str:
    return "" if effect is PriceEffect.EVEN else f" {effect.lower()}"


def _price(value: Decimal | None) -> str:
    return "" if value is None else price(value)
