"""Wash sales: a loss, and the same thing opened again within 30 days before or after.

Source: 26 U.S.C. 1091; IRS Publication 550. Policy of the desk, wider than the letter so that a flag is rather too many
than too few: what is on one underlying and one side of it is substantially identical. Long shares, long calls and short
puts are one side; short shares, short calls and long puts the other. It is a flag for a person, not a tax return.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from allcore.kernel.money import to_cents

WINDOW = timedelta(days=30)  # inclusive, on both sides


@dataclass(frozen=True, slots=True)
class Opening:
    """A lot as it was opened: `name` is its own, `side` +1 if it gains when the underlying rises.

    `per` is how many of today's shares splits have made of one of its shares.
    """

    name: str
    underlying: str
    side: int
    shares: int
    day: date
    per: Fraction = Fraction(1)


@dataclass(frozen=True, slots=True)
class Loss:
    """A loss in dollars, below zero, on so many shares of the lot that `lot` names; `per` as of an opening."""

    lot: str
    underlying: str
    side: int
    shares: int
    day: date
    realised: Decimal
    per: Fraction = Fraction(1)


@dataclass(frozen=True, slots=True)
class Wash:
    """A loss that was washed: by which lots, on how many of its own shares, and the dollars that do not count."""

    loss: Loss
    replaced_by: tuple[str, ...]
    shares: int
    disallowed: Decimal


def washes(losses: Sequence[Loss], openings: Sequence[Opening]) -> list[Wash]:
    """Return the losses that were washed, oldest first; a share opened anew washes one share of one loss.

    Shares are counted as today's: what a split made of one share washes that one.
    """
    left = {opening.name: opening.shares * opening.per for opening in openings}
    ordered = sorted(openings, key=lambda o: (o.day, o.name))
    found: list[Wash] = []
    for loss in sorted(losses, key=lambda one: (one.day, one.lot)):
        names: list[str] = []
        lost, washed = loss.shares * loss.per, Fraction(0)
        for opening in ordered:
            taken = min(left[opening.name], lost - washed) if _is_same(loss, opening) else 0
            if taken:
                left[opening.name] -= taken
                washed += taken
                names.append(opening.name)
        if washed:
            share = washed / lost
            part = to_cents(loss.realised * share.numerator / share.denominator)
            found.append(Wash(loss, tuple(names), int(washed / loss.per), part))
    return found


def _is_same(loss: Loss, opening: Opening) -> bool:
    is_other = opening.name != loss.lot
    is_like = (opening.underlying, opening.side) == (loss.underlying, loss.side)
    return is_other and is_like and abs(opening.day - loss.day) <= WINDOW
