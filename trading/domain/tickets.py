"""A ticket from what a caller sent."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from allcore.kernel.errors import InvalidInputError
from allcore.kernel.orders import OrdType, PositionEffect, PriceEffect, Side, TimeInForce, TriggerPrice
from allcore.kernel.tickets import OrderTicket, TicketLeg, natural_effect


class UnknownInstrumentError(InvalidInputError):
    """There is no such instrument."""

    code = "UNKNOWN_INSTRUMENT"


def complete(draft: Mapping[str, Any], multipliers: Mapping[str, int]) -> OrderTicket:
    """Return the ticket that validated input describes; `multipliers` holds those of the known instruments.

    Raises:
        UnknownInstrumentError: a leg's symbol is not among them.
        InvalidTicketError: the parts do not fit together.
    """
    legs = draft["legs"]
    for leg in legs:
        if leg["symbol"] not in multipliers:
            raise UnknownInstrumentError(
                f"There is no instrument {leg['symbol']!r}. Nothing was sent.", symbol=leg["symbol"]
            )
    effect = draft.get("price_effect")
    if effect is None:
        effect = natural_effect(Side(legs[0]["side"])) if len(legs) == 1 else PriceEffect.EVEN
    return OrderTicket(
        account=draft["account"],
        underlying=draft["underlying"],
        legs=tuple(_leg(leg, multipliers) for leg in legs),
        quantity=draft["quantity"],
        ord_type=OrdType(draft["ord_type"]),
        time_in_force=TimeInForce(draft["time_in_force"]),
        price_effect=PriceEffect(effect),
        limit_price=_price(draft.get("limit_price")),
        stop_price=_price(draft.get("stop_price")),
        trail_amount=_price(draft.get("trail_amount")),
        trail_percent=_price(draft.get("trail_percent")),
        expire_at=draft.get("expire_at"),
        trigger=TriggerPrice(draft["trigger"]) if draft.get("trigger") else None,
    )


def _leg(leg: Mapping[str, Any], multipliers: Mapping[str, int]) -> TicketLeg:
    return TicketLeg(
        symbol=leg["symbol"],
        side=Side(leg["side"]),
        position_effect=PositionEffect(leg["position_effect"]),
        ratio=leg["ratio"],
        multiplier=multipliers[leg["symbol"]],
    )


def _price(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value))
