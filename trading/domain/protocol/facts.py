"""A week's facts for its type, from what was booked in the sleeve and the week's closes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from allcore.kernel.clock import new_york_date
from allcore.kernel.instruments import OptionContract, Right
from trading.domain.protocol.cycles import Cause, Movement, rolls, running
from trading.domain.protocol.week_types import CallEvent, PutEvent, WeekFacts
from trading.domain.protocol.words import Reason

PUT_GRAVITY = (
    PutEvent.ROLLED,
    PutEvent.CLOSED_LOSS,
    PutEvent.ASSIGNED,
    PutEvent.CLOSED_PROFIT,
    PutEvent.EXPIRED,
    PutEvent.NONE,
)
CALL_GRAVITY = (
    CallEvent.CALLED_AWAY,
    CallEvent.ROLLED,
    CallEvent.CLOSED,
    CallEvent.EXPIRED,
    CallEvent.SOLD,
    CallEvent.NONE,
)


@dataclass(frozen=True, slots=True)
class Week:
    """A week of one sleeve: all movements up to its end, when it began and ended, the underlying's closes by day."""

    movements: tuple[Movement, ...]
    begins_at: datetime
    ends_at: datetime
    closes: Mapping[date, Decimal]
    close: Decimal
    idle_reason: Reason | None = None

    @property
    def own(self) -> tuple[Movement, ...]:
        """The week's movements."""
        return tuple(m for m in self.movements if self.begins_at <= m.at < self.ends_at)


def facts_of(week: Week) -> WeekFacts:
    """Return the facts."""
    puts = [(_put_event(week, m), m) for m in week.own if m.is_option(Right.PUT)]
    calls = [(_call_event(week, m), m) for m in week.own if m.is_option(Right.CALL)]
    cycle = running(week.movements)
    open_puts = _open_puts(week.movements)
    shortfalls = [_shortfall(week, m) for event, m in puts if event is not PutEvent.NONE]
    shortfalls += [_under(contract, week.close) for contract in open_puts]
    gone = [(event, m) for event, m in calls if event is CallEvent.CALLED_AWAY]
    sold = [m for m in week.own if m.contract is None and m.qty < 0 and m.cause is Cause.TRADE]
    put_event = min((event for event, _ in puts), key=PUT_GRAVITY.index, default=PutEvent.NONE)
    return WeekFacts(
        put_event=put_event,
        call_event=min((event for event, _ in calls), key=CALL_GRAVITY.index, default=CallEvent.NONE),
        has_put_at_close=bool(open_puts),
        has_shares_at_close=cycle.shares > 0,
        shares_sold=bool(sold),
        shortfall=max(shortfalls, default=None),
        gain=_gain(week, [m for _, m in gone], sold),
        distance=None if cycle.basis is None else (week.close - cycle.basis) / cycle.basis,
        is_early=any(_is_early(m) for event, m in puts if event is put_event),
        is_below_basis=any(_is_below_basis(week, m) for _, m in gone),
        is_roll_credit=_roll_flow(week.own) > 0,
        idle_reason=week.idle_reason,
    )


def _put_event(week: Week, movement: Movement) -> PutEvent:
    if movement.cause is Cause.ADJUSTMENT:
        return PutEvent.NONE
    if movement.cause is not Cause.TRADE:
        return PutEvent.ASSIGNED if movement.cause is Cause.ASSIGNMENT else PutEvent.EXPIRED
    if rolls([m for m in week.own if m.origin == movement.origin], Right.PUT):
        return PutEvent.ROLLED if movement.qty > 0 else PutEvent.NONE  # the leg bought back is the event
    if movement.qty <= 0:
        return PutEvent.NONE
    return PutEvent.CLOSED_LOSS if movement.px > _sold_for(week, movement) else PutEvent.CLOSED_PROFIT


def _call_event(week: Week, movement: Movement) -> CallEvent:
    if movement.cause is Cause.ADJUSTMENT:
        return CallEvent.NONE
    if movement.cause is not Cause.TRADE:
        return CallEvent.CALLED_AWAY if movement.cause is Cause.ASSIGNMENT else CallEvent.EXPIRED
    if rolls([m for m in week.own if m.origin == movement.origin], Right.CALL):
        return CallEvent.ROLLED
    return CallEvent.SOLD if movement.qty < 0 else CallEvent.CLOSED


def _sold_for(week: Week, bought: Movement) -> Decimal:
    """Return the average price at which the option was sold before it was bought back."""
    sales = [m for m in week.movements if m.symbol == bought.symbol and m.qty < 0 and m.at <= bought.at]
    contracts = sum(-m.qty for m in sales)
    return sum((-m.qty * m.px for m in sales), Decimal(0)) / contracts if contracts else bought.px


def _shortfall(week: Week, movement: Movement) -> Decimal:
    then = week.closes.get(new_york_date(movement.at), week.close)
    return _under(movement.contract, then if movement.spot is None else movement.spot)


def _under(contract: OptionContract | None, spot: Decimal) -> Decimal:
    return Decimal(0) if contract is None else (contract.strike - spot) / contract.strike


def _gain(week: Week, called: Sequence[Movement], sold: Sequence[Movement]) -> Decimal | None:
    """Return the move of the price since the call was sold, or the shares' gain over cost if they were sold by hand."""
    for movement in called:
        sale = next((m for m in reversed(week.movements) if m.symbol == movement.symbol and m.qty < 0), None)
        start = None if sale is None else sale.spot or week.closes.get(new_york_date(sale.at))
        end = movement.spot or week.close
        strike = end if movement.contract is None else movement.contract.strike
        base = strike if start is None else start
        return (end - base) / base
    for movement in sold:
        before = running([m for m in week.movements if m.at < movement.at])
        return Decimal(0) if before.basis is None else (movement.px - before.basis) / before.basis
    return None


def _is_early(movement: Movement) -> bool:
    return movement.contract is not None and new_york_date(movement.at) < movement.contract.expiry


def _is_below_basis(week: Week, movement: Movement) -> bool:
    before = running([m for m in week.movements if m.at < movement.at])
    return movement.contract is not None and before.basis is not None and movement.contract.strike < before.basis


def _roll_flow(movements: Sequence[Movement]) -> Decimal:
    own = {m.origin for m in movements if rolls([x for x in movements if x.origin == m.origin], Right.PUT)}
    return sum((m.flow for m in movements if m.origin in own), Decimal(0))


def _open_puts(movements: Sequence[Movement]) -> list[OptionContract]:
    held: dict[OptionContract, int] = {}
    for movement in movements:
        if movement.contract is not None and movement.contract.right is Right.PUT:
            held[movement.contract] = held.get(movement.contract, 0) + movement.qty
    return [contract for contract, qty in held.items() if qty < 0]
