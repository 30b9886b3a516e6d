"""Events, actions and parameters as JSON values, and back: decimals as text, times as ISO text."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from enum import Enum
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from trading.domain.algos.events import Action, Event, Heard, LegSight, Look, Refused, Told
from trading.domain.algos.parameters import KINDS, Algo, Parameters

Json = dict[str, Any]
Kind = TypeVar("Kind")
LEFT_OUT: tuple[object, ...] = (None, "", ())
EVENTS: dict[str, type[Event]] = {kind.__name__.upper(): kind for kind in (Look, Heard, Refused, Told)}


def encode(value: Event | Action | Parameters | LegSight) -> Json:
    """Return the value's fields; what is None or empty is left out."""
    named = {field.name: getattr(value, field.name) for field in fields(value)}
    return {
        name: _plain(one) for name, one in named.items() if not any(one is none or one == none for none in LEFT_OUT)
    }


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, LegSight):
        return encode(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    return f"{value:f}" if isinstance(value, Decimal) else value


def kind_of(event: Event) -> str:
    """Return the event's name."""
    return type(event).__name__.upper()


def event_from(kind: str, data: Mapping[str, Any]) -> Event:
    """Read an event."""
    return _read(EVENTS[kind], data)


def parameters_from(algo: Algo, data: Mapping[str, Any]) -> Parameters:
    """Read parameters."""
    return _read(KINDS[algo], data)


def _read(kind: type[Kind], data: Mapping[str, Any]) -> Kind:
    hints = get_type_hints(kind)
    return kind(**{name: _value(hints[name], value) for name, value in data.items()})


def _value(hint: Any, value: Any) -> Any:
    if value is None:
        return None
    if get_origin(hint) in (Union, UnionType):
        hint = next(one for one in get_args(hint) if one is not type(None))
    if get_origin(hint) is tuple:
        return tuple(_value(get_args(hint)[0], one) for one in value)
    if hint is LegSight:
        return _read(LegSight, value)
    return datetime.fromisoformat(value) if hint is datetime else hint(value)
