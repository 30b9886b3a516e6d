"""What a broker can be told beside a ticket: what it waits for, and the algorithm that works the order."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Self

from allcore.kernel.errors import InvalidInputError
from allcore.kernel.orders import TriggerPrice


class InvalidTermsError(InvalidInputError):
    """The condition or algorithm contradicts itself; nothing was sent."""

    code = "INVALID_NATIVE_TERMS"


class Looks(StrEnum):
    """What a condition looks at."""

    PRICE = "PRICE"  # dollars
    TIME = "TIME"
    MARGIN = "MARGIN"  # the account's cushion, in percent
    VOLUME = "VOLUME"  # of the day
    PERCENT_CHANGE = "PERCENT_CHANGE"  # since the close before


OF_ACCOUNT = frozenset({Looks.TIME, Looks.MARGIN})  # the others are of an instrument
WHOLE = frozenset({Looks.MARGIN, Looks.VOLUME})


@dataclass(frozen=True, slots=True)
class NativeCondition:
    """True at `value` and beyond it: above if `is_more`, else below.

    Raises:
        InvalidTermsError: a field is missing, superfluous or of the wrong kind.
    """

    what: Looks
    is_more: bool
    value: Decimal | datetime
    symbol: str = ""
    trigger: TriggerPrice | None = None  # which price; None: as the broker does it

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        value = self.value
        is_time = isinstance(value, datetime)
        for broken, message in (
            ((self.what in OF_ACCOUNT) == bool(self.symbol), "names an instrument only if it is of one."),
            (is_time != (self.what is Looks.TIME), "is a time only if it looks at the time."),
            (isinstance(value, datetime) and value.tzinfo is None, "has a time with a zone."),
            (isinstance(value, Decimal) and not value.is_finite(), "has a number."),
            (self.what in WHOLE and isinstance(value, Decimal) and not _is_count(value), "has a whole number."),
            (self.trigger is not None and self.what is not Looks.PRICE, "has a kind of price only if it looks at it."),
        ):
            if broken:
                raise InvalidTermsError(f"A condition on {self.what} {message} Nothing was sent.", what=str(self.what))

    def as_dict(self) -> dict[str, object]:
        """Return it as JSON values."""
        value = self.value
        return {
            "what": str(self.what),
            "is_more": self.is_more,
            "value": value.isoformat() if isinstance(value, datetime) else f"{value:f}",
            "symbol": self.symbol,
            "trigger": None if self.trigger is None else str(self.trigger),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `as_dict` wrote."""
        what, text, trigger = Looks(data["what"]), str(data["value"]), data["trigger"]
        value = datetime.fromisoformat(text) if what is Looks.TIME else Decimal(text)
        named = None if trigger is None else TriggerPrice(trigger)
        return cls(what, bool(data["is_more"]), value, str(data["symbol"]), named)


@dataclass(frozen=True, slots=True)
class Algo:
    """A broker's own way of working an order: name and parameters in the broker's words."""

    name: str
    params: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, name: str, **params: str) -> Self:
        """Return the algorithm with these parameters."""
        return cls(name, tuple(params.items()))


@dataclass(frozen=True, slots=True)
class NativeTerms:
    """All conditions hold, or `any_of` them: then the order goes to work, by the algorithm if there is one."""

    conditions: tuple[NativeCondition, ...] = ()
    any_of: bool = False
    algo: Algo | None = None

    def as_details(self) -> dict[str, object]:
        """Return what is kept with the order's key, so that new terms sent after a restart repeat it."""
        details: dict[str, object] = {}
        if self.conditions:
            details |= {"conditions": [one.as_dict() for one in self.conditions], "any_of": self.any_of}
        if self.algo is not None:
            details["algo"] = [self.algo.name, [list(pair) for pair in self.algo.params]]
        return details

    @classmethod
    def read(cls, details: Mapping[str, Any]) -> Self:
        """Read what `as_details` wrote; of a plain order, nothing was."""
        algo = details.get("algo")
        return cls(
            tuple(NativeCondition.from_dict(one) for one in details.get("conditions", ())),
            bool(details.get("any_of", False)),
            None if algo is None else Algo(str(algo[0]), tuple((str(tag), str(value)) for tag, value in algo[1])),
        )


PLAIN = NativeTerms()


def _is_count(value: Decimal) -> bool:
    return value.is_finite() and value >= 0 and value == value.to_integral_value()
