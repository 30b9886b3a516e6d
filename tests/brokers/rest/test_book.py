"""What a polled session writes down before it tells anything, and what it does not do twice."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from allcore.kernel.orders import OrdType, PositionEffect, PriceEffect, Side, TimeInForce
from allcore.kernel.reports import ExecutionReport, ReportKind
from allcore.kernel.tickets import OrderTicket, TicketLeg
from brokers.ports import OrderKey, Plumbing
from brokers.rest.book import Book
from brokers.rest.views import LegExecution, OrderView, Standing, ViewLeg
from tests.brokers.servers.keys import MemoryKeys
from tests.brokers.servers.pacer import LocalPacer
from tests.brokers.servers.secrets import MemorySecrets

AT = datetime(2026, 6, 10, 14, 0, tzinfo=UTC)
LEG = TicketLeg("AMZN", Side.BUY, PositionEffect.OPEN, multiplier=1)
TICKET = OrderTicket(
    "A", "AMZN", (LEG,), 10, OrdType.LIMIT, TimeInForce.DAY, PriceEffect.DEBIT, limit_price=Decimal("4.20")
)
KEY = OrderKey("C1", "U1", TICKET.as_dict(), AT)
FILL = LegExecution("e1", 0, 10, Decimal("4.20"), AT)


@dataclass
class CountedKeys(MemoryKeys):
    """A key book that counts its writes."""

    writes: list[str] = field(default_factory=list)

    async def learn(self, cl_ord_id: str, broker_order_id: str, details: dict[str, object] | None = None) -> None:
        self.writes.append(broker_order_id)
        await super().learn(cl_ord_id, broker_order_id, details)


@pytest.fixture
def keys() -> CountedKeys:
    return CountedKeys({"C1": KEY})


@pytest.fixture
def book(keys: CountedKeys) -> Book:
    return Book(Plumbing("c", "PAPER", {}, lambda: AT, keys, MemorySecrets({}), LocalPacer()))


def view(standing: Standing, *executions: LegExecution) -> OrderView:
    return OrderView("7", "U1", standing, (ViewLeg("AMZN", Side.BUY, 1),), 10, AT, Decimal("4.20"), executions)


async def test_one_write_keeps_the_name_and_the_execution_before_both_are_told(book: Book, keys: CountedKeys) -> None:
    told: list[tuple[ReportKind, tuple[str, ...]]] = []
    book.placed(KEY, "7")

    def tell(report: ExecutionReport) -> None:
        told.append((report.kind, keys.rows["C1"].chain))

    await book.seen([view(Standing.FILLED, FILL)], tell, expected=frozenset({"7"}))

    assert told == [(ReportKind.ACK, ("7",)), (ReportKind.FILL, ("7",))]
    assert keys.writes == ["7"]
    assert keys.rows["C1"].details == {"first": {"e1": [10, "4.20"]}}


async def test_legs_that_the_broker_lists_in_another_order_trade_in_ours(book: Book) -> None:
    legs = (LEG, TicketLeg("TSLA", Side.SELL, PositionEffect.OPEN, ratio=2, multiplier=1))
    spread = replace(TICKET, legs=legs, price_effect=PriceEffect.CREDIT)
    made = (LegExecution("e1", 0, 20, Decimal("2.00"), AT), LegExecution("e2", 1, 10, Decimal("1.00"), AT))
    theirs = (ViewLeg("TSLA", Side.SELL, 2), ViewLeg("AMZN", Side.BUY, 1))
    told: list[ExecutionReport] = []
    book.placed(replace(KEY, ticket=spread.as_dict()), "7")

    (seen,) = await book.seen([replace(view(Standing.FILLED, *made), legs=theirs)], told.append)

    fill = told[-1]
    assert [(one.leg, one.symbol, one.qty) for one in fill.fills] == [(0, "AMZN", 10), (1, "TSLA", 20)]
    assert book.as_it_stands(seen, AT).fills == (replace(fill, raw={}),)  # type: ignore[union-attr]


async def test_an_order_that_the_list_shows_late_is_known_by_its_number_beside_a_twin(
    book: Book, keys: CountedKeys
) -> None:
    told: list[ExecutionReport] = []
    book.placed(KEY, "7")
    await book.seen([], told.append, expected=frozenset({"7"}))
    twin = replace(view(Standing.WORKING), broker_order_id="8")

    await book.seen([twin, view(Standing.WORKING)], told.append)

    assert [(report.kind, report.broker_order_id) for report in told] == [(ReportKind.ACK, "7")]
    assert keys.rows["C1"].chain == ("7",)


async def test_a_number_under_which_another_order_shows_late_is_not_believed(book: Book) -> None:
    told: list[ExecutionReport] = []
    book.placed(KEY, "7")
    await book.seen([], told.append, expected=frozenset({"7"}))
    another = replace(view(Standing.WORKING), price=Decimal("9.99"))

    await book.seen([another, replace(view(Standing.WORKING), broker_order_id="8")], told.append)

    assert [(report.kind, report.broker_order_id) for report in told] == [(ReportKind.ACK, "8")]


async def test_a_look_that_shows_the_same_tells_and_writes_nothing(book: Book, keys: CountedKeys) -> None:
    told: list[ExecutionReport] = []
    book.placed(KEY, "7")
    first = await book.seen([view(Standing.FILLED, FILL)], told.append)
    told.clear()

    again = await book.seen([view(Standing.FILLED, FILL)], told.append)

    assert (again, told, keys.writes) == (first, [], ["7"])


async def test_a_book_that_could_not_be_written_leaves_the_name_to_be_written_with_the_next_look(
    keys: CountedKeys,
) -> None:
    class Away(CountedKeys):
        is_away = True

        async def learn(self, cl_ord_id: str, broker_order_id: str, details: dict[str, object] | None = None) -> None:
            if self.is_away:
                raise OSError("away")
            await super().learn(cl_ord_id, broker_order_id, details)

    away = Away(keys.rows)
    book = Book(Plumbing("c", "PAPER", {}, lambda: AT, away, MemorySecrets({}), LocalPacer()))
    told: list[ExecutionReport] = []
    book.placed(KEY, "7")
    with pytest.raises(OSError, match="away"):
        await book.seen([view(Standing.FILLED, FILL)], told.append)
    assert told == []
    away.is_away = False

    await book.seen([view(Standing.FILLED, FILL)], told.append)

    assert away.rows["C1"].chain == ("7",)
    assert [report.kind for report in told] == [ReportKind.ACK, ReportKind.FILL]
