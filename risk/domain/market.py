"""What the gate sees of the market and of the road to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from allcore.kernel.calendar import Phase
from allcore.kernel.instruments import InstrumentKind, Right, TickRule
from allcore.kernel.orders import OrdType, TimeInForce, TriggerPrice
from allcore.kernel.quotes import Greeks, Quote
from brokers.algos import BrokerAlgo

COMBO_TICK = Decimal("0.01")  # combos trade in cents whatever their legs' steps


@dataclass(frozen=True, slots=True)
class Listing:
    """The standing facts of one instrument. `underlying` of a share is the share itself; `expiry` is New York's.

    `instrument_id` is the key of its row, for who writes what the gate let pass.
    """

    symbol: str
    underlying: str
    kind: InstrumentKind
    right: Right | None
    strike: Decimal | None
    expiry: date | None
    multiplier: int
    tick_rule: TickRule
    is_active: bool
    instrument_id: int | None = None


@dataclass(frozen=True, slots=True)
class BrokerTakes:
    """What the account's broker takes by itself; `gtc_for` is how long it keeps a good-till-cancelled order."""

    broker: str
    ord_types: frozenset[OrdType]
    times_in_force: frozenset[TimeInForce]
    triggers: frozenset[TriggerPrice]
    max_legs: int
    gtc_for: timedelta
    native_lists: bool = False  # it keeps lists of orders by itself
    native_conditions: bool = False  # it watches an order's conditions by itself
    algos: tuple[BrokerAlgo, ...] = ()  # by which it works orders by itself


@dataclass(frozen=True, slots=True)
class MarketView:
    """The market at one moment. `now` is the system's time, against which quotes age; `exchange_now` the exchange's.

    `quotes`, `greeks` and `listings` are by symbol: the order's legs at least, and what the account holds in the
    underlying; `spots` by underlying. What is not known is not in the mapping.
    """

    quotes: Mapping[str, Quote]
    greeks: Mapping[str, Greeks]
    spots: Mapping[str, Quote]
    listings: Mapping[str, Listing]
    now: datetime
    exchange_now: datetime
    phase: Phase
    closes_at: datetime | None  # the running session's close, the exchange's time
    trading_mode: str  # paper or live, of the desk
    connection_state: str  # DOWN, SYNCING or UP
    connection_paused: bool
    kill_level: int
    feed_source: str  # SIMULATED, REPLAY or LIVE
    takes: BrokerTakes | None = None  # None: nobody can say, and nothing passes
