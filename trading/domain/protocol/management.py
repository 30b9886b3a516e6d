"""What to do about an open short option (protocol 4.2 to 4.5)."""

from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum, StrEnum

from trading.domain.protocol.parameters import Parameters
from trading.domain.protocol.words import Klass


class Watch(IntEnum):
    """How far the price moved against the position, in daily ATR."""

    NONE = 0
    MONITOR = 1
    CONSIDER = 2
    MANDATORY = 3


class PutZone(StrEnum):
    """Where the price stands against a put's strike as expiry comes near."""

    LET_EXPIRE = "LET_EXPIRE"
    PREPARE = "PREPARE"
    ROLL = "ROLL"
    GBR4 = "GBR4"


class CallZone(StrEnum):
    """Where the price stands against the shares' basis and the call's strike."""

    LET_EXPIRE = "LET_EXPIRE"
    DELIVER = "DELIVER"
    ROLL_DOWN = "ROLL_DOWN"
    RECOVER = "RECOVER"
    GBR4 = "GBR4"


@dataclass(frozen=True, slots=True)
class Profit:
    """Whether to take profit early, the share of the premium that is won, and the rule."""

    take: bool
    share: Decimal
    sentence: str


def watch(adverse: float, atr: float, mandatory: float, parameters: Parameters) -> Watch:
    """Return the watch for an adverse move in dollars a share; borders but the first belong to the calmer side."""
    moved, rules = adverse / atr, parameters.atr
    if moved > mandatory:
        return Watch.MANDATORY
    if moved > rules.consider:
        return Watch.CONSIDER
    return Watch.MONITOR if moved >= rules.monitor else Watch.NONE


def buffer_zone(strike: Decimal, atr: float, parameters: Parameters) -> Decimal:
    """Return how near the strike is near, in dollars a share."""
    return max(strike * parameters.buffer_zone.pct, Decimal(str(atr)) * parameters.buffer_zone.atr)


def put_zone(spot: Decimal, strike: Decimal, buffer: Decimal, parameters: Parameters) -> PutZone:
    """Return the zone; borders belong to the milder one."""
    rules = parameters.week_type
    shortfall = (strike - spot) / strike
    if shortfall > rules.deep:
        return PutZone.GBR4
    if shortfall > rules.limit:
        return PutZone.ROLL
    return PutZone.PREPARE if spot <= strike + buffer else PutZone.LET_EXPIRE


def call_zone(
    spot: Decimal, strike: Decimal | None, basis: Decimal, buffer: Decimal, parameters: Parameters
) -> CallZone:
    """Return the zone of shares held, with or without a call on them; borders belong to the milder one."""
    rules = parameters.week_type
    distance = (spot - basis) / basis
    if distance < -rules.deep:
        return CallZone.GBR4
    if distance < -rules.strong:
        return CallZone.RECOVER
    if distance < -rules.limit:
        return CallZone.ROLL_DOWN
    return CallZone.DELIVER if strike is not None and spot >= strike - buffer else CallZone.LET_EXPIRE


def take_profit(
    credit: Decimal,
    cost: Decimal,
    *,
    sessions_left: int,
    favourable: float | None,
    klass: Klass,
    parameters: Parameters,
) -> Profit:
    """Return whether to buy back: with a session left at least, from the share of the premium that the rules name.

    `favourable` is the move for the position in ATR, None if it is not known.
    """
    rules = parameters.take_profit
    share = (credit - cost) / credit if credit > 0 else Decimal(0)
    least = rules.red if klass is Klass.RED else rules.default
    moved = favourable is not None and favourable > parameters.atr.favourable
    take = sessions_left >= 1 and (share >= least or (moved and share > rules.favourable))
    won = f"{share * 100:.0f} % of the premium is won"
    return Profit(take, share, f"{won}; profit is taken from {least * 100:.0f} %.")
