"""Exposures of a whole book in one number each."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from risk.domain.measures.numbers import Floats, MeasureInputError, number, same_length, series

ROUNDING = 0.005  # of weights as people write them


@dataclass(frozen=True, slots=True)
class Weighted:
    """A position's delta in shares, the price of its underlying and that underlying's beta to the reference."""

    delta_shares: float
    price: float
    beta: float


@dataclass(frozen=True, slots=True)
class Concentration:
    """The sum of squared weights: 1 is one name, 1 / n is n equal ones; `effective_n` is how many equal ones it is."""

    hhi: float
    effective_n: float


def beta_weighted_delta(positions: Iterable[Weighted], reference_price: float) -> float:
    """Return the shares of the reference that move as the positions do: the sum of delta x price x beta / reference."""
    reference = number("The reference's price", reference_price, above=0)
    total = 0.0
    for one in positions:
        price = number("A price", one.price, least=0)
        total += number("A delta", one.delta_shares) * price * number("A beta", one.beta)
    return total / reference


def dollars_a_percent(delta_shares: float, price: float) -> float:
    """Return what one per cent of the price's move brings."""
    return delta_shares * price / 100


def beta(returns: ArrayLike, reference: ArrayLike) -> float | None:
    """Return the slope of the returns on the reference's; None if the reference did not move."""
    own, others = series("The returns", returns, least=2), series("The reference's returns", reference, least=2)
    same_length("The returns", own, "the reference's", others)
    spread = others - others.mean()
    square = float(spread @ spread)
    return None if square <= 0.0 else float((own - own.mean()) @ spread) / square


def max_drawdown(equity: ArrayLike, flows: ArrayLike | None = None) -> float:
    """Return the largest fall from a peak before it, as a fraction of that peak; oldest first.

    `flows` are what was put in (above zero) and taken out since the value before: they make neither a peak nor a fall.
    Raises MeasureInputError as `falls`.
    """
    given = series("The equity", equity)
    moved = np.zeros(given.size) if flows is None else series("The flows", flows)
    same_length("The equity", given, "the flows", moved)
    capital = given[0] + np.cumsum(moved) - moved[0]
    return float(np.max(falls(given - capital, capital)))


def falls(pnl: ArrayLike, capital: ArrayLike) -> Floats:
    """Return at each moment how far below its best the book is, of its equity then; oldest first.

    Source: the desk's drawdown, (best P&L - P&L) / (capital + best P&L); without flows 1 - E / max E.
    Raises MeasureInputError where there is no capital to lose a share of.
    """
    won, put_in = series("The P&L", pnl), series("The capital", capital)
    same_length("The P&L", won, "the capital", put_in)
    best = np.maximum.accumulate(won)
    if (put_in + best <= 0).any():
        raise MeasureInputError("The equity at a peak is not above nought: a fall is a share of what was there.")
    found: Floats = (best - won) / (put_in + best)
    return found


def concentration(weights: ArrayLike) -> Concentration:
    """Return how concentrated the weights are. They are sizes, shares of one whole.

    Raises MeasureInputError where one is below nought or they do not sum to one, as `shares_of` makes them.
    """
    given = series("The weights", weights)
    if (given < 0).any():
        raise MeasureInputError("A weight is not below nought: a short is weighed by its size.")
    if abs(float(given.sum()) - 1) > ROUNDING:
        raise MeasureInputError(f"The weights sum to one, was {given.sum():g}.", seen=float(given.sum()))
    hhi = float(given @ given)
    return Concentration(hhi, 1 / hhi)


def shares_of(amounts: ArrayLike) -> Floats:
    """Return the amounts as weights; shorts by their size. Raises MeasureInputError where they sum to nothing."""
    sizes = np.abs(series("The amounts", amounts))
    if sizes.sum() <= 0:
        raise MeasureInputError("The amounts sum to nothing.")
    found: Floats = sizes / sizes.sum()
    return found
