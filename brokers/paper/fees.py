"""What a fill costs by a tariff: the broker's commission, and what regulators and the clearing house levy.

A commission is counted on the leg's whole quantity so far, so that an order costs the same however it is cut up. Levies
are counted on each fill by itself; where a broker charges a cent begun whole, that is done for each of them.
"""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, ROUND_UP, Decimal
from typing import Protocol, TypeVar

from allcore.kernel.errors import InvalidInputError
from allcore.kernel.money import CENT, ZERO, to_cents
from allcore.kernel.orders import PositionEffect, Side
from brokers.paper import tariffs
from brokers.paper.tariffs import Band, Commission, Levy, Tariff

PLACES = Decimal("0.0001")


class NoFeesError(InvalidInputError):
    """The schedule says nothing about the day."""

    code = "NO_FEES"


class Dated(Protocol):
    """A row that holds from a day on."""

    @property
    def effective_from(self) -> date:
        """The first day."""


Row = TypeVar("Row", bound=Dated)


@dataclass(frozen=True, slots=True)
class Fill:
    """`filled` more of one leg after `before`, in contracts or shares, at `px` a share; the order has `legs` legs.

    `root` is an option's class.
    """

    is_option: bool
    side: Side
    px: Decimal
    before: int
    filled: int
    multiplier: int = 1
    effect: PositionEffect = PositionEffect.OPEN
    is_index: bool = False
    legs: int = 1
    root: str = ""


def row_on(rows: tuple[Row, ...], day: date) -> Row:
    """Return the row in force on the day.

    Raises:
        NoFeesError: the table begins later.
    """
    held = [row for row in rows if row.effective_from <= day]
    if not held:
        raise NoFeesError(f"No fees are known for {day}.", day=day)
    return max(held, key=lambda row: row.effective_from)


def fee_of(tariff: Tariff, fill: Fill, day: date) -> Decimal:
    """Return the dollars that the fill costs on New York's day, to a hundredth of a cent."""
    row = row_on(tariff.commissions, day)
    fee = _commission(row, fill, fill.before + fill.filled) - _commission(row, fill, fill.before)
    if tariff.passes_exchange and (taken := tariffs.EXCHANGE.get(fill.root)) is not None:
        fee += _banded(row_on(taken, day).bands, fill.px) * fill.filled
    if tariff.passes_levies:
        fee += sum(levies_of(fill, day, cents_up=tariff.cents_up).values(), ZERO)
    return fee.quantize(PLACES, rounding=ROUND_HALF_EVEN)


def levies_of(fill: Fill, day: date, *, cents_up: bool) -> dict[str, Decimal]:
    """Return each levy on the fill by name: SEC and TAF on sales alone."""
    is_sale = fill.side is Side.SELL
    sold = Decimal(fill.filled if is_sale else 0)
    value = sold * fill.px * fill.multiplier
    due = {"SEC": _levy(tariffs.SECTION_31, value, day)}
    if fill.is_option:
        due["TAF"] = _levy(tariffs.TAF_OPTIONS, sold, day)
        due["ORF"] = _levy(tariffs.ORF, Decimal(fill.filled), day)
        due["OCC"] = _levy(tariffs.OCC, Decimal(fill.filled), day)
    else:
        due["TAF"] = _levy(tariffs.TAF_SHARES, sold, day)
    due["CAT"] = _levy(tariffs.CAT, Decimal(fill.filled * fill.multiplier), day)
    return {name: _rounded(amount, cents_up=cents_up) for name, amount in due.items()}


def _levy(rows: tuple[Levy, ...], units: Decimal, day: date) -> Decimal:
    row = row_on(rows, day)
    amount = row.rate * units
    return amount if row.cap is None else min(amount, row.cap)


def _rounded(amount: Decimal, *, cents_up: bool) -> Decimal:
    return amount.quantize(CENT, rounding=ROUND_UP) if cents_up else amount.quantize(PLACES, rounding=ROUND_HALF_EVEN)


def _commission(row: Commission, fill: Fill, qty: int) -> Decimal:
    """Return the commission on `qty` of the leg; an order's least is shared by its legs."""
    if qty == 0:
        return ZERO
    if not fill.is_option:
        return _shares(row, fill, qty)
    amount = max(_rate(row, fill) * qty, row.option_min / fill.legs)
    capped = amount if row.leg_cap is None else min(amount, row.leg_cap)
    return capped + (row.index_extra * qty if fill.is_index else ZERO)


def _shares(row: Commission, fill: Fill, qty: int) -> Decimal:
    amount = max(row.share_rate * qty, row.share_min)
    if row.share_cap_ratio is not None:
        amount = min(amount, row.share_cap_ratio * qty * fill.px)
    return to_cents(amount)


def _rate(row: Commission, fill: Fill) -> Decimal:
    if row.close_rate is not None and fill.effect is PositionEffect.CLOSE:
        return row.close_rate
    return _banded(row.bands, fill.px)


def _banded(bands: tuple[Band, ...], premium: Decimal) -> Decimal:
    return max((band for band in bands if band.from_premium <= premium), key=lambda band: band.from_premium).rate
