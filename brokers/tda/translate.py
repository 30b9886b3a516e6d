"""Orders in TD Ameritrade's JSON turned into Schwab's, and back. The two are of one family."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from allcore.kernel.instruments import InvalidSymbolError
from brokers.tda.symbols import from_occ, to_occ

DESTINATIONS = ("requestedDestination", "destinationLinkName")  # Schwab routes by itself, and refuses to be told


@dataclass(frozen=True, slots=True)
class Translation:
    """An order in Schwab's JSON, and what a person should know of the change."""

    order: dict[str, Any]
    notes: tuple[str, ...]


def to_schwab(order: Mapping[str, Any]) -> Translation:
    """Return the order as Schwab takes it.

    Raises:
        InvalidSymbolError: an instrument's name cannot be read; nothing is guessed.
    """
    notes: list[str] = []
    account = order.get("accountId")
    if account is not None:
        notes.append(
            f"Account {account}: Schwab gave it a new number, and paths name it by the hash that "
            "/trader/v1/accounts/accountNumbers tells."
        )
    notes += [
        f"{name} {order[name]!r} is dropped: Schwab routes orders itself." for name in DESTINATIONS if name in order
    ]
    kept = _without(order, (*DESTINATIONS, "accountId"))
    return Translation(_renamed(kept, to_occ), tuple(notes))


def from_schwab(order: Mapping[str, Any]) -> dict[str, Any]:
    """Return an order of Schwab's as TD Ameritrade took it."""
    return dict(_renamed(order, from_occ))


def readable(body: Any) -> Any:
    """Return what TD Ameritrade says with options under their OCC symbols; a name nobody can read stays as it is."""
    return _renamed(body, _to_occ_if_it_can)


def _to_occ_if_it_can(symbol: str) -> str:
    try:
        return to_occ(symbol)
    except InvalidSymbolError:
        return symbol


def _without(value: Any, names: tuple[str, ...]) -> Any:
    if isinstance(value, Mapping):
        return {name: _without(part, names) for name, part in value.items() if name not in names}
    return [_without(part, names) for part in value] if isinstance(value, list) else value


def _renamed(value: Any, rename: Callable[[str], str]) -> Any:
    """Change the symbol of every instrument within."""
    if isinstance(value, list):
        return [_renamed(part, rename) for part in value]
    if not isinstance(value, Mapping):
        return value
    changed = {name: _renamed(part, rename) for name, part in value.items()}
    instrument = changed.get("instrument")
    if isinstance(instrument, dict) and isinstance(instrument.get("symbol"), str):
        changed["instrument"] = instrument | {"symbol": rename(instrument["symbol"])}
    return changed
