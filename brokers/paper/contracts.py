"""What the paper broker knows of an instrument by its name alone: whether an option, its underlying, its multiplier."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from functools import lru_cache

from allcore.kernel.calendar import previous_session, session_on
from allcore.kernel.instruments import InvalidSymbolError, OptionContract

OPTION_MULTIPLIER = 100
CASH_SETTLED = frozenset({"SPX", "SPXW", "XSP", "NDX", "NDXP", "RUT", "RUTW", "DJX", "OEX", "XEO"})
AM_SETTLED = frozenset(
    {"SPX", "NDX", "RUT", "DJX"}
)  # by the opening of the day they expire on; last traded the day before
UNSETTLED = frozenset({"VIX", "VIXW"})  # by an auction of their own, of which no quote here tells
UNDERLYINGS = {"SPXW": "SPX", "NDXP": "NDX", "RUTW": "RUT", "VIXW": "VIX"}  # classes with names of their own

Ticks = Callable[[str, Decimal], Decimal]


@lru_cache(maxsize=8192)
def option_named(symbol: str) -> OptionContract | None:
    """Return the option of that OCC symbol, or None for anything else."""
    try:
        return OptionContract.parse(symbol)
    except InvalidSymbolError:
        return None


def underlying_of(symbol: str) -> str:
    """Return the underlying's symbol; a share is its own."""
    option = option_named(symbol)
    return symbol if option is None else underlying_named(option)


def underlying_named(option: OptionContract) -> str:
    """Return what the option is on."""
    return UNDERLYINGS.get(option.root, option.root)


def multiplier_of(symbol: str) -> int:
    """Return how many shares one of it stands for."""
    return 1 if option_named(symbol) is None else OPTION_MULTIPLIER


@lru_cache(maxsize=8192)
def last_moment(option: OptionContract) -> datetime:
    """Return when the contract's last session closes; a dated holiday means the session before."""
    session = session_on(option.expiry) or previous_session(option.expiry)
    return previous_session(session.day).closes_at if option.root in AM_SETTLED else session.closes_at


@lru_cache(maxsize=8192)
def settled_at(option: OptionContract) -> datetime:
    """Return when the price is made that the contract is settled by: a close, or for some indices an opening."""
    session = session_on(option.expiry) or previous_session(option.expiry)
    return session.opens_at if option.root in AM_SETTLED else session.closes_at
