"""How far an account has fallen from its peak, and the rung of the ladder that it stands on (protocol 7.2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

ZERO = Decimal(0)
ONE_RUNG_BACK = Decimal("0.50")
ALL_BACK = Decimal("0.90")


@dataclass(frozen=True, slots=True)
class Standing:
    """The fall from the peak as a ratio, and the rung: 0 none, 1 light, 2 moderate, 3 maximum, 4 emergency."""

    drawdown: Decimal
    rung: int


def standing(equities: Sequence[Decimal], most: Decimal, ladder: Sequence[Decimal]) -> Standing:
    """Return where an account stands after its settled equities, oldest first, deposits and withdrawals taken out.

    A rung is taken at once. It is given back one a settlement: when half of the fall is recovered, and the last one
    when nine tenths are.
    """
    peak = trough = ZERO
    rung, fall = 0, ZERO
    for equity in equities:
        peak, trough = (equity, equity) if equity >= peak and rung == 0 else (max(peak, equity), min(trough, equity))
        fall = ZERO if peak <= 0 else max(1 - equity / peak, ZERO)
        reached = sum(fall >= step * most for step in ladder)
        recovered = (equity - trough) / (peak - trough) if peak > trough else Decimal(1)
        if reached >= rung:
            rung = reached
        elif recovered >= (ALL_BACK if rung == 1 else ONE_RUNG_BACK):
            rung -= 1
    return Standing(fall, rung)


def without_flows(equities: Sequence[Decimal], flows: Sequence[Decimal]) -> list[Decimal]:
    """Return the equities as if what was put in or taken out up to now had been there from the start.

    Shapes: `flows[i]` is what was put in (taken out: below zero) after `equities[i]` was settled, up to now.
    """
    return [equity + flow for equity, flow in zip(equities, flows, strict=True)]
