"""The paper broker and exercise instructions: what is taken, and what becomes of positions by them."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from allcore.kernel.instructions import Instruction, InstructionKind, InstructionReport, Standing
from allcore.kernel.reports import BookReport
from brokers.models import Account, Connection, PaperInstruction
from brokers.paper.counter import InstructionRefusedError
from brokers.paper.records import Change, InstructionRecord
from brokers.paper.store import StaleWriterError
from brokers.services.paper_accounts import open_account
from brokers.services.paper_store import DatabaseStore
from tests.brokers.floors import Floor
from tests.builders.paper import ACCOUNT, OPEN_AT, PUT, MemoryStore, PaperDesk, holding
from tests.builders.paper import CALL as HIGH_CALL

E, DNE = InstructionKind.EXERCISE, InstructionKind.DO_NOT_EXERCISE
WEDNESDAY_CLOSE = datetime(2026, 6, 10, 20, 0, tzinfo=UTC)
FRIDAY_CLOSE = datetime(2026, 6, 12, 20, 0, tzinfo=UTC)
GRACE = timedelta(seconds=5)
JUST = timedelta(microseconds=1)


def told(kind: InstructionKind, qty: int, *, acts_by: datetime = FRIDAY_CLOSE, name: str = "I1") -> InstructionRecord:
    return InstructionRecord(name, ACCOUNT, PUT, kind, qty, acts_by, OPEN_AT)


def expire(qty: int, close: str, *records: InstructionRecord) -> Floor:
    floor = Floor(holding({PUT: qty}))
    for record in records:
        floor.exchange.clearing.take(record)
    floor.show("TSLA", close, close, at=FRIDAY_CLOSE, last=close)
    floor.go(FRIDAY_CLOSE + GRACE, "TSLA")
    return floor


def ends(floor: Floor) -> list[tuple[str, int, int]]:
    reports = [r for change in floor.changes for r in change.reports if isinstance(r, BookReport)]
    return [(str(r.kind), r.qty, r.shares) for r in reports]


def done(floor: Floor) -> list[tuple[Standing, int | None]]:
    return [(r.standing, r.exercised) for change in floor.changes for r in change.instructions]


@pytest.mark.parametrize(
    ("close", "records", "expected", "exercised"),
    [
        ("240.00", [told(DNE, 3)], [("EXPIRY", 3, 0)], [0]),
        ("240.00", [told(DNE, 1)], [("EXERCISE", 2, -200), ("EXPIRY", 1, 0)], [0]),
        ("260.00", [told(E, 3)], [("EXERCISE", 3, -300)], [3]),
        ("260.00", [told(E, 1)], [("EXERCISE", 1, -100), ("EXPIRY", 2, 0)], [1]),
        ("250.00", [told(E, 1), told(DNE, 2, name="I2")], [("EXERCISE", 1, -100), ("EXPIRY", 2, 0)], [1, 0]),
        ("249.99", [told(DNE, 1), told(E, 1, name="I2")], [("EXERCISE", 2, -200), ("EXPIRY", 1, 0)], [0, 1]),
    ],
)
def test_a_holders_word_goes_before_the_cent_in_the_money(
    close: str, records: list[InstructionRecord], expected: list[tuple[str, int, int]], exercised: list[int]
) -> None:
    floor = expire(3, close, *records)

    assert ends(floor) == expected
    assert done(floor) == [(Standing.DONE, qty) for qty in exercised]


def test_what_nobody_exercised_costs_and_brings_nothing() -> None:
    floor = expire(3, "240.00", told(DNE, 3))

    account = floor.exchange.account(ACCOUNT)
    assert account is not None
    assert (account.qty(PUT), account.qty("TSLA"), account.cash) == (0, 0, Decimal(100_000))


def test_an_instruction_on_contracts_that_were_sold_since_does_no_more_than_is_held() -> None:
    assert ends(expire(1, "260.00", told(E, 3))) == [("EXERCISE", 1, -100)]
    assert ends(expire(1, "240.00", told(DNE, 3))) == [("EXPIRY", 1, 0)]
    assert ends(expire(-1, "240.00", told(DNE, 3))) == [("ASSIGNMENT", -1, 100)]


def test_an_early_exercise_is_done_at_the_days_close_and_not_before() -> None:
    floor = Floor(holding({PUT: 3}))
    floor.exchange.clearing.take(told(E, 2, acts_by=WEDNESDAY_CLOSE))

    assert floor.go(WEDNESDAY_CLOSE + GRACE - JUST) == []
    floor.go(WEDNESDAY_CLOSE + GRACE)
    floor.go(WEDNESDAY_CLOSE + GRACE + GRACE)

    account = floor.exchange.account(ACCOUNT)
    assert account is not None
    assert ends(floor) == [("EXERCISE", 2, -200)]
    assert (account.qty(PUT), account.qty("TSLA"), account.cash) == (1, -200, Decimal(100_000) + 200 * 250)


def test_an_early_exercise_of_a_contract_is_one_event_a_day_and_leaves_its_expiry_another() -> None:
    floor = Floor(holding({PUT: 3}))
    floor.exchange.clearing.take(told(E, 1, acts_by=WEDNESDAY_CLOSE))
    floor.exchange.clearing.take(told(E, 1, acts_by=WEDNESDAY_CLOSE, name="I2"))
    floor.show("TSLA", "240", "240", at=FRIDAY_CLOSE, last="240")

    floor.go(FRIDAY_CLOSE + GRACE, "TSLA")  # the clock jumped over both

    assert ends(floor) == [("EXERCISE", 2, -200), ("EXERCISE", 1, -100)]
    assert len({b.event_id for change in floor.changes for b in change.bookings}) == 2


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore(accounts={ACCOUNT: holding({PUT: 3, HIGH_CALL: -1})})


@pytest.fixture
async def desk(store: MemoryStore) -> AsyncIterator[PaperDesk]:
    desk = PaperDesk(store=lambda: store)
    await desk.start()
    yield desk
    await desk.session.close()


def asked(kind: InstructionKind = DNE, qty: int = 2, **changes: object) -> Instruction:
    return replace(Instruction("I1", PUT, kind, qty, FRIDAY_CLOSE), **changes)  # type: ignore[arg-type]  # as named


async def test_an_instruction_given_twice_is_one(desk: PaperDesk, store: MemoryStore) -> None:
    first = await desk.session.instruct(ACCOUNT, asked())
    second = await desk.session.instruct(ACCOUNT, asked())

    assert first == second == InstructionReport("I1", Standing.ACCEPTED)
    assert await desk.session.instructions(["I1", "I2"]) == (first,)
    assert list(store.told) == ["I1"]


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (asked(qty=4), "3 long contracts are free"),
        (asked(symbol=HIGH_CALL, qty=1), "0 long contracts are free"),
        (asked(symbol="TSLA"), "no option"),
        (asked(acts_by=FRIDAY_CLOSE + timedelta(minutes=30)), "a cut-off that is none"),
        (asked(acts_by=FRIDAY_CLOSE + timedelta(days=3)), "a cut-off that is none"),
    ],
)
async def test_what_cannot_act_is_refused(desk: PaperDesk, store: MemoryStore, wrong: Instruction, why: str) -> None:
    with pytest.raises(InstructionRefusedError, match=why):
        await desk.session.instruct(ACCOUNT, wrong)

    assert store.told == {}


async def test_contracts_are_not_spoken_for_twice_and_are_free_once_withdrawn(desk: PaperDesk) -> None:
    await desk.session.instruct(ACCOUNT, asked())
    with pytest.raises(InstructionRefusedError, match="1 long contracts are free"):
        await desk.session.instruct(ACCOUNT, asked(instruction_id="I2"))

    withdrawn = await desk.session.withdraw(ACCOUNT, "I1")
    again = await desk.session.instruct(ACCOUNT, asked(instruction_id="I3", qty=3))

    assert (withdrawn.standing, again.standing) == (Standing.WITHDRAWN, Standing.ACCEPTED)


async def test_at_its_cut_off_nothing_is_taken_and_nothing_taken_back(desk: PaperDesk) -> None:
    desk.market.ahead = FRIDAY_CLOSE - OPEN_AT - JUST
    await desk.session.instruct(ACCOUNT, asked())
    desk.market.ahead += JUST

    with pytest.raises(InstructionRefusedError, match="after its cut-off"):
        await desk.session.instruct(ACCOUNT, asked(instruction_id="I2", qty=1))
    with pytest.raises(InstructionRefusedError, match="cut-off has passed"):
        await desk.session.withdraw(ACCOUNT, "I1")


@pytest.mark.django_db
def test_the_books_keep_an_instruction_and_what_became_of_it() -> None:
    paper = Connection.objects.create(name="paper", broker="paper", environment="PAPER")
    open_account(number=ACCOUNT, cash=Decimal(100_000))
    Account.objects.create(code="gen-1", name="One", tier="gen", connection=paper, broker_account=ACCOUNT, baseline=0)
    store = DatabaseStore("paper")
    record = told(E, 2)

    store.write([Change(instructions=(record,))])
    kept = store.load().instructions
    store.write([Change(instructions=(replace(record, standing=Standing.DONE, exercised=2, version=1),))])

    assert kept == (record,)
    assert store.load().instructions == ()
    assert [(r.standing, r.exercised) for r in store.instructions(["I1"])] == [(Standing.DONE, 2)]
    with pytest.raises(StaleWriterError):
        store.write([Change(instructions=(record,))])
    with pytest.raises(StaleWriterError):
        store.write([Change(instructions=(replace(record, version=1),))])
    assert PaperInstruction.objects.get().exercised == 2
