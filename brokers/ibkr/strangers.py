"""Orders placed elsewhere: in TWS, by phone, by another program. Their terms, as far as the desk has words for them.

Such an order is followed by its permanent id alone. It is listed with its terms, and what it trades is told by its
legs; it is never changed or sent again from here, and has no name of ours.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from allcore.kernel.orders import OrdType, PositionEffect, PriceEffect, Side, TimeInForce
from allcore.kernel.tickets import LIMITED, TRIGGERED, InvalidTicketError, OrderTicket, TicketLeg, natural_effect
from brokers.ibkr.contracts import Contracts, multiplier_of
from brokers.ibkr.errors import ContradictionError
from brokers.ibkr.news import OrderNews
from brokers.ibkr.orders import AT_THE_CLOSE, ORDER_TYPES
from brokers.ibkr.readings import name_of, number_of
from brokers.ibkr.times import read_time
from brokers.ibkr.tracks import Track

COMBO = "BAG"
TYPES = {word: kind for kind, word in ORDER_TYPES.items()} | {word: kind for kind, word in AT_THE_CLOSE.items()}
CLOSES = "C"
LASTING = frozenset({"GTC", "GTD"})


async def stranger_of(news: OrderNews, contracts: Contracts) -> Track | None:
    """Return the order as one that has no name of ours, or None if the desk has no words for its terms."""
    legs = await _legs(news, contracts)
    if not legs:
        return None
    lasts = TimeInForce.GTC if news.order.tif in LASTING else TimeInForce.DAY
    for ord_type, tif in ((_type_of(news), _tif_of(news)), (_plain(news), lasts)):
        try:
            ticket = _ticket(news, legs, ord_type, tif)
        except InvalidTicketError:
            continue
        names = news.names
        return Track("", news.account, ticket, names.order_id, names.client_id, names.perm_id)
    return None


async def _legs(news: OrderNews, contracts: Contracts) -> tuple[TicketLeg, ...]:
    side = Side.BUY if news.order.action == str(Side.BUY) else Side.SELL  # a short sale is a sale
    if news.contract.secType != COMBO:
        return (_leg(news.contract, side, 1, str(news.order.openClose)),)
    legs = []
    for leg in news.contract.comboLegs or ():
        contract = await contracts.numbered(int(leg.conId))
        if contract is None:
            return ()
        own = Side.BUY if leg.action == str(Side.BUY) else Side.SELL
        legs.append(
            _leg(contract, own if side is Side.BUY else own.opposite, int(leg.ratio), str(news.order.openClose))
        )
    return tuple(legs)


def _leg(contract: Any, side: Side, ratio: int, effect: str) -> TicketLeg:
    is_close = effect == CLOSES
    return TicketLeg(
        symbol=name_of(contract),
        side=side,
        position_effect=PositionEffect.CLOSE if is_close else PositionEffect.OPEN,
        ratio=ratio,
        multiplier=multiplier_of(contract),
    )


def _ticket(news: OrderNews, legs: tuple[TicketLeg, ...], ord_type: OrdType, tif: TimeInForce) -> OrderTicket:
    limit = news.limit_price if ord_type in LIMITED else None
    percent = number_of(news.order.trailingPercent) if ord_type is OrdType.TRAILING_STOP else None
    return OrderTicket(
        account=news.account,
        underlying=str(news.contract.symbol),
        legs=legs,
        quantity=news.quantity or news.filled,
        ord_type=ord_type,
        time_in_force=tif,
        price_effect=natural_effect(legs[0].side) if len(legs) == 1 else _effect(news, limit),
        limit_price=None if limit is None else abs(limit) if len(legs) > 1 else limit,
        stop_price=news.aux_price if ord_type in TRIGGERED else None,
        trail_amount=news.aux_price if ord_type is OrdType.TRAILING_STOP and not percent else None,
        trail_percent=percent or None,
        expire_at=_expiry(news) if tif is TimeInForce.GTD else None,
    )


def _effect(news: OrderNews, limit: Decimal | None) -> PriceEffect:
    """Return whether a unit of the combo is paid for: bought below nought, it pays in, and the other way round."""
    cost = (limit or Decimal(0)) * (1 if news.order.action == str(Side.BUY) else -1)
    return PriceEffect.DEBIT if cost > 0 else PriceEffect.CREDIT if cost < 0 else PriceEffect.EVEN


def _type_of(news: OrderNews) -> OrdType:
    return TYPES.get(str(news.order.orderType), _plain(news))


def _plain(news: OrderNews) -> OrdType:
    """Return what a type that the desk has no word for comes to: a limit if it has one, else at any price."""
    return OrdType.LIMIT if news.limit_price else OrdType.MARKET


def _tif_of(news: OrderNews) -> TimeInForce:
    if str(news.order.orderType) in AT_THE_CLOSE.values():
        return TimeInForce.CLS
    word = str(news.order.tif)
    return TimeInForce(word) if word in {str(tif) for tif in TimeInForce} else TimeInForce.DAY


def _expiry(news: OrderNews) -> datetime | None:
    text = str(news.order.goodTillDate)
    try:
        return read_time(text)
    except ContradictionError:
        return None
