"""What a corporate action makes of a listed option.

Source: OCC's supplement to the options disclosure document (November 2012) for the threshold; PA-07 and PA-08 of the
P&L cases for the two forms of a split. The memo of the event is what counts: these are the rules that it follows.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from allcore.kernel.errors import InvalidInputError
from allcore.kernel.instruments import MILLS, OptionContract

SMALLEST_SPECIAL = Decimal("0.125")  # dollars a share; inclusive
ADJUSTED = "1"  # what OCC appends to the root of a contract with another deliverable


class BadRatioError(InvalidInputError):
    """A split gives a whole number of new shares for a whole number of old ones."""

    code = "BAD_RATIO"


@dataclass(frozen=True, slots=True)
class Adjusted:
    """One contract becomes `contracts` of `contract`, priced by `multiplier` and delivering `deliverable` shares."""

    contract: OptionContract
    contracts: int
    multiplier: int
    deliverable: int


def split(contract: OptionContract, *, new: int, old: int, multiplier: int = 100) -> Adjusted:
    """Return what a split of `new` for `old` makes of the contract; what exercising it costs in all stays the same.

    A whole split multiplies the contracts and divides the strike. Any other leaves both and changes what is delivered,
    under a root of its own; so does a reverse split, and a whole one whose strike would not be in mills.

    Raises:
        BadRatioError: a part of the ratio is below 1.
    """
    if new < 1 or old < 1:
        raise BadRatioError(f"A split is of whole shares, was {new} for {old}.")
    strike = contract.strike * old / new
    if new % old == 0 and strike * MILLS == (strike * MILLS).to_integral_value():
        whole = OptionContract(contract.root, contract.expiry, contract.right, strike)
        return Adjusted(whole, new // old, multiplier, multiplier)
    root = contract.root[: 6 - len(ADJUSTED)] + ADJUSTED
    other = OptionContract(root, contract.expiry, contract.right, contract.strike)
    return Adjusted(other, 1, multiplier, multiplier * new // old)


def special_dividend(contract: OptionContract, amount: Decimal) -> OptionContract:
    """Return the contract with its strike lowered by a special cash dividend; one too small changes nothing."""
    if amount < SMALLEST_SPECIAL or amount >= contract.strike:
        return contract
    strike = (contract.strike - amount).quantize(Decimal(1) / MILLS, rounding=ROUND_HALF_UP)
    return OptionContract(contract.root, contract.expiry, contract.right, strike)
