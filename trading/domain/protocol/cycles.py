"""One turn of the wheel, read from what was booked: net cost of the shares, credits, rolls.

A cycle begins when an account that held nothing in the underlying trades it, and ends when it holds nothing again.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from itertools import groupby

from allcore.kernel.instruments import OptionContract, Right

ZERO = Decimal(0)


class Cause(StrEnum):
    """Why a position changed."""

    TRADE = "TRADE"
    EXPIRY = "EXPIRY"
    ASSIGNMENT = "ASSIGNMENT"
    EXERCISE = "EXERCISE"
    ADJUSTMENT = "ADJUSTMENT"  # a split or a new symbol: quantities change, no money moves


@dataclass(frozen=True, slots=True)
class Movement:
    """A booked change of one instrument: `qty` signed, `px` dollars a share, `fee` dollars.

    `origin` names the order or event; `contract` is None for shares; `spot` is the underlying's price then, if known.
    """

    at: datetime
    origin: str
    cause: Cause
    symbol: str
    contract: OptionContract | None
    qty: int
    px: Decimal
    fee: Decimal
    multiplier: int
    spot: Decimal | None

    @property
    def flow(self) -> Decimal:
        """The cash it brought, fees apart."""
        return -self.qty * self.px * self.multiplier

    def is_option(self, right: Right) -> bool:
        """Whether it moves an option of the right."""
        return self.contract is not None and self.contract.right is right


@dataclass(frozen=True, slots=True)
class Cycle:
    """The running cycle; without movements, none runs. Dollars a share unless named otherwise."""

    movements: tuple[Movement, ...]

    @property
    def shares(self) -> int:
        """The shares held."""
        return sum(m.qty for m in self.movements if m.contract is None)

    @property
    def option_flow(self) -> Decimal:
        """The net option cash of the cycle in dollars, fees apart."""
        return sum((m.flow for m in self.movements if m.contract is not None), ZERO)

    @property
    def fees(self) -> Decimal:
        """The cycle's fees in dollars."""
        return sum((m.fee for m in self.movements), ZERO)

    @property
    def basis(self) -> Decimal | None:
        """The shares' net cost: what was paid for them, less all net option credits, plus fees; None without shares."""
        if self.shares <= 0:
            return None
        paid = -sum((m.flow for m in self.movements if m.contract is None), ZERO)
        return (paid - self.option_flow + self.fees) / self.shares

    @property
    def first_put_credit(self) -> Decimal | None:
        """The price of the cycle's first put sold."""
        return next((m.px for m in self.movements if m.qty < 0 and m.is_option(Right.PUT)), None)

    @property
    def put_rolls(self) -> int:
        """How often puts were rolled."""
        return rolls(self.movements, Right.PUT)

    def put_credit(self, contracts: int, multiplier: int) -> Decimal:
        """Return the cycle's net put credit, spread over the contracts open."""
        flow = sum((m.flow for m in self.movements if m.is_option(Right.PUT)), ZERO)
        return flow / (contracts * multiplier)

    def sold_at(self, symbol: str) -> Decimal | None:
        """Return the underlying's price when the option was last sold, or None if it is not known."""
        return next((m.spot for m in reversed(self.movements) if m.symbol == symbol and m.qty < 0), None)


def running(movements: Iterable[Movement]) -> Cycle:
    """Return the cycle that runs after the movements of one account and underlying, oldest first."""
    held: Counter[str] = Counter()
    own: list[Movement] = []
    for _, group in groupby(movements, key=lambda m: m.origin):
        # An assignment's option and shares, and a roll's two legs, are one event: it is not flat in between.
        for movement in group:
            own.append(movement)
            held[movement.symbol] += movement.qty
        if not any(held.values()):
            own.clear()
    return Cycle(tuple(own))


def rolls(movements: Sequence[Movement], right: Right) -> int:
    """Return how many orders bought back one option of the right and sold another."""
    sides: dict[str, set[int]] = {}
    for movement in movements:
        if movement.cause is Cause.TRADE and movement.is_option(right):
            sides.setdefault(movement.origin, set()).add(1 if movement.qty > 0 else -1)
    return sum(len(both) == 2 for both in sides.values())
