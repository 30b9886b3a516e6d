"""The field's words for orders (FIX 4.4)."""

from enum import StrEnum


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
    TRAILING_STOP = "TRAILING_STOP"
    LIMIT_IF_TOUCHED = "LIMIT_IF_TOUCHED"


class TimeInForce(StrEnum):
    """TimeInForce(59). OPG and CLS put a market or limit order into the opening or closing auction (MOO, LOC)."""

    DAY = "DAY"
    GTC = "GTC"
    GTD = "GTD"
    IOC = "IOC"
    FOK = "FOK"
    OPG = "OPG"
    CLS = "CLS"


class TriggerPrice(StrEnum):
    """TriggerPriceType(1107): which price sets a stop off. OPPOSITE is what the order would trade against."""

    LAST = "LAST"
    OPPOSITE = "OPPOSITE"
    MID = "MID"
    UNDERLYING_LAST = "UNDERLYING_LAST"


class Contingency(StrEnum):
    """ContingencyType(1385): what the orders of one list do to each other."""

    OCO = "OCO"
    OTO = "OTO"
    OUO = "OUO"


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
