"""The field's words for orders (FIX 4.4), and the ticket that travels from proposal to broker."""

import hashlib
import json
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from math import gcd

from allcore.kernel.errors import InvalidInputError

MAX_LEGS = 4
MAX_RATIO = 3


class Side(StrEnum):
    """Side(54)."""

    BUY = "BUY"
    SELL = "SELL"

    @property
    def sign(self) -> int:
        """+1 for a buy, -1 for a sell: for arithmetic on quantities only."""
        return 1 if self is Side.BUY else -1

    @property
    def opposite(self) -> "Side":
        """The other side."""
        return Side.SELL if self is Side.BUY else Side.BUY


class OrdType(StrEnum):
    """OrdType(40)."""

    MARKET = "MARKET"
    LIMIT = "LIMIT"
    STOP = "STOP"
    STOP_LIMIT = "STOP_LIMIT"


class TimeInForce(StrEnum):
    """TimeInForce(59)."""

    DAY = "DAY"
    GTC = "GTC"
    IOC = "IOC"


class PositionEffect(StrEnum):
    """PositionEffect(77)."""

    OPEN = "OPEN"
    CLOSE = "CLOSE"


class PriceEffect(StrEnum):
    """Whether a unit of the order is paid for, paid out, or neither. The sign of a price never says it."""

    DEBIT = "DEBIT"
    CREDIT = "CREDIT"
    EVEN = "EVEN"


class OrdStatus(StrEnum):
    """The order's life; the first nine are ours alone, the rest the broker's too. READY is staged: in the outbox."""

    DRAFT = "DRAFT"
    RISK_CHECK = "RISK_CHECK"
    DENIED = "DENIED"
    AWAITING_APPROVAL = "AWAITING_APPROVAL"
    APPROVAL_DENIED = "APPROVAL_DENIED"
    APPROVAL_EXPIRED = "APPROVAL_EXPIRED"
    HELD = "HELD"
    READY = "READY"
    ABANDONED = "ABANDONED"
    PENDING_NEW = "PENDING_NEW"
    IN_DOUBT = "IN_DOUBT"
    NEW = "NEW"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    PENDING_CANCEL = "PENDING_CANCEL"
    PENDING_REPLACE = "PENDING_REPLACE"
    SUSPENDED = "SUSPENDED"
    DONE_FOR_DAY = "DONE_FOR_DAY"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"


CLOSED_STATUSES = frozenset(
    {
        OrdStatus.DENIED,
        OrdStatus.APPROVAL_DENIED,
        OrdStatus.APPROVAL_EXPIRED,
        OrdStatus.ABANDONED,
        OrdStatus.FILLED,
        OrdStatus.CANCELED,
        OrdStatus.REJECTED,
        OrdStatus.EXPIRED,
    }
)


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

    def __post_init__(self) -> None:
        """Refuse what no broker could mean."""
        for broken, message in self._faults():
            if broken:
                raise InvalidTicketError(message, account=self.account, underlying=self.underlying)

    def _faults(self) -> tuple[tuple[bool, str], ...]:
        ratios = [leg.ratio for leg in self.legs]
        limits = self.ord_type in (OrdType.LIMIT, OrdType.STOP_LIMIT)
        stops = self.ord_type in (OrdType.STOP, OrdType.STOP_LIMIT)
        single = self.legs[0] if len(self.legs) == 1 else None
        return (
            (not 1 <= len(self.legs) <= MAX_LEGS, f"An order has 1 to {MAX_LEGS} legs, was {len(self.legs)}."),
            (self.quantity < 1, f"Quantity is at least 1, was {self.quantity}."),
            (any(r < 1 for r in ratios), f"Each leg's ratio is at least 1, was {ratios}."),
            (len(ratios) > 1 and gcd(*ratios) != 1, f"Leg ratios have no common divisor, were {ratios}."),
            (len({leg.symbol for leg in self.legs}) != len(self.legs), "Each leg has its own instrument."),
            (
                limits != (self.limit_price is not None),
                f"A {self.ord_type} order has a limit price only if its type says so.",
            ),
            (
                stops != (self.stop_price is not None),
                f"A {self.ord_type} order has a stop price only if its type says so.",
            ),
            (
                self.limit_price is not None and self.limit_price < 0,
                "A limit price is not negative; debit or credit is said apart.",
            ),
            (self.stop_price is not None and self.stop_price <= 0, "A stop price is above zero."),
            (
                single is not None and self.price_effect != natural_effect(single.side),
                "A single leg's buy is a debit and its sell a credit.",
            ),
            (stops and single is None, "Stops are for single legs."),
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
        }

    @classmethod
    def from_dict(cls, data: dict[str, object]) -> "OrderTicket":
        """Read what `as_dict` wrote."""
        legs = data["legs"]
        if not isinstance(legs, list):
            raise InvalidTicketError("A ticket's legs are a list.")
        price, stop = data.get("limit_price"), data.get("stop_price")
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
            limit_price=None if price is None else Decimal(str(price)),
            stop_price=None if stop is None else Decimal(str(stop)),
        )


def natural_effect(side: Side) -> PriceEffect:
    """Return what a single leg's side does to cash."""
    return PriceEffect.DEBIT if side is Side.BUY else PriceEffect.CREDIT


def content_hash(content: dict[str, object]) -> str:
    """Return the SHA-256 of the canonical JSON: what an approval binds to."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()
