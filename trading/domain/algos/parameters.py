"""Each algorithm's numbers: defaults, bounds, and how they are read from what a caller sent."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from allcore.kernel.errors import InvalidInputError


class Algo(StrEnum):
    """The algorithms."""

    LIMIT_WALK = "LIMIT_WALK"
    TWAP = "TWAP"
    VWAP = "VWAP"
    POV = "POV"
    ICEBERG = "ICEBERG"
    ADAPTIVE = "ADAPTIVE"
    LEGGING = "LEGGING"

    @property
    def said(self) -> str:
        """The name as a person reads it."""
        shouted = self in (Algo.TWAP, Algo.VWAP, Algo.POV)
        return self.value if shouted else self.value.replace("_", " ").capitalize()


class InvalidParametersError(InvalidInputError):
    """The algorithm does not take that number."""

    code = "INVALID_ALGO_PARAMETERS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guards:
    """What every algorithm minds. `widest` is dollars, `widest_share` a part of the mid: the larger holds."""

    widest: Decimal = Decimal("0.10")
    widest_share: Decimal = Decimal("0.10")
    usual_times: Decimal = Decimal(3)
    after_open: int = 300
    before_close: int = 300
    patience: int = 10  # seconds that a child rests in a market which cannot be traded on


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkParameters(Guards):
    """`reach` is the part of the way from mid to natural; the chase is counted from the arrival's mid."""

    steps: int = 5
    start_ticks: int = 0
    reach: Decimal = Decimal("0.5")
    dwell_least: int = 30
    dwell_most: int = 60
    chase_ticks: int = 3
    chase_premium: Decimal = Decimal("0.15")
    chase_spread: Decimal = Decimal("0.5")
    most_replaces: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceParameters(Guards):
    """`reach` 1 is the natural price: each slice is meant to trade."""

    slices: int = 10
    reach: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class TwapParameters(SliceParameters):
    """Equal parts in equal times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VwapParameters(SliceParameters):
    """`profile` is the part of the volume that is usually done by the end of each slice; the last is 1."""

    profile: tuple[Decimal, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PovParameters(Guards):
    """`rate` is our part of all that trades, ourselves included."""

    rate: Decimal = Decimal("0.10")
    reach: Decimal = Decimal(1)
    rest: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class IcebergParameters(Guards):
    """`display` is what the market sees, give or take `jitter` of it."""

    display: int = 1
    jitter: Decimal = Decimal("0.2")


@dataclass(frozen=True, slots=True, kw_only=True)
class AdaptiveParameters(SliceParameters):
    """`urgency` is the aversion to risk (lambda), `sigma` dollars a root second, `eta` dollars a unit a second."""

    urgency: float = 1.0
    sigma: float = 0.0
    eta: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LeggingParameters(Guards):
    """`accept_risk` must be said: between the legs the position is another one than was wanted."""

    accept_risk: bool = False
    order: tuple[int, ...] = ()
    most_gap: int = 3
    most_move: Decimal = Decimal("0.001")
    rest: int = 15
    most_replaces: int = 20


Parameters = (
    WalkParameters
    | TwapParameters
    | VwapParameters
    | PovParameters
    | IcebergParameters
    | AdaptiveParameters
    | LeggingParameters
)
KINDS: dict[Algo, type[Parameters]] = {
    Algo.LIMIT_WALK: WalkParameters,
    Algo.TWAP: TwapParameters,
    Algo.VWAP: VwapParameters,
    Algo.POV: PovParameters,
    Algo.ICEBERG: IcebergParameters,
    Algo.ADAPTIVE: AdaptiveParameters,
    Algo.LEGGING: LeggingParameters,
}
MEASURED = {"profile", "sigma", "eta", "order"}  # the desk measures these; nobody sends them, and cards show them
BOUNDS: dict[str, tuple[str, str]] = {  # inclusive
    "widest": ("0.01", "5"),
    "widest_share": ("0.01", "0.50"),
    "usual_times": ("1", "10"),
    "after_open": ("0", "3600"),
    "before_close": ("0", "3600"),
    "patience": ("1", "60"),
    "steps": ("1", "50"),
    "start_ticks": ("0", "20"),
    "reach": ("0", "1"),
    "dwell_least": ("1", "600"),
    "dwell_most": ("1", "600"),
    "chase_ticks": ("0", "20"),
    "chase_premium": ("0", "0.15"),
    "chase_spread": ("0", "1"),
    "most_replaces": ("0", "20"),
    "slices": ("1", "200"),
    "rate": ("0.001", "0.10"),
    "rest": ("5", "600"),
    "display": ("1", "100000"),
    "jitter": ("0", "0.2"),
    "urgency": ("0", "1000000"),
    "most_gap": ("1", "30"),
    "most_move": ("0.0001", "0.01"),
}


def asked_of(algo: Algo) -> list[dict[str, object]]:
    """Return what a person may set: each number's name, default and bounds; no bounds is yes or no."""
    guards = {field.name for field in fields(Guards)}
    return [
        {
            "name": field.name,
            "default": field.default if isinstance(field.default, bool) else str(field.default),
            "bounds": BOUNDS.get(field.name),
            "is_guard": field.name in guards,
            "is_whole": type(field.default) is int,
        }
        for field in fields(KINDS[algo])
        if field.name not in MEASURED
    ]


def measured_of(algo: Algo) -> set[str]:
    """Return the names of what the desk measures for the algorithm."""
    return MEASURED & {field.name for field in fields(KINDS[algo])}


def read(algo: Algo, given: Mapping[str, Any], *, measured: Mapping[str, Any] | None = None) -> Parameters:
    """Return the algorithm's parameters; what is not given has its default.

    Raises:
        InvalidParametersError: a name is not the algorithm's, or a number is out of its bounds.
    """
    kind = KINDS[algo]
    known = {field.name: type(field.default) for field in fields(kind)}
    for name in given:
        if name not in known or name in MEASURED:
            raise InvalidParametersError(f"{algo} has no parameter {name!r}. Nothing was started.", parameter=name)
    values: dict[str, Any] = {name: _number(name, value, known[name]) for name, value in given.items()}
    parameters = kind(**values, **(measured or {}))
    if isinstance(parameters, WalkParameters) and parameters.dwell_least > parameters.dwell_most:
        raise InvalidParametersError("The shortest dwell is not longer than the longest. Nothing was started.")
    return parameters


def _number(name: str, value: object, kind: type) -> object:
    if kind is bool:
        if not isinstance(value, bool):
            raise InvalidParametersError(f"{name} is true or false, was {value!r}.", parameter=name)
        return value
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise InvalidParametersError(f"{name} is a number, was {value!r}.", parameter=name) from None
    least, most = BOUNDS[name]
    if not number.is_finite() or not Decimal(least) <= number <= Decimal(most):
        raise InvalidParametersError(f"{name} is from {least} to {most}, was {value}.", parameter=name)
    if kind is int and number != number.to_integral_value():
        raise InvalidParametersError(f"{name} is a whole number, was {value}.", parameter=name)
    return kind(number)
