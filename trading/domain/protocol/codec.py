"""Frozen dataclasses to JSON values and back, with each field's range checked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import time
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

from allcore.kernel.errors import InvalidInputError

T = TypeVar("T")
Json = object


class InvalidParameterError(InvalidInputError):
    """A parameter is unknown, missing, of the wrong kind or out of range; `path` says which."""

    code = "INVALID_PARAMETER"


@dataclass(frozen=True, slots=True)
class Between:
    """Says in a field's `Annotated` type that its number, or each of them, lies in [low, high]."""

    low: float
    high: float

    def check(self, value: Any, path: str) -> None:
        """Refuse a number outside."""
        for number in value if isinstance(value, tuple) else (value,):
            if not self.low <= number <= self.high:
                raise InvalidParameterError(f"{path} lies between {self.low} and {self.high}, was {number}.", path=path)


def encode(value: object) -> Json:
    """Return the value as JSON: decimals as text, times as "HH:MM", tuples as lists."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: encode(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): encode(inner) for key, inner in value.items()}
    if isinstance(value, tuple):
        return [encode(inner) for inner in value]
    if isinstance(value, Decimal | time):
        return f"{value:f}" if isinstance(value, Decimal) else f"{value:%H:%M}"
    return value


def decode(kind: type[T], data: Json, path: str = "") -> T:
    """Read what `encode` wrote; every key is there, none is unknown, every number is in its range.

    Raises:
        InvalidParameterError: it is not so.
    """
    if not isinstance(data, Mapping):
        raise InvalidParameterError(f"{path or 'The parameters'} is a set of named values, was {data!r}.", path=path)
    known = [f.name for f in fields(kind)]  # type: ignore[arg-type]  # T is always a dataclass here
    hints = get_type_hints(kind, include_extras=True)
    if unknown := sorted(set(data) - set(known)):
        raise InvalidParameterError(f"{_join(path, unknown[0])} is not a parameter.", path=_join(path, unknown[0]))
    if missing := sorted(set(known) - set(data)):
        raise InvalidParameterError(f"{_join(path, missing[0])} is missing.", path=_join(path, missing[0]))
    values = {name: _value(hints[name], data[name], _join(path, name)) for name in known}
    return kind(**values)


def merge(base: Mapping[str, Json], changes: Mapping[str, Json]) -> dict[str, Json]:
    """Return `base` with the changed leaves of `changes` laid over it; lists are replaced whole."""
    merged = dict(base)
    for key, change in changes.items():
        below = merged.get(key)
        merged[key] = merge(below, change) if isinstance(below, Mapping) and isinstance(change, Mapping) else change
    return merged


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _value(hint: Any, data: Json, path: str) -> object:
    origin = get_origin(hint)
    if origin is Annotated:
        kind, limits = get_args(hint)
        value = _value(kind, data, path)
        limits.check(value, path)
        return value
    if origin is tuple:
        return _tuple(get_args(hint), data, path)
    if origin is not None:  # a Mapping of names to something
        return _named(get_args(hint)[1], data, path)
    if isinstance(hint, type) and is_dataclass(hint):
        return decode(hint, data, path)
    return _scalar(hint, data, path)


def _named(kind: Any, data: Json, path: str) -> dict[str, object]:
    if not isinstance(data, Mapping):
        raise InvalidParameterError(f"{path} is a set of named values, was {data!r}.", path=path)
    return {str(key): _value(kind, inner, _join(path, str(key))) for key, inner in data.items()}


def _tuple(kinds: tuple[Any, ...], data: Json, path: str) -> tuple[object, ...]:
    if not isinstance(data, Sequence) or isinstance(data, str):
        raise InvalidParameterError(f"{path} is a list, was {data!r}.", path=path)
    wanted = None if kinds[-1] is Ellipsis else len(kinds)
    if wanted is not None and len(data) != wanted:
        raise InvalidParameterError(f"{path} has {wanted} values, was {len(data)}.", path=path)
    return tuple(_value(kinds[0] if wanted is None else kinds[n], inner, path) for n, inner in enumerate(data))


def _scalar(kind: Any, data: Json, path: str) -> object:
    try:
        return SCALARS[kind](data) if kind in SCALARS else kind(data)
    except (ValueError, TypeError, InvalidOperation):
        raise InvalidParameterError(f"{path} is a {kind.__name__}, was {data!r}.", path=path) from None


def _decimal(data: Any) -> Decimal:
    if isinstance(data, bool):
        raise TypeError
    number = Decimal(str(data))
    if not number.is_finite():
        raise ValueError
    return number


def _integer(data: Any) -> int:
    if isinstance(data, bool) or not isinstance(data, int):
        raise TypeError
    return data


def _boolean(data: Any) -> bool:
    if not isinstance(data, bool):
        raise TypeError
    return data


def _float(data: Any) -> float:
    return float(_decimal(data))


def _text(data: Any) -> str:
    if not isinstance(data, str):
        raise TypeError
    return data


SCALARS: dict[Any, Any] = {
    Decimal: _decimal,
    int: _integer,
    bool: _boolean,
    float: _float,
    str: _text,
    time: time.fromisoformat,
}
