"""What a run hears, and what it asks for. The events, stepped through in order, are the run."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from trading.domain.algos.values import WHOLE, ChildStatus


class Word(StrEnum):
    """What a person, or the kill switch, tells a run."""

    PAUSE = "PAUSE"
    RESUME = "RESUME"
    CANCEL = "CANCEL"
    KILL = "KILL"


class Asked(StrEnum):
    """What was asked for a child."""

    PLACE = "PLACE"
    REPLACE = "REPLACE"
    CANCEL = "CANCEL"


@dataclass(frozen=True, slots=True)
class LegSight:
    """One leg's best bid and ask, a share."""

    bid: Decimal
    ask: Decimal


@dataclass(frozen=True, slots=True)
class Look:
    """The market at one moment, as costs of one unit. `fault` says why it cannot be traded on; then prices may lack.

    `opened_for` and `left` are seconds of the session, None when there is none; `volume` what others and we traded
    today; `usual` the median width of the last twenty minutes.
    """

    at: datetime
    bid: Decimal | None
    ask: Decimal | None
    fault: str = ""
    opened_for: float | None = None
    left: float | None = None
    usual: Decimal | None = None
    volume: int | None = None
    spot: Decimal | None = None
    legs: tuple[LegSight, ...] = ()


@dataclass(frozen=True, slots=True)
class Heard:
    """A child's order as it is now: everything, so that hearing it twice or late does no harm."""

    at: datetime
    step: int
    status: ChildStatus
    qty: int
    cum: int
    cost: Decimal
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """What was asked for a child was not done; `what` says which."""

    at: datetime
    step: int
    what: Asked
    reason: str


@dataclass(frozen=True, slots=True)
class Told:
    """A word from outside."""

    at: datetime
    word: Word
    by: str
    reason: str = ""


Event = Look | Heard | Refused | Told


@dataclass(frozen=True, slots=True)
class Place:
    """Send a new child: `leg` alone, or the whole package."""

    step: int
    qty: int
    cost: Decimal
    leg: int = WHOLE


@dataclass(frozen=True, slots=True)
class Replace:
    """Change a working child's price."""

    step: int
    cost: Decimal


@dataclass(frozen=True, slots=True)
class Cancel:
    """Take a child back."""

    step: int


Action = Place | Replace | Cancel
