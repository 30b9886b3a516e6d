"""What a broker says, at the exchange's time. A broker's clock is the system's; a simulated market's stands elsewhere.

The books go by the exchange's day: without this, what a broker's simulator fills beside a simulated market would be of
another year than the market. In live trading both clocks are one, and nothing changes.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from allcore.kernel.clock import ExchangeClock
from allcore.kernel.reports import MassStatus
from brokers.ports import Capabilities
from marketdata.selectors.clock import NoFeedError, exchange_clock
from trading.services.batch import Report

Told = TypeVar("Told", bound=Report)


def of_reports(reports: Sequence[Report], capabilities: Capabilities) -> list[Report]:
    """Return the reports at the exchange's time."""
    clock = _clock_apart(capabilities)
    return list(reports) if clock is None else [_at(report, clock) for report in reports]


def of_status(status: MassStatus, capabilities: Capabilities) -> MassStatus:
    """Return the whole answer, its executions at the exchange's time."""
    clock = _clock_apart(capabilities)
    if clock is None:
        return status
    orders = tuple(
        replace(
            order,
            fills=tuple(_at(fill, clock) for fill in order.fills),
            taken_back=tuple(_at(bust, clock) for bust in order.taken_back),
        )
        for order in status.orders
    )
    return replace(status, orders=orders, bookings=tuple(_at(booking, clock) for booking in status.bookings))


def _clock_apart(capabilities: Capabilities) -> ExchangeClock | None:
    """Return the exchange's clock if it may show another time than the broker's."""
    if capabilities.tells_exchange_time:
        return None
    try:
        clock = exchange_clock()
    except NoFeedError:
        return None
    return None if clock.is_system else clock


def _at(report: Told, clock: ExchangeClock) -> Told:
    return replace(report, transact_at=clock.at(report.transact_at))
