"""Cash that has not settled, and what a cash account may do with it. Values in, values out.

Shares and options settle with the next session (T+1): what a day's trades and deliveries move is the account's to trade
with at once, and settled as the next session begins. A purchase that today's proceeds had to pay for is unpaid until
then: selling it on the same day is a good-faith violation. The third within twelve months leaves a cash account its
settled cash alone for 90 days.

Source: SEC Rule 15c6-1 as in force since 28 May 2024 (T+1); Regulation T, 12 CFR 220.8; FINRA's investor page on cash
accounts for what brokers count.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from types import MappingProxyType

from allcore.kernel.calendar import next_session
from allcore.kernel.money import ZERO

VIOLATIONS = 3
WITHIN = timedelta(days=365)
RESTRICTED_FOR = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Settlement:
    """What is on its way.

    `day` is New York's date of the newest trades, `cash` all that they moved, `proceeds` what they brought in, `unpaid`
    what was bought with proceeds of that day and is still held, by symbol.
    """

    day: date | None = None
    cash: Decimal = ZERO
    proceeds: Decimal = ZERO
    unpaid: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    violations: tuple[date, ...] = ()

    def on_its_way(self, today: date) -> Decimal:
        """Return the dollars of the account's cash that have not settled on New York's date."""
        return self.cash if self._is_on_its_way(today) else ZERO

    def fresh(self, today: date) -> Decimal:
        """Return the proceeds among them: they pay for purchases only in good faith."""
        return self.proceeds if self._is_on_its_way(today) else ZERO

    def _is_on_its_way(self, today: date) -> bool:
        return self.day is not None and today < next_session(self.day).day

    def restricted_until(self, today: date) -> date | None:
        """Return the first day on which a cash account may use proceeds again, or None if it may."""
        ends = [
            last + RESTRICTED_FOR
            for first, last in zip(self.violations, self.violations[VIOLATIONS - 1 :], strict=False)
            if last - first <= WITHIN
        ]
        return next((end for end in sorted(ends, reverse=True) if today < end), None)

    def lately(self, today: date) -> int:
        """Return how many violations of the past twelve months count."""
        return sum(today - day <= WITHIN for day in self.violations)

    def as_dict(self) -> dict[str, object]:
        """Return it as JSON values."""
        return {
            "day": None if self.day is None else self.day.isoformat(),
            "cash": str(self.cash),
            "proceeds": str(self.proceeds),
            "unpaid": dict(self.unpaid),
            "violations": [day.isoformat() for day in self.violations],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> "Settlement":
        """Read what `as_dict` wrote; nothing is an account of which nothing is on its way."""
        day, unpaid, violations = data.get("day"), data.get("unpaid"), data.get("violations")
        return cls(
            day=None if day is None else date.fromisoformat(str(day)),
            cash=Decimal(str(data.get("cash", 0))),
            proceeds=Decimal(str(data.get("proceeds", 0))),
            unpaid=unpaid if isinstance(unpaid, dict) else {},
            violations=tuple(date.fromisoformat(d) for d in violations) if isinstance(violations, list) else (),
        )


NOTHING_DUE = Settlement()


@dataclass(frozen=True, slots=True)
class Move:
    """A trade or delivery: what it moves (dollars, signed), the cash there was, and the position before and after."""

    day: date
    symbol: str
    flow: Decimal
    cash: Decimal
    before: int
    after: int


def moved(settlement: Settlement, move: Move) -> Settlement:
    """Return what is on its way after the move; one that is told late has settled already."""
    if settlement.day is not None and move.day < settlement.day:
        return settlement
    if settlement.day != move.day:
        settlement = Settlement(move.day, violations=settlement.violations)
    if move.flow < 0:
        settlement = _bought(settlement, move)
    elif move.flow > 0:  # what ends worthless was not sold
        settlement = _sold(settlement, move)
    proceeds = settlement.proceeds + max(move.flow, ZERO)
    return replace(settlement, cash=settlement.cash + move.flow, proceeds=proceeds)


def _bought(settlement: Settlement, move: Move) -> Settlement:
    grown = max(move.after, 0) - max(move.before, 0)
    if grown <= 0 or -move.flow <= max(move.cash - settlement.proceeds, ZERO):
        return settlement
    held = settlement.unpaid.get(move.symbol, 0)
    return replace(settlement, unpaid={**settlement.unpaid, move.symbol: held + grown})


def _sold(settlement: Settlement, move: Move) -> Settlement:
    """What was paid for is sold first."""
    unpaid = settlement.unpaid.get(move.symbol, 0)
    sold = max(move.before, 0) - max(move.after, 0)
    if not unpaid or sold <= move.before - unpaid:
        return settlement
    others = {name: qty for name, qty in settlement.unpaid.items() if name != move.symbol}
    return replace(settlement, unpaid=others, violations=(*settlement.violations, move.day))
