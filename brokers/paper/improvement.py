"""Prices between the far side and the near side, on whole cents: what an order saves against the far side.

Shapes: `legs` and `quotes` go in step. Units: dollars a share of the order's largest multiplier.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from scipy.special import betaincinv

from allcore.kernel.money import CENT, ZERO
from allcore.kernel.orders import Side
from allcore.kernel.quotes import Quote
from allcore.kernel.tickets import TicketLeg
from brokers.paper.model import WIDTH_BUCKETS, FillModel

Rounding = str


@dataclass(frozen=True, slots=True)
class Face:
    """One leg and both its prices. `weight` is how many shares of it there are to one of the order's price."""

    leg: TicketLeg
    bid: Decimal
    ask: Decimal
    weight: Decimal

    @property
    def far(self) -> Decimal:
        """The price at which the leg trades at once."""
        return self.ask if self.leg.side is Side.BUY else self.bid

    @property
    def width(self) -> Decimal:
        """Ask less bid."""
        return self.ask - self.bid


def faces_of(legs: Sequence[TicketLeg], quotes: Sequence[Quote]) -> tuple[Face, ...]:
    """Return the legs with their prices; the quotes have both sides."""
    unit = Decimal(max(leg.multiplier for leg in legs))
    return tuple(
        Face(leg, quote.bid, quote.ask, leg.ratio * leg.multiplier / unit)
        for leg, quote in zip(legs, quotes, strict=True)
        if quote.bid is not None and quote.ask is not None
    )


def net_width(faces: Sequence[Face]) -> Decimal:
    """Return the width of the whole order's market."""
    return sum((face.weight * face.width for face in faces), ZERO)


def share_of(model: FillModel, *, is_combo: bool, width: Decimal, drawn: float) -> float:
    """Return the part of the half-spread that is saved: the quantile of the bucket's Beta distribution."""
    mean = model.improvement_spread if is_combo else model.improvement_single
    if mean <= 0:
        return 0.0
    bucket = next(b for b in WIDTH_BUCKETS if b.up_to is None or width <= b.up_to)
    return float(betaincinv(mean * bucket.concentration, (1 - mean) * bucket.concentration, drawn))


def improved(faces: Sequence[Face], share: float) -> tuple[Decimal, ...]:
    """Return the legs' prices when that share of the half-spread is saved, rounded down to whole cents."""
    saving = (net_width(faces) / 2 * Decimal(share)).quantize(CENT, rounding=ROUND_FLOOR)
    prices, _ = _spread(faces, saving, most=lambda face: face.width / 2, rounding=ROUND_FLOOR)
    return prices


def at_net(faces: Sequence[Face], saving: Decimal) -> tuple[Decimal, ...] | None:
    """Return the legs' prices when the whole saves that much against the far side, or None if it cannot be shared out.

    Each leg stays within its market. A ratio that does not divide a cent is rounded in the order's favour.
    """
    prices, left = _spread(faces, saving, most=lambda face: face.width, rounding=ROUND_CEILING)
    return prices if left <= 0 else None


def _spread(
    faces: Sequence[Face], saving: Decimal, *, most: Callable[[Face], Decimal], rounding: Rounding
) -> tuple[tuple[Decimal, ...], Decimal]:
    """Share the saving out, the widest leg first; return the prices, and what found no place."""
    saved = [ZERO] * len(faces)
    left = saving
    for index in sorted(range(len(faces)), key=lambda i: (faces[i].weight != 1, -faces[i].width, i)):
        face = faces[index]
        cents = max(left / face.weight, ZERO).quantize(CENT, rounding=rounding)
        saved[index] = min(cents, most(face).quantize(CENT, rounding=ROUND_FLOOR))
        left -= saved[index] * face.weight
    return tuple(face.far - face.leg.side.sign * part for face, part in zip(faces, saved, strict=True)), left
