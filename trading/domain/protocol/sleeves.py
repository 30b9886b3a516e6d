"""The wheel of one account and underlying: cash, short put, stock, covered call."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from allcore.kernel.errors import RefusedError
from allcore.kernel.instruments import OptionContract, Right


class SleeveState(StrEnum):
    """Where the wheel stands."""

    CASH = "CASH"
    SHORT_PUT = "SHORT_PUT"
    STOCK = "STOCK"
    COVERED_CALL = "COVERED_CALL"
    CLOSED_BY_GBR4 = "CLOSED_BY_GBR4"


class SleeveEvent(StrEnum):
    """What turns it."""

    PUT_SOLD = "PUT_SOLD"
    PUT_EXPIRED = "PUT_EXPIRED"
    PUT_CLOSED = "PUT_CLOSED"
    PUT_ROLLED = "PUT_ROLLED"
    PUT_ASSIGNED = "PUT_ASSIGNED"
    CALL_SOLD = "CALL_SOLD"
    CALL_EXPIRED = "CALL_EXPIRED"
    CALL_CLOSED = "CALL_CLOSED"
    CALL_ROLLED = "CALL_ROLLED"
    CALLED_AWAY = "CALLED_AWAY"
    STOCK_SOLD = "STOCK_SOLD"
    GBR4 = "GBR4"


TABLE: dict[tuple[SleeveState, SleeveEvent], SleeveState] = {
    (SleeveState.CASH, SleeveEvent.PUT_SOLD): SleeveState.SHORT_PUT,
    (SleeveState.SHORT_PUT, SleeveEvent.PUT_SOLD): SleeveState.SHORT_PUT,
    (SleeveState.SHORT_PUT, SleeveEvent.PUT_EXPIRED): SleeveState.CASH,
    (SleeveState.SHORT_PUT, SleeveEvent.PUT_CLOSED): SleeveState.CASH,
    (SleeveState.SHORT_PUT, SleeveEvent.PUT_ROLLED): SleeveState.SHORT_PUT,
    (SleeveState.SHORT_PUT, SleeveEvent.PUT_ASSIGNED): SleeveState.STOCK,
    (SleeveState.STOCK, SleeveEvent.CALL_SOLD): SleeveState.COVERED_CALL,
    (SleeveState.STOCK, SleeveEvent.STOCK_SOLD): SleeveState.CASH,
    (SleeveState.COVERED_CALL, SleeveEvent.CALL_EXPIRED): SleeveState.STOCK,
    (SleeveState.COVERED_CALL, SleeveEvent.CALL_CLOSED): SleeveState.STOCK,
    (SleeveState.COVERED_CALL, SleeveEvent.CALL_ROLLED): SleeveState.COVERED_CALL,
    (SleeveState.COVERED_CALL, SleeveEvent.CALLED_AWAY): SleeveState.CASH,
    **{(state, SleeveEvent.GBR4): SleeveState.CLOSED_BY_GBR4 for state in SleeveState},
}


class IllegalTurnError(RefusedError):
    """The wheel does not turn that way."""

    code = "ILLEGAL_TURN"


def turn(state: SleeveState, event: SleeveEvent) -> SleeveState:
    """Return the state after the event.

    Raises:
        IllegalTurnError: the table has no such pair.
    """
    after = TABLE.get((state, event))
    if after is None:
        raise IllegalTurnError(f"A sleeve in {state} has no {event}.", state=state, event=event)
    return after


@dataclass(frozen=True, slots=True)
class ShortOption:
    """A short option of the sleeve: `contracts` above zero, `credit` per share as it was sold."""

    contract: OptionContract
    contracts: int
    credit: Decimal
    multiplier: int = 100

    @property
    def symbol(self) -> str:
        """Its OCC symbol."""
        return self.contract.symbol

    @property
    def expiry(self) -> date:
        """The day it ends, New York's."""
        return self.contract.expiry


@dataclass(frozen=True, slots=True)
class Sleeve:
    """What one account holds in one underlying. Part of the shares may wait while a put is still open."""

    underlying: str
    shares: int
    shorts: tuple[ShortOption, ...]

    @property
    def puts(self) -> tuple[ShortOption, ...]:
        """The short puts, soonest expiry first."""
        return self._of(Right.PUT)

    @property
    def calls(self) -> tuple[ShortOption, ...]:
        """The short calls, soonest expiry first."""
        return self._of(Right.CALL)

    @property
    def uncovered_lots(self) -> int:
        """Contracts that the shares could still cover."""
        lot = self.calls[0].multiplier if self.calls else 100
        return max(self.shares // lot - sum(call.contracts for call in self.calls), 0)

    @property
    def state(self) -> SleeveState:
        """Where the wheel stands; a put that is open comes first, since it binds cash."""
        if self.puts:
            return SleeveState.SHORT_PUT
        if self.shares <= 0:
            return SleeveState.CASH
        return SleeveState.STOCK if self.uncovered_lots or not self.calls else SleeveState.COVERED_CALL

    def _of(self, right: Right) -> tuple[ShortOption, ...]:
        found = [s for s in self.shorts if s.contract.right is right]
        return tuple(sorted(found, key=lambda s: (s.expiry, s.symbol)))
