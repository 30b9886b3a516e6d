"""How many contracts: the least room that any cap leaves, never forced up to one (protocol 1.3).

A short put counts its strike times its multiplier. Every cap is kept with what is used of it, so that a person sees
which one bound.
"""

from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal

from trading.domain.proposals.sentences import dollars, percent
from trading.domain.protocol.parameters import Parameters
from trading.domain.protocol.words import Tier


@dataclass(frozen=True, slots=True)
class Position:
    """Where the account and the household stand before the order. US dollars; `drawdown` is a ratio of peak equity."""

    tier: Tier
    equity: Decimal
    free_cash: Decimal  # what neither positions nor working orders bind
    deployed: Decimal
    deployed_in_name: Decimal
    household_equity: Decimal
    household_in_name: Decimal
    names_held: int
    holds_name: bool
    drawdown: Decimal
    ladder: Decimal  # the factor of the drawdown's rung


@dataclass(frozen=True, slots=True)
class Cap:
    """One cap in dollars, and what is used of it."""

    code: str
    words: str
    most: Decimal
    used: Decimal

    @property
    def room(self) -> Decimal:
        """What is left; never below zero."""
        return max(self.most - self.used, Decimal(0))

    def lots(self, lot: Decimal) -> int:
        """Return the whole lots that fit."""
        return int((self.room / lot).to_integral_value(rounding=ROUND_FLOOR))


@dataclass(frozen=True, slots=True)
class Size:
    """How many contracts, and the cap that bound. Not operable: one lot is more than the cap of an empty account."""

    contracts: int
    caps: tuple[Cap, ...]
    bound: Cap
    is_operable: bool
    sentence: str


def size(lot: Decimal, position: Position, multiplier: Decimal, parameters: Parameters) -> Size:
    """Return the size of a new short put that binds `lot` dollars a contract, the overlay's multiplier applied once."""
    caps = _caps(position, multiplier, parameters)
    bound = min(caps, key=lambda cap: cap.room)
    contracts = bound.lots(lot)
    unoperable = next((cap for cap in caps if cap.most < lot and cap.code in STRUCTURAL), None)
    return Size(
        contracts=contracts,
        caps=caps,
        bound=bound,
        is_operable=unoperable is None,
        sentence=_sentence(contracts, lot, unoperable or bound, is_operable=unoperable is None),
    )


def buffer_usd(equity: Decimal, parameters: Parameters) -> Decimal:
    """Return the cash that stays undeployed."""
    return max(equity * parameters.buffer.pct, parameters.buffer.min_usd)


def deployment_cap(position: Position, multiplier: Decimal, parameters: Parameters) -> Decimal:
    """Return the deployment cap as a ratio of equity: the tier's most times the overlay times the drawdown's factor."""
    most = parameters.tier(position.tier).deploy[1]
    return most * multiplier * position.ladder


STRUCTURAL = frozenset({"name", "deployment", "buffer", "household_name"})


def _caps(position: Position, multiplier: Decimal, parameters: Parameters) -> tuple[Cap, ...]:
    equity = position.equity
    deployed = deployment_cap(position, multiplier, parameters)
    name = parameters.tier(position.tier).name_cap * multiplier
    household = parameters.risk.name_household[1]
    reserve = buffer_usd(equity, parameters)
    count = parameters.risk.max_positions
    full = position.names_held >= count and not position.holds_name
    return (
        Cap("deployment", f"{percent(deployed)} of equity deployed", deployed * equity, position.deployed),
        Cap("buffer", f"a buffer of {dollars(reserve)}", equity - reserve, position.deployed),
        Cap("name", f"{percent(name)} of equity in one name", name * equity, position.deployed_in_name),
        Cap(
            "household_name",
            f"{percent(household)} of the household in one name",
            household * position.household_equity,
            position.household_in_name,
        ),
        Cap("cash", "free cash", max(position.free_cash, Decimal(0)), Decimal(0)),
        Cap("positions", f"{count} positions", Decimal(0) if full else equity, Decimal(0)),
    )


def _sentence(contracts: int, lot: Decimal, cap: Cap, *, is_operable: bool) -> str:
    bounds = f"{dollars(cap.most)} ({cap.words})"
    if not is_operable:
        return f"Not operable: the smallest lot binds {dollars(lot)}, more than the cap of {bounds}."
    if contracts == 0:
        return f"No room for one lot of {dollars(lot)}: {dollars(cap.room)} is left of {bounds}."
    noun = "lot" if contracts == 1 else "lots"
    return f"{contracts} {noun} of {dollars(lot)}: {dollars(cap.room)} was free of {bounds}."
