"""The FEED setting: which market the desk is shown."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from allcore.kernel.clock import NEW_YORK
from allcore.kernel.errors import InvalidInputError

FORM = (
    "none, sim[:seed=7][,start=2026-06-10T10:00][,speed=1][,pause=300], replay:PATH[,speed=60][,start=…][,pause=60] "
    "or broker:CONNECTION[,underlyings=TSLA/AAPL][,strikes=5][,days=30][,rate=0.04]"
)
MOST_SPEED = 600.0
DEFAULT_SEED = 7
MOST_COUNT = 400


class BadFeedError(InvalidInputError):
    """The FEED setting cannot be meant."""

    code = "BAD_FEED"

    def __init__(self, problem: str, **context: object) -> None:
        super().__init__(f"Setting FEED {problem}. It is {FORM}.", **context)


@dataclass(frozen=True, slots=True)
class NoFeed:
    """The desk runs without market data."""


@dataclass(frozen=True, slots=True)
class SimulatedFeed:
    """A made-up market; `pause` is the real seconds that the market stays closed between two sessions."""

    seed: int = DEFAULT_SEED
    start: datetime | None = None
    speed: float = 1.0
    pause: float = 300.0


@dataclass(frozen=True, slots=True)
class ReplayFeed:
    """Recorded quotes from a directory of Parquet files."""

    path: str
    start: datetime | None = None
    speed: float = 1.0
    pause: float = 60.0


@dataclass(frozen=True, slots=True)
class BrokerFeed:
    """The quotes of a broker's connection, in real time.

    Of these underlyings (none named: those the desk knows), and of the options `strikes` on either side of the money
    that expire within `days`. `rate` is the riskless rate a year.
    """

    connection: str
    underlyings: tuple[str, ...] = ()
    strikes: int = 5
    days: int = 30
    rate: float = 0.04


Feed = TypeVar("Feed", SimulatedFeed, ReplayFeed, BrokerFeed)
FeedSpec = NoFeed | SimulatedFeed | ReplayFeed | BrokerFeed


def parse(spec: str) -> FeedSpec:
    """Read the setting.

    Raises:
        BadFeedError: the text is none of the forms.
    """
    kind, _, rest = spec.strip().partition(":")
    words = [word.strip() for word in rest.split(",") if word.strip()]
    if kind == "none" and not words:
        return NoFeed()
    if kind == "sim":
        return _set(SimulatedFeed(), words, frozenset({"seed", "start", "speed", "pause"}))
    if kind == "replay":
        if not words or "=" in words[0]:
            raise BadFeedError("names no directory to replay", was=spec)
        return _set(ReplayFeed(words[0]), words[1:], frozenset({"start", "speed", "pause"}))
    if kind == "broker":
        if not words or "=" in words[0]:
            raise BadFeedError("names no connection", was=spec)
        return _set(BrokerFeed(words[0]), words[1:], frozenset({"underlyings", "strikes", "days", "rate"}))
    raise BadFeedError(f"was {spec!r}", was=spec)


def is_same_market(one: str, other: str) -> bool:
    """Return whether two settings show the same market, at whatever pace; what cannot be read shows none."""
    try:
        return _apart_from_pace(parse(one)) == _apart_from_pace(parse(other))
    except BadFeedError:
        return False


def _apart_from_pace(spec: FeedSpec) -> FeedSpec:
    return replace(spec, speed=1.0, pause=0.0) if isinstance(spec, SimulatedFeed | ReplayFeed) else spec


def _set(feed: Feed, words: list[str], allowed: frozenset[str]) -> Feed:
    found: dict[str, Any] = {}
    for word in words:
        name, equals, value = (part.strip() for part in word.partition("="))
        if not equals or name not in allowed:
            raise BadFeedError(f"has no option {word!r}", was=word)
        if name in found:
            raise BadFeedError(f"says {name} twice", was=word)
        found[name] = _READERS[name](name, value)
    return replace(feed, **found)


def _seed(name: str, value: str) -> int:
    if not value.isdigit():
        raise BadFeedError(f"has a seed that is a whole number from 0, was {value!r}", was=value)
    return int(value)


def _start(name: str, value: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise BadFeedError(f"starts at a New York time like 2026-06-10T10:00, was {value!r}", was=value) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=NEW_YORK)).astimezone(UTC)


def _number(name: str, value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        raise BadFeedError(f"has a {name} that is a number, was {value!r}", was=value) from None
    least, most = (0.0, 86_400.0) if name == "pause" else (0.01, MOST_SPEED)
    if not least <= number <= most:
        raise BadFeedError(f"has a {name} between {least:g} and {most:g}, was {value}", was=value)
    return number


def _names(name: str, value: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(part.strip().upper() for part in value.split("/") if part.strip()))
    if not names:
        raise BadFeedError(f"has {name} like TSLA/AAPL, was {value!r}", was=value)
    return names


def _count(name: str, value: str) -> int:
    if not value.isdigit() or not 1 <= int(value) <= MOST_COUNT:
        raise BadFeedError(f"has {name} that are a whole number between 1 and {MOST_COUNT}, was {value!r}", was=value)
    return int(value)


def _rate(name: str, value: str) -> float:
    try:
        rate = float(value)
    except ValueError:
        raise BadFeedError(f"has a {name} that is a number, was {value!r}", was=value) from None
    if not -0.05 <= rate <= 0.5:
        raise BadFeedError(f"has a {name} a year between -0.05 and 0.5, was {value}", was=value)
    return rate


_READERS: dict[str, Callable[[str, str], object]] = {
    "seed": _seed,
    "start": _start,
    "speed": _number,
    "pause": _number,
    "underlyings": _names,
    "strikes": _count,
    "days": _count,
    "rate": _rate,
}
