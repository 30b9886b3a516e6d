"""What a measure is given: numbers that are there, and refused where they cannot be meant."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from allcore.kernel.errors import InvalidInputError

Floats = NDArray[np.float64]


class MeasureInputError(InvalidInputError):
    """A measure of risk was asked for of numbers that it cannot be told from."""

    code = "MEASURE_INPUT"


def series(name: str, values: ArrayLike, *, least: int = 1) -> Floats:
    """Return the values in one dimension; a missing one is refused, not skipped: the rest would be another series."""
    try:
        found = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as e:
        raise MeasureInputError(f"{name} must be numbers.", name=name) from e
    if found.ndim != 1 or found.size < least:
        raise MeasureInputError(f"{name} must be a list of at least {least}, was {found.size}.", name=name)
    if not np.isfinite(found).all():
        raise MeasureInputError(f"{name} has a value that is missing or without end.", name=name)
    return found


def number(name: str, value: float, *, above: float = -math.inf, least: float = -math.inf) -> float:
    """Return a finite number that is above one bound and not below the other."""
    found = float(series(name, [value])[0])
    if found <= above or found < least:
        bound = f"above {above:g}" if found <= above else f"at least {least:g}"
        raise MeasureInputError(f"{name} must be {bound}, was {found:g}.", name=name, seen=found)
    return found


def whole(name: str, value: float, *, least: int = 0) -> int:
    """Return a whole number that is not below `least`."""
    found = number(name, value, least=least)
    if found != int(found):
        raise MeasureInputError(f"{name} must be a whole number, was {found:g}.", name=name, seen=found)
    return int(found)


def fraction(name: str, value: float) -> float:
    """Return a number between 0 and 1, neither of them: 0.95, not 95."""
    found = number(name, value)
    if not 0.0 < found < 1.0:
        raise MeasureInputError(f"{name} is a fraction between 0 and 1, was {found:g}.", name=name, seen=found)
    return found


def level(confidence: float) -> float:
    """Return the confidence."""
    return fraction("The confidence", confidence)


def same_length(one: str, first: Sequence[float] | Floats, other: str, second: Sequence[float] | Floats) -> None:
    """Let pass two series of one length."""
    if len(first) != len(second):
        raise MeasureInputError(f"{one} and {other} differ in length, was {len(first)} and {len(second)}.")
