"""Money and prices: Decimal from text to column, in US dollars; prices of options are per share."""

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

CENT = Decimal("0.01")
ZERO = Decimal(0)


def to_cents(amount: Decimal) -> Decimal:
    """Return the amount rounded to whole cents, half to even."""
    return amount.quantize(CENT, rounding=ROUND_HALF_EVEN)


def is_on_tick(price: Decimal, tick: Decimal) -> bool:
    """Return whether the price is a whole number of ticks."""
    return price % tick == 0


def floor_to_tick(price: Decimal, tick: Decimal) -> Decimal:
    """Return the highest price on the tick grid that is not above."""
    return (price / tick).to_integral_value(rounding=ROUND_FLOOR) * tick


def ceil_to_tick(price: Decimal, tick: Decimal) -> Decimal:
    """Return the lowest price on the tick grid that is not below."""
    return (price / tick).to_integral_value(rounding=ROUND_CEILING) * tick


def from_float(value: float, places: int = 2) -> Decimal:
    """Return a model's float as money, rounded: the border between models and books."""
    return Decimal(repr(value)).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN)
