"""All that the strategy looks at to decide about one sleeve, as values."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from allcore.kernel.instruments import Right
from allcore.kernel.quotes import Quote
from allcore.kernel.tickets import OrderTicket
from trading.domain.protocol.cycles import Cycle
from trading.domain.protocol.outlook import Probabilities
from trading.domain.protocol.overlays import MarketState, Overlay, atr_overlay, atr_regime, market_overlay
from trading.domain.protocol.parameter_groups import TierRules
from trading.domain.protocol.parameters import Parameters
from trading.domain.protocol.sizing import Position
from trading.domain.protocol.sleeves import Sleeve
from trading.domain.protocol.strikes import Candidate
from trading.domain.protocol.words import Reason, Strategy, Tier


@dataclass(frozen=True, slots=True)
class NameState:
    """An underlying's own range: ATR in dollars a share, and its percentile among the last year's."""

    atr: float
    percentile: float


@dataclass(frozen=True, slots=True)
class Known:
    """What must be known before anything is decided; the strategy checks each for None and then waits.

    `spot` is the underlying's quote and `position` where the account stands.
    """

    market: MarketState
    name: NameState
    spot: Quote
    price: Decimal  # the middle of `spot`
    position: Position


@dataclass(frozen=True, slots=True)
class SleeveView:
    """One account and underlying at one moment. `now` is the system's time, `exchange_now` the exchange's."""

    account: str
    tier: Tier
    parameters: Parameters
    sleeve: Sleeve
    cycle: Cycle
    options: tuple[Candidate, ...]
    rate: float
    now: datetime
    exchange_now: datetime
    market: MarketState | None = None
    name: NameState | None = None
    spot: Quote | None = None
    position: Position | None = None
    earnings: frozenset[date] = frozenset()
    ex_dividends: frozenset[date] = frozenset()
    kill_level: int = 0
    is_enabled: bool = True
    has_break: bool = False  # the broker's position is not ours
    has_working_order: bool = False
    cool_until: datetime | None = None  # after a rejection

    @property
    def rules(self) -> TierRules:
        """The tier's rules."""
        return self.parameters.tier(self.tier)

    @property
    def underlying(self) -> str:
        """The sleeve's underlying."""
        return self.sleeve.underlying

    def options_of(self, right: Right, expiry: date) -> tuple[Candidate, ...]:
        """Return the listed options of one right and expiry."""
        return tuple(o for o in self.options if o.contract.right is right and o.contract.expiry == expiry)

    def option(self, symbol: str) -> Candidate | None:
        """Return one listed option."""
        return next((o for o in self.options if o.contract.symbol == symbol), None)

    def overlays(self, known: Known) -> tuple[Overlay, Overlay]:
        """Return the market's overlay and the name's own."""
        regime = atr_regime(known.name.percentile, self.parameters)
        return market_overlay(known.market, self.tier, self.parameters), atr_overlay(regime, self.tier, self.parameters)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that was looked at, in words, and whether it was kept. One not kept needs a second approval."""

    code: str
    text: str
    passed: bool = True


@dataclass(frozen=True, slots=True)
class Alternative:
    """What could be done instead."""

    sentence: str
    note: str


@dataclass(frozen=True, slots=True)
class Idea:
    """A trade to be proposed, with its reasons."""

    strategy: Strategy
    ticket: OrderTicket
    sentence: str  # why
    rules: tuple[Rule, ...]
    expected: Probabilities
    minutes: int  # a person has to decide
    alternatives: tuple[Alternative, ...]
    delta_range: tuple[float, float] | None = None  # of the option that is sold, where one binds
    least: Decimal | None = None  # what a share must bring in by its rules (below zero: cost); None: as the ticket says

    @property
    def approvals_needed(self) -> int:
        """Two where a rule of the protocol is bent, one otherwise."""
        return 1 if all(rule.passed for rule in self.rules) else 2


@dataclass(frozen=True, slots=True)
class Note:
    """Why nothing is proposed. WAITING passes by itself with time; IDLE is the week's or the name's state."""

    outcome: str
    reason: Reason
    sentence: str
    details: dict[str, object] = field(default_factory=dict)


def waiting(reason: Reason, sentence: str, **details: object) -> Note:
    """Return a note of something that time will change."""
    return Note("WAITING", reason, sentence, details)


def idle(reason: Reason, sentence: str, **details: object) -> Note:
    """Return a note of something that time alone will not change today."""
    return Note("IDLE", reason, sentence, details)
