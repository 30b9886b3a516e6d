"""Instruments by name."""

from collections.abc import Iterable
from datetime import date

from django.db.models import QuerySet

from allcore.kernel.errors import NotFoundError
from allcore.kernel.instruments import InstrumentKind
from marketdata.models import Instrument


class UnknownSymbolError(NotFoundError):
    """No instrument has the name."""

    code = "UNKNOWN_SYMBOL"


def by_symbol(symbols: Iterable[str]) -> dict[str, Instrument]:
    """Return the known instruments by their symbols, each with its underlying; the unknown are missing."""
    found = Instrument.objects.select_related("underlying").filter(symbol__in=list(symbols))
    return {instrument.symbol: instrument for instrument in found}


def get(symbol: str) -> Instrument:
    """Return one instrument with its underlying.

    Raises:
        UnknownSymbolError: no instrument has the name.
    """
    found = by_symbol([symbol])
    if symbol not in found:
        raise UnknownSymbolError(f"No instrument is called {symbol!r}.", symbol=symbol)
    return found[symbol]


def listed() -> QuerySet[Instrument]:
    """Return what may be looked up, active or not, in the order of its symbols."""
    return Instrument.objects.select_related("underlying").order_by("symbol")


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
