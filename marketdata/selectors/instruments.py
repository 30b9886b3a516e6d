"""Instruments by name."""

from collections.abc import Iterable, Sequence
from datetime import date

from django.db.models import QuerySet

from allcore.kernel.errors import NotFoundError
from allcore.kernel.instruments import InstrumentKind, InvalidSymbolError, OptionContract
from marketdata.models import Instrument


class UnknownSymbolError(NotFoundError):
    """No instrument has the name."""

    code = "UNKNOWN_SYMBOL"


def canonical(text: str) -> str:
    """Return the name as the desk writes it: capitals, and an option's OCC symbol padded to 21 characters."""
    name = text.strip().upper()
    try:
        return OptionContract.parse(name).symbol
    except InvalidSymbolError:
        return name


def by_symbol(symbols: Iterable[str]) -> dict[str, Instrument]:
    """Return the known instruments by their symbols, each with its underlying; the unknown are missing."""
    found = Instrument.objects.select_related("underlying").filter(symbol__in=list(symbols))
    return {instrument.symbol: instrument for instrument in found}


def get(symbol: str) -> Instrument:
    """Return one instrument with its underlying; an option's symbol may be padded or compact.

    Raises:
        UnknownSymbolError: no instrument has the name.
    """
    return all_of([canonical(symbol)])[0]


def all_of(symbols: Sequence[str]) -> list[Instrument]:
    """Return the instruments in the order asked.

    Raises:
        UnknownSymbolError: one of the symbols names none.
    """
    found = by_symbol(symbols)
    unknown = [symbol for symbol in symbols if symbol not in found]
    if unknown:
        raise UnknownSymbolError(f"No instrument is called {', '.join(unknown)}.", symbols=unknown)
    return [found[symbol] for symbol in symbols]


def listed(
    *,
    underlying: str | None = None,
    kind: str | None = None,
    expiry: date | None = None,
    is_active: bool | None = None,
) -> QuerySet[Instrument]:
    """Return what may be looked up, in the order of its symbols; None narrows nothing."""
    wanted = {"underlying__symbol": underlying, "kind": kind, "expiry": expiry, "is_active": is_active}
    narrowed = {name: value for name, value in wanted.items() if value is not None}
    return Instrument.objects.select_related("underlying").filter(**narrowed).order_by("symbol")


def underlyings() -> QuerySet[Instrument]:
    """Return the active shares, funds and indices in the order of their symbols."""
    return Instrument.objects.filter(is_active=True).exclude(kind=InstrumentKind.OPTION).order_by("symbol")


def options_of(underlying: str) -> QuerySet[Instrument]:
    """Return the underlying's active options, nearest expiry and lowest strike first, calls before puts."""
    return Instrument.objects.filter(underlying__symbol=underlying, is_active=True).order_by(
        "expiry", "strike", "right", "id"
    )


def expiries_of(underlying: str) -> tuple[date, ...]:
    """Return the dates on which the underlying's active options expire, nearest first."""
    days = options_of(underlying).order_by("expiry").values_list("expiry", flat=True).distinct()
    return tuple(day for day in days if day is not None)
