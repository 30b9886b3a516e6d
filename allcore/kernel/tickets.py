"""The ticket that travels from proposal to broker: what to trade, complete."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from math import gcd

from allcore.kernel.errors import InvalidInputError
from allcore.kernel.orders import OrdType, PositionEffect, PriceEffect, Side, TimeInForce, TriggerPrice

MAX_LEGS = 4
MAX_RATIO = 3
LIMITED = frozenset({OrdType.LIMIT, OrdType.STOP_LIMIT, OrdType.LIMIT_IF_TOUCHED})
TRIGGERED = frozenset({OrdType.STOP, OrdType.STOP_LIMIT, OrdType.LIMIT_IF_TOUCHED})  # by a price of their own
AUCTIONS = frozenset({TimeInForce.OPG, TimeInForce.CLS})


class InvalidTicketError(InvalidInputError):
    """The ticket contradicts itself."""

    code = "INVALID_TICKET"


@dataclass(frozen=True, slots=True)
class TicketLeg:
    """One leg of one unit: `ratio` contracts (or shares) of `symbol` for each unit of the order."""

    symbol: str
    side: Side
    position_effect: PositionEffect
    ratio: int = 1
    multiplier: int = 100


@dataclass(frozen=True, slots=True)
class OrderTicket:
    """What to trade, complete. Prices are per share of one unit, never negative; `price_effect` says who pays.

    `stop_price` is the trigger of a stop and the touch of a limit-if-touched order. A trailing stop has either a
    `trail_amount` in dollars or a `trail_percent`. `expire_at` is a GTD order's end. `trigger` None: the desk's policy.

    Raises:
        InvalidTicketError: a field is missing, superfluous or out of range for the order type.
    """

    account: str
    underlying: str
    legs: tuple[TicketLeg, ...]
    quantity: int
    ord_type: OrdType
    time_in_force: TimeInForce
    price_effect: PriceEffect
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail_amount: Decimal | None = None
    trail_percent: Decimal | None = None
    expire_at: datetime | None = None
    trigger: TriggerPrice | None = None

    def __post_init__(self) -> None:
        """Refuse what no broker could mean."""
        for broken, message in self._faults():
            if broken:
                raise InvalidTicketError(message, account=self.account, underlying=self.underlying)

    def _faults(self) -> tuple[tuple[bool, str], ...]:
        ratios = [leg.ratio for leg in self.legs]
        single = self.legs[0] if len(self.legs) == 1 else None
        return (
            (not 1 <= len(self.legs) <= MAX_LEGS, f"An order has 1 to {MAX_LEGS} legs, was {len(self.legs)}."),
            (self.quantity < 1, f"Quantity is at least 1, was {self.quantity}."),
            (any(r < 1 for r in ratios), f"Each leg's ratio is at least 1, was {ratios}."),
            (len(ratios) > 1 and gcd(*ratios) != 1, f"Leg ratios have no common divisor, were {ratios}."),
            (len({leg.symbol for leg in self.legs}) != len(self.legs), "Each leg has its own instrument."),
            (
                single is not None and self.price_effect != natural_effect(single.side),
                "A single leg's buy is a debit and its sell a credit.",
            ),
            *self._price_faults(),
            *self._type_faults(is_single=single is not None),
        )

    def _price_faults(self) -> tuple[tuple[bool, str], ...]:
        limits = self.ord_type in LIMITED
        stops = self.ord_type in TRIGGERED
        return (
            (
                limits != (self.limit_price is not None),
                f"A {self.ord_type} order {'needs a' if limits else 'takes no'} limit price.",
            ),
            (
                stops != (self.stop_price is not None),
                f"A {self.ord_type} order {'needs a' if stops else 'takes no'} stop price.",
            ),
            (
                self.limit_price is not None and self.limit_price < 0,
                "A limit price is not negative; debit or credit is said apart.",
            ),
            (self.stop_price is not None and self.stop_price <= 0, "A stop price is above zero."),
        )

    def _type_faults(self, *, is_single: bool) -> tuple[tuple[bool, str], ...]:
        trails = [value for value in (self.trail_amount, self.trail_percent) if value is not None]
        trailing = self.ord_type is OrdType.TRAILING_STOP
        waits = self.ord_type in TRIGGERED or trailing
        return (
            (waits and not is_single, "Stops are for single legs."),
            (
                len(trails) != (1 if trailing else 0),
                "A trailing stop, and no other order, has either a trailing amount or a trailing percentage.",
            ),
            (any(value <= 0 for value in trails), "A trailing distance is above zero."),
            (self.trail_percent is not None and self.trail_percent >= 100, "A trailing percentage is below 100."),
            (self.trigger is not None and not waits, f"A {self.ord_type} order has no trigger."),
            (
                (self.time_in_force is TimeInForce.GTD) != (self.expire_at is not None),
                "A good-till-date order, and no other, says when it expires.",
            ),
            (self.expire_at is not None and self.expire_at.tzinfo is None, "An expiry time has a time zone."),
            (
                self.time_in_force in AUCTIONS and self.ord_type not in (OrdType.MARKET, OrdType.LIMIT),
                "An order for the opening or closing auction is a market or limit order.",
            ),
        )

    @property
    def is_multi_leg(self) -> bool:
        """Whether the order trades more than one instrument as one."""
        return len(self.legs) > 1

    @property
    def side(self) -> Side:
        """The single leg's side; of a combo, BUY for a debit and SELL for a credit or even."""
        if len(self.legs) == 1:
            return self.legs[0].side
        return Side.BUY if self.price_effect is PriceEffect.DEBIT else Side.SELL

    @property
    def is_opening(self) -> bool:
        """Whether any leg opens a position."""
        return any(leg.position_effect is PositionEffect.OPEN for leg in self.legs)

    def as_dict(self) -> dict[str, object]:
        """Return the ticket as JSON values, prices as text."""
        return {
            "account": self.account,
            "underlying": self.underlying,
            "legs": [
                {
                    "symbol": leg.symbol,
                    "side": str(leg.side),
                    "position_effect": str(leg.position_effect),
                    "ratio": leg.ratio,
                    "multiplier": leg.multiplier,
                }
                for leg in self.legs
            ],
            "quantity": self.quantity,
            "ord_type": str(self.ord_type),
            "time_in_force": str(self.time_in_force),
            "price_effect": str(self.price_effect),
            "limit_price": None if self.limit_price is None else f"{self.limit_price:f}",
            "stop_price": None if self.stop_price is None else f"{self.stop_price:f}",
            **self._rarer(),
        }

    def _rarer(self) -> dict[str, object]:
        """Return the terms that few orders have, only where they are set."""
        rarer = {
            "trail_amount": None if self.trail_amount is None else f"{self.trail_amount:f}",
            "trail_percent": None if self.trail_percent is None else f"{self.trail_percent:f}",
            "expire_at": None if self.expire_at is None else self.expire_at.isoformat(),
            "trigger": None if self.trigger is None else str(self.trigger),
        }
        return {name: value for name, value in rarer.items() if value is not None}

    @classmethod
    def from_dict(cls, data: dict[str, object]) -> "OrderTicket":
        """Read what `as_dict` wrote."""
        legs = data["legs"]
        if not isinstance(legs, list):
            raise InvalidTicketError("A ticket's legs are a list.")
        expire_at, trigger = data.get("expire_at"), data.get("trigger")
        return cls(
            account=str(data["account"]),
            underlying=str(data["underlying"]),
            legs=tuple(
                TicketLeg(
                    symbol=leg["symbol"],
                    side=Side(leg["side"]),
                    position_effect=PositionEffect(leg["position_effect"]),
                    ratio=int(leg["ratio"]),
                    multiplier=int(leg["multiplier"]),
                )
                for leg in legs
            ),
            quantity=int(str(data["quantity"])),
            ord_type=OrdType(str(data["ord_type"])),
            time_in_force=TimeInForce(str(data["time_in_force"])),
            price_effect=PriceEffect(str(data["price_effect"])),
            limit_price=_decimal(data.get("limit_price")),
            stop_price=_decimal(data.get("stop_price")),
            trail_amount=_decimal(data.get("trail_amount")),
            trail_percent=_decimal(data.get("trail_percent")),
            expire_at=None if expire_at is None else datetime.fromisoformat(str(expire_at)),
            trigger=None if trigger is None else TriggerPrice(str(trigger)),
        )


def _decimal(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def natural_effect(side: Side) -> PriceEffect:
    """Return what a single leg's side does to cash."""
    return PriceEffect.DEBIT if side is Side.BUY else PriceEffect.CREDIT


def content_hash(content: dict[str, object]) -> str:
    """Return the SHA-256 of the canonical JSON: what an approval binds to."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()
