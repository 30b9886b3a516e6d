"""How fast the books take fills, on one account, durably; and how fast many positions are valued.

`fills`: orders that were sent are acknowledged and filled through `settle.apply_reports`, as the inbox does it:
`stream` in batches as they pile up under load, `single` one report at a time. Real PostgreSQL, real commits. At the end
the books are rebuilt in memory and held against what is stored.
`reconcile`: the broker's whole list of those orders, all of which have ended alike, held against ours as each minute.
`revalue`: 5,000 positions at new quotes and model values, from Redis to the account's P&L, as the monitor does it.
"""

import sys
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from benchmarks.harness import figures, report, servers

if TYPE_CHECKING:
    from allcore.kernel.reports import BookReport, ExecutionReport, MassStatus

ORDERS = 1500
SINGLE = 200
BATCH = 64  # as the inbox takes them
POSITIONS = 5000
LOOKS = 60
LISTS = 20


def main() -> None:
    with servers():
        from benchmarks import bookings

        results: dict[str, object] = {}
        desk = bookings.desk()
        results["fills_stream"], stream = fills(desk.reports(ORDERS), BATCH)
        results["fills_single"], single = fills(desk.reports(SINGLE), 1)
        results["reconcile"] = reconcile(desk.whole_list())
        results["revalue"] = revalue(*bookings.book_of(POSITIONS))
        wrong = desk.wrong()
    report("books", results, checks={"fills": stream + single, "wrong": wrong})
    sys.exit(0 if wrong == 0 and stream + single == ORDERS + SINGLE else 1)


def fills(reports: Sequence["ExecutionReport | BookReport"], batch: int) -> tuple[dict[str, object], int]:
    """Return the figures of applying the reports, an acceptance and a fill each, and how many fills were booked."""
    from benchmarks import bookings

    before = bookings.booked()
    taken: list[float] = []
    cpu, start = time.process_time(), time.monotonic()
    for first in range(0, len(reports), batch):
        began = time.monotonic()
        bookings.apply(reports[first : first + batch])
        taken.append((time.monotonic() - began) * 1000)
    seconds, cpu = time.monotonic() - start, time.process_time() - cpu
    done = bookings.booked() - before
    per_fill = {"fills_per_s": round(done / seconds, 1), "cpu_ms_per_fill": round(cpu * 1000 / max(done, 1), 2)}
    return {**figures(taken, seconds), **per_fill, "batch": batch}, done


def reconcile(status: "MassStatus") -> dict[str, object]:
    """Return the figures of holding one whole list against our books again and again."""
    from datetime import timedelta

    from allcore.kernel.clock import utc_now
    from trading.domain.reconcile.doubts import Asked
    from trading.services import reconcile

    asked = Asked(since=status.taken_at - timedelta(days=2), is_healthy=True, indexes_our_ids=True)
    taken: list[float] = []
    start = time.monotonic()
    for _ in range(LISTS):
        began = time.monotonic()
        reconcile.apply(status, asked=asked, now=utc_now())
        taken.append((time.monotonic() - began) * 1000)
    return {**figures(taken, time.monotonic() - start), "orders": len(status.orders)}


def revalue(look: Callable[[], object], write: Callable[[int], None]) -> dict[str, object]:
    """Return the figures of looking at the book again and again, each time at other quotes and model values."""
    taken = []
    spent = 0.0
    write(LOOKS)
    look()  # what is made once is not part of a look
    for turn in range(LOOKS):
        write(turn)
        began, start = time.process_time(), time.monotonic()
        look()
        taken.append((time.process_time() - began) * 1000)
        spent += time.monotonic() - start
    return {**figures(taken, spent), "positions": POSITIONS, "clock": "CPU"}


if __name__ == "__main__":
    main()
