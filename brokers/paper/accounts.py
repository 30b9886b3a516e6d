"""What the paper broker answers when asked for everything."""

from collections import defaultdict
from datetime import datetime

from allcore.kernel.reports import BalanceReport, MassStatus
from brokers.paper.records import FillRecord
from brokers.paper.reports import Speaker, positions_of
from brokers.paper.store import History


def mass_status_of(history: History, *, connection: str, now: datetime) -> MassStatus:
    """Return the store's history as one statement."""
    say = Speaker(connection)
    fills: defaultdict[str, list[FillRecord]] = defaultdict(list)
    for fill in history.fills:
        fills[fill.order_id].append(fill)
    books = [book for _, book in sorted(history.accounts.items())]
    return MassStatus(
        connection=connection,
        taken_at=now,
        orders=tuple(say.as_it_stands(order, fills[order.cl_ord_id]) for order in history.orders),
        positions=tuple(report for book in books for report in positions_of(book)),
        balances=tuple(BalanceReport(book.number, book.cash) for book in books),
        bookings=tuple(say.of_booking(booking) for booking in history.bookings),
    )
