"""Instructions on their way: claimed and sent once, asked about when nobody answers, and booked as they turn out."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial

import pytest

from allcore.accounts.actors import Actor
from allcore.audit.models import AuditEntry
from allcore.kernel.clock import utc_now
from allcore.kernel.errors import RefusedError, UnavailableError
from allcore.kernel.instructions import Instruction, InstructionReport, Standing
from allcore.kernel.reports import ReportKind
from brokers.models import Account, Connection
from brokers.services.paper_store import DatabaseStore
from tests.builders import market
from tests.builders.paper import PaperDesk
from tests.trading.passage.conftest import STOCK, draft, refresh
from trading.gateway.instructor import Instructor
from trading.gateway.threads import DatabaseLine
from trading.models import CashBalance, ExerciseInstruction, Position
from trading.selectors.exercise import instruction_row
from trading.services import claim, exercise, instructing, settle, submit

EXPIRY = date(2026, 6, 12)
PUT = market.option(STOCK, EXPIRY, "P", 200)
CLOSE = datetime(2026, 6, 12, 20, 0, tzinfo=UTC)
LATER = timedelta(seconds=11)


class NoAdapterError(UnavailableError):
    code = "AWAY"


class SaidNoError(RefusedError):
    code = "SAID_NO"


@dataclass
class Clerk:
    """A broker's counter by script: how it stands is what the test has put down."""

    heard: list[str] = field(default_factory=list)
    stands: dict[str, InstructionReport] = field(default_factory=dict)
    fails_with: Exception | None = None

    async def instruct(self, broker_account: str, instruction: Instruction) -> InstructionReport:
        self.heard.append(instruction.instruction_id)
        return self._answer(instruction.instruction_id, Standing.ACCEPTED)

    async def withdraw(self, broker_account: str, instruction_id: str) -> InstructionReport:
        self.heard.append(f"withdraw {instruction_id}")
        return self._answer(instruction_id, Standing.WITHDRAWN)

    async def instructions(self, ids: Sequence[str]) -> tuple[InstructionReport, ...]:
        return tuple(self.stands[name] for name in ids if name in self.stands)

    def _answer(self, name: str, standing: Standing) -> InstructionReport:
        if self.fails_with is not None:
            raise self.fails_with
        self.stands[name] = InstructionReport(name, standing)
        return self.stands[name]


@pytest.fixture
async def line() -> AsyncIterator[DatabaseLine]:
    line = DatabaseLine("instructing")
    yield line
    line.close()


@pytest.fixture
def made(desk: Connection, trader: Actor) -> ExerciseInstruction:
    Position.objects.create(
        account=Account.objects.get(code="GEN-1"), instrument=market.instrument(PUT), qty=3, avg_px=2,
        booked_through=market.START, updated_at=market.START,
    )  # fmt: skip
    return give(trader)


def give(actor: Actor, kind: str = "DO_NOT_EXERCISE", qty: int = 2) -> ExerciseInstruction:
    return exercise.instruct(account="GEN-1", symbol=PUT, kind=kind, qty=qty, reason="", actor=actor, now=utc_now())


def as_kept() -> ExerciseInstruction:
    return ExerciseInstruction.objects.get()


@dataclass
class Gateway:
    """The worker's part, swept by hand."""

    clerk: Clerk
    line: DatabaseLine
    epoch: int = 1

    async def sweep(self) -> ExerciseInstruction:
        await Instructor("paper", self.clerk, self.line, self.epoch).sweep()
        return await self.line.call(as_kept)

    async def ask_later(self) -> ExerciseInstruction:
        """Let the time pass after which one asks, then ask."""
        await self.line.call(lambda: ExerciseInstruction.objects.update(sent_at=utc_now() - LATER))
        return await self.sweep()


@pytest.fixture
def gateway(line: DatabaseLine) -> Gateway:
    return Gateway(Clerk(), line)


async def test_it_is_sent_once_and_stands_as_the_broker_says(made: ExerciseInstruction, gateway: Gateway) -> None:
    await gateway.sweep()
    kept = await gateway.sweep()

    assert gateway.clerk.heard == [str(made.pk)]
    assert kept.state == "ACCEPTED"
    actions = await gateway.line.call(lambda: list(AuditEntry.objects.values_list("action", flat=True)))
    assert {"exercise.instructed", "exercise.sent", "exercise.accepted"} <= set(actions)


async def test_who_has_lost_the_lease_sends_nothing(made: ExerciseInstruction, gateway: Gateway) -> None:
    gateway.epoch = 2

    assert (await gateway.sweep()).state == "RECORDED"
    assert gateway.clerk.heard == []


async def test_a_plain_no_is_the_end_of_it_with_its_reason(made: ExerciseInstruction, gateway: Gateway) -> None:
    gateway.clerk.fails_with = SaidNoError("The account may not exercise.")

    kept = await gateway.sweep()

    assert (kept.state, kept.answer) == ("REFUSED", "The account may not exercise.")


async def test_what_never_left_is_sent_when_the_line_is_back(made: ExerciseInstruction, gateway: Gateway) -> None:
    gateway.clerk.fails_with = NoAdapterError("Nothing was sent.")
    assert (await gateway.sweep()).state == "RECORDED"
    gateway.clerk.fails_with = None

    assert (await gateway.sweep()).state == "ACCEPTED"


@pytest.mark.parametrize(
    ("arrived", "state"), [(Standing.ACCEPTED, "ACCEPTED"), (None, "REFUSED")], ids=["arrived", "got lost"]
)
async def test_an_unknown_outcome_is_asked_about_and_never_sent_again(
    made: ExerciseInstruction, gateway: Gateway, arrived: Standing | None, state: str
) -> None:
    gateway.clerk.fails_with = ConnectionResetError("cut")
    assert (await gateway.sweep()).state == "SENT"
    if arrived is not None:
        gateway.clerk.stands[str(made.pk)] = InstructionReport(str(made.pk), arrived)

    assert (await gateway.sweep()).state == "SENT"  # too early to ask
    kept = await gateway.ask_later()

    assert (kept.state, gateway.clerk.heard) == (state, [str(made.pk)])
    assert bool(kept.answer) is (arrived is None)


async def test_what_the_broker_cannot_be_asked_about_stays_unknown_until_a_person_has_asked(
    made: ExerciseInstruction, gateway: Gateway, trader: Actor
) -> None:
    gateway.clerk.fails_with = ConnectionResetError("cut")
    await gateway.sweep()
    gateway.clerk.stands[str(made.pk)] = InstructionReport(str(made.pk), Standing.UNKNOWN)
    kept = await gateway.ask_later()
    assert (kept.state, gateway.clerk.heard) == ("SENT", [str(made.pk)])
    confirm = partial(exercise.close, instruction_id=made.pk, state="CONFIRMED", actor=trader, now=utc_now())
    with pytest.raises(exercise.InstructionClosedError):  # nobody was warned yet: an answer may still come
        await gateway.line.call(confirm)

    await gateway.line.call(lambda: ExerciseInstruction.objects.update(sent_at=utc_now() - timedelta(minutes=1)))
    assert await gateway.line.call(partial(instructing.warn_of_late, now=utc_now())) == 1
    shown = await gateway.line.call(lambda: instruction_row(as_kept()))
    closed = await gateway.line.call(confirm)

    assert shown["may_be_confirmed"]
    assert (closed.state, closed.closed_by_id, closed.sent_at is not None) == ("CONFIRMED", trader.user.pk, True)


async def test_one_that_the_broker_takes_back_ends_with_its_reason(made: ExerciseInstruction, gateway: Gateway) -> None:
    gateway.clerk.fails_with = ConnectionResetError("cut")
    await gateway.sweep()
    gateway.clerk.stands[str(made.pk)] = InstructionReport(str(made.pk), Standing.REFUSED, reason="Taken back.")

    kept = await gateway.ask_later()

    assert (kept.state, kept.answer) == ("REFUSED", "Taken back.")


@pytest.mark.parametrize(("past", "is_asked"), [(timedelta(0), True), (instructing.ASKED_FOR, False)])
async def test_what_becomes_of_it_is_asked_for_some_days_after_its_cut_off(
    made: ExerciseInstruction, gateway: Gateway, past: timedelta, is_asked: bool
) -> None:
    await gateway.sweep()
    market.write_clock(made.cut_off_at + past)

    asked = await gateway.line.call(partial(instructing.in_question, "paper", now=utc_now()))

    assert bool(asked) is is_asked


async def test_at_its_cut_off_nothing_leaves_any_more(made: ExerciseInstruction, gateway: Gateway) -> None:
    market.write_clock(CLOSE)

    kept = await gateway.sweep()

    assert (kept.state, kept.answer, gateway.clerk.heard) == ("REFUSED", instructing.TOO_LATE, [])


async def test_one_that_the_broker_has_is_withdrawn_there_first(
    made: ExerciseInstruction, gateway: Gateway, trader: Actor
) -> None:
    await gateway.sweep()

    await gateway.line.call(partial(withdraw, made, trader))
    asked = await gateway.line.call(as_kept)
    kept = await gateway.sweep()

    assert (asked.state, kept.state) == ("WITHDRAWING", "WITHDRAWN")
    assert gateway.clerk.heard == [str(made.pk), f"withdraw {made.pk}"]


@pytest.mark.parametrize("is_told", [True, False], ids=["refused", "lost"])
async def test_a_withdrawal_that_fails_leaves_the_instruction_standing(
    made: ExerciseInstruction, gateway: Gateway, trader: Actor, is_told: bool
) -> None:
    await gateway.sweep()
    await gateway.line.call(partial(withdraw, made, trader))
    gateway.clerk.fails_with = SaidNoError("Too late.") if is_told else ConnectionResetError("cut")

    await gateway.sweep()
    kept = await gateway.ask_later()

    assert (kept.state, kept.closed_by_id) == ("ACCEPTED", None)
    assert kept.answer == ("Too late." if is_told else instructing.STILL_STANDS)


def withdraw(made: ExerciseInstruction, actor: Actor) -> None:
    exercise.close(instruction_id=made.pk, state="WITHDRAWN", actor=actor, now=utc_now())


@pytest.fixture
def quoted(desk: Connection) -> None:
    market.instrument(PUT)
    market.write_quotes([market.quote(PUT, "4.90", "5.00")])
    market.write_greeks({PUT: market.greeks(delta=-0.5, iv=0.5, price=4.95)}, open_interest=500)
    refresh()


@pytest.fixture
async def paper(quoted: None) -> AsyncIterator[PaperDesk]:
    """Return the paper broker on its tables, with the same market as the desk's."""
    paper = PaperDesk(store=lambda: DatabaseStore("paper"))
    paper.market.show(PUT, "4.90", "5.00", size=50)
    paper.market.show(STOCK, "199.98", "200.02", size=500)
    await paper.start()
    yield paper
    await paper.session.close()


def bought(actor: Actor) -> claim.Outbound:
    legs = [{"symbol": PUT, "side": "BUY", "position_effect": "OPEN", "ratio": 1}]
    wanted = draft(legs=legs, quantity=2, limit_price=Decimal("5.00"))
    order = submit.place(draft=wanted, actor=actor, key="k", trace_id="t", now=utc_now())
    assert order.status == "READY", order.reason
    return claim.claim_batch("paper", epoch=1, limit=1, now=utc_now()).outbounds[0]


def standing() -> dict[str, tuple[int, Decimal]]:
    rows = Position.objects.filter(account__code="GEN-1").values_list("instrument__symbol", "qty", "realised")
    return {symbol: (qty, realised) for symbol, qty, realised in rows}


def cash() -> Decimal:
    return CashBalance.objects.get(account__code="GEN-1").cash


@pytest.mark.parametrize(
    ("kind", "close", "ends", "exercised"),
    [
        ("DO_NOT_EXERCISE", "190.00", {PUT: (0, Decimal(-1000))}, 0),
        ("EXERCISE", "210.00", {PUT: (0, Decimal(-1000)), STOCK: (-200, Decimal(0))}, 2),
    ],
)
async def test_from_a_bought_put_to_its_end_as_its_holder_wants_it(
    paper: PaperDesk,
    line: DatabaseLine,
    trader: Actor,
    kind: str,
    close: str,
    ends: dict[str, tuple[int, Decimal]],
    exercised: int,
) -> None:
    before = await line.call(cash)
    outbound = await line.call(partial(bought, trader))
    assert outbound.ticket is not None
    await paper.session.submit(outbound.cl_ord_id, outbound.broker_account, outbound.ticket)
    await book(line, [await paper.hear(ReportKind.ACK), fill := await paper.hear(ReportKind.FILL)])
    clerk = Instructor("paper", paper.session, line, 1)
    await line.call(partial(give, trader, kind))
    await clerk.sweep()
    accepted = (await line.call(as_kept)).state
    paper.market.ahead = CLOSE - paper.clock()
    paper.market.show(STOCK, close, close, last=close)
    paper.clock.forward(seconds=6)
    await book(line, [await paper.hear_booking()])
    market.write_clock(CLOSE + timedelta(seconds=6))
    await clerk.sweep()

    kept = await line.call(as_kept)
    assert (accepted, kept.state, kept.exercised) == ("ACCEPTED", "DONE", exercised)
    assert await line.call(standing) == ends
    paid = sum(leg.fee for leg in fill.fills) + 1000 - 200 * 200 * (exercised > 0)
    assert await line.call(cash) == before - paid


async def book(line: DatabaseLine, reports: Sequence[object]) -> None:
    apply: Callable[..., None] = settle.apply_reports
    await line.call(partial(apply, "paper", reports, now=utc_now()))
