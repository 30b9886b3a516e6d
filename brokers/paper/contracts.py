"""What the paper broker knows of an instrument by its name alone: whether an option, its underlying, its multiplier."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from functools import lru_cache

from allcore.kernel.calendar import previous_session, session_on
from allcore.kernel.instruments import InvalidSymbolError, OptionContract

OPTION_MULTIPLIER = 100
CASH_SETTLED = frozenset({"SPX", "SPXW", "XSP", "NDX", "NDXP", "RUT", "RUTW", "VIX", "VIXW", "DJX", "OEX", "XEO"})

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
    return symbol if option is None else option.root


def multiplier_of(symbol: str) -> int:
    """Return how many shares one of it stands for."""
    return 1 if option_named(symbol) is None else OPTION_MULTIPLIER


@lru_cache(maxsize=8192)
def last_moment(option: OptionContract) -> datetime:
    """Return when the contract's last session closes; a dated holiday means the session before."""
    session = session_on(option.expiry) or previous_session(option.expiry)
    return session.closes_at
