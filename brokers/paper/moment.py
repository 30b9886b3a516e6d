"""One instant at the paper exchange, and what the exchange goes by."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from allcore.kernel.calendar import Phase, phase_at
from allcore.kernel.clock import new_york_date
from allcore.kernel.quotes import Quote
from brokers.paper.contracts import Ticks
from brokers.paper.model import QUOTES, FillModel
from brokers.paper.rates import FREE, Rates
from brokers.paper.tariffs import Tariff


@dataclass(frozen=True, slots=True)
class Terms:
    """What the exchange goes by; `stale_after` in seconds."""

    connection: str
    ticks: Ticks
    tariff: Tariff
    stale_after: float
    model: FillModel = QUOTES
    seed: str = ""
    rates: Rates = FREE
    is_cash_account: bool = False
    has_margin_calls: bool = False
    has_actions: bool = False  # whether anybody tells of corporate actions


@dataclass(frozen=True, slots=True)
class Moment:
    """One instant on both clocks, its quotes, and which of them changed. Blind: quotes are not to be had.

    `asked` are the symbols whose quotes were looked for (None: all): only of these does a missing quote say anything.
    """

    now: datetime
    exchange_now: datetime
    quotes: Mapping[str, Quote]
    changed: frozenset[str] = frozenset()
    is_blind: bool = False
    asked: frozenset[str] | None = None

    def saw(self, symbols: Collection[str]) -> bool:
        """Return whether the quotes of all the symbols were looked for."""
        return self.asked is None or self.asked.issuperset(symbols)

    @property
    def trading_day(self) -> date | None:
        """New York's date while the exchange is open, else None."""
        return new_york_date(self.exchange_now) if phase_at(self.exchange_now) is Phase.OPEN else None
