"""A broker's figures in the digits that the books keep, before anything is made of them.

A commission has five digits and more. What is booked, what is stored and what is told again have to be one figure: else
a fill told twice reads as two different ones, and books made again from the ledgers are not those that stood.
"""

from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal

from allcore.kernel.reports import BookReport, ExecutionReport

STEP = Decimal("0.0001")  # of prices, fees and income in the ledgers' columns
DELIVERY_STEP = Decimal("0.00000001")  # of the price a share that a delivery comes to, seldom a round one
AMOUNT_STEP = Decimal("0.000001")  # of a dividend a share


def kept(amount: Decimal, step: Decimal = STEP) -> Decimal:
    """Return the amount as its column has it; the database rounds a half away from zero, and so does this."""
    rounded = amount.quantize(step, rounding=ROUND_HALF_UP)
    return amount if amount == rounded else rounded


def execution_kept(report: ExecutionReport) -> ExecutionReport:
    """Return the report with its prices and fees as they are kept."""
    fills = tuple(replace(fill, px=kept(fill.px), fee=kept(fill.fee)) for fill in report.fills)
    return replace(report, fills=fills) if fills != report.fills else report


def booking_kept(report: BookReport) -> BookReport:
    """Return the report with its prices, fee and cash as they are kept."""
    return replace(
        report,
        px=kept(report.px),
        delivery_px=None if report.delivery_px is None else kept(report.delivery_px, DELIVERY_STEP),
        fee=kept(report.fee),
        amount=None if report.amount is None else kept(report.amount, AMOUNT_STEP),
        cash=kept(report.cash),
    )
