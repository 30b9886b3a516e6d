"""Orders placed elsewhere: on the broker's page, by phone, by another program. Their terms, as far as we have words."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from allcore.kernel.instruments import InvalidSymbolError, OptionContract
from allcore.kernel.orders import OrdType, PositionEffect, PriceEffect, TimeInForce
from allcore.kernel.tickets import LIMITED, TRIGGERED, InvalidTicketError, OrderTicket, TicketLeg, natural_effect
from brokers.rest.views import OrderView, ViewLeg

LASTING = frozenset({TimeInForce.GTC, TimeInForce.GTD})


@dataclass(frozen=True, slots=True)
class Terms:
    """What an order says beside its view: None is what the desk has no word for. `effects` are by leg."""

    ord_type: OrdType | None
    time_in_force: TimeInForce | None
    effects: Sequence[PositionEffect]
    price_effect: PriceEffect = PriceEffect.EVEN  # of several legs
    stop_price: Decimal | None = None
    trail_amount: Decimal | None = None
    trail_percent: Decimal | None = None


def with_terms(view: OrderView, terms: Terms) -> OrderView:
    """Return the view with the order's ticket: as it is, or as the plain order that it comes to, or without one."""
    plain = OrdType.LIMIT if view.price is not None else OrdType.MARKET
    lasts = TimeInForce.GTC if terms.time_in_force in LASTING else TimeInForce.DAY
    for ord_type, tif in ((terms.ord_type or plain, terms.time_in_force or lasts), (plain, lasts)):
        try:
            return replace(view, ticket=_ticket(view, terms, ord_type, tif))
        except InvalidTicketError:
            continue
    return view


def _ticket(view: OrderView, terms: Terms, ord_type: OrdType, tif: TimeInForce) -> OrderTicket:
    first, is_trailing = view.legs[0], ord_type is OrdType.TRAILING_STOP
    return OrderTicket(
        account=view.account,
        underlying=_underlying(first.symbol),
        legs=tuple(_leg(leg, effect) for leg, effect in zip(view.legs, terms.effects, strict=True)),
        quantity=view.order_qty,
        ord_type=ord_type,
        time_in_force=tif,
        price_effect=natural_effect(first.side) if len(view.legs) == 1 else terms.price_effect,
        limit_price=view.price if ord_type in LIMITED else None,
        stop_price=terms.stop_price if ord_type in TRIGGERED else None,
        trail_amount=terms.trail_amount if is_trailing else None,
        trail_percent=terms.trail_percent if is_trailing else None,
    )


def _leg(leg: ViewLeg, effect: PositionEffect) -> TicketLeg:
    multiplier = 1 if _option(leg.symbol) is None else 100
    return TicketLeg(leg.symbol, leg.side, effect, ratio=leg.ratio, multiplier=multiplier)


def _underlying(symbol: str) -> str:
    option = _option(symbol)
    return symbol if option is None else option.root


def _option(symbol: str) -> OptionContract | None:
    try:
        return OptionContract.parse(symbol)
    except InvalidSymbolError:
        return None
