"""What was made, by strategy, week type, account, broker: parts that sum to the whole to the cent."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal

from allcore.kernel.money import CENT, ZERO, to_cents


@dataclass(frozen=True, slots=True)
class Part:
    """Dollars, exact, and where they belong: `keys` holds a name for each dimension."""

    keys: Mapping[str, str]
    amount: Decimal


def by(parts: Sequence[Part], dimension: str) -> dict[str, Decimal]:
    """Return the dollars of each name in the dimension, in cents that sum to the total's cents."""
    sums: dict[str, Decimal] = {}
    for part in parts:
        sums[part.keys[dimension]] = sums.get(part.keys[dimension], ZERO) + part.amount
    names = sorted(sums)
    return dict(zip(names, in_cents([sums[name] for name in names]), strict=True))


def in_cents(amounts: Iterable[Decimal]) -> list[Decimal]:
    """Return the amounts in whole cents that sum to the rounded sum: the largest remainders get what is missing."""
    exact = list(amounts)
    floors = [amount.quantize(CENT, rounding=ROUND_FLOOR) for amount in exact]
    missing = int((to_cents(sum(exact, ZERO)) - sum(floors, ZERO)) / CENT)
    order = sorted(range(len(exact)), key=lambda n: (floors[n] - exact[n], n))
    for n in order[:missing]:
        floors[n] += CENT
    return floors
