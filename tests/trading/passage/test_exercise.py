"""Instructions on long options: about what is held, in time, once, and on the record."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from allcore.accounts.actors import Actor
from allcore.audit.models import AuditEntry
from allcore.kernel.clock import utc_now
from allcore.kernel.errors import ForbiddenError
from allcore.kernel.instructions import CutOff, InstructionKind
from brokers.models import Account, Connection
from tests.builders import market
from tests.trading.passage.conftest import STOCK
from trading.domain.exercise import NotInstructableError, Wanted, acts_until, cut_off, require
from trading.models import ExerciseInstruction, Position
from trading.selectors.exercise import listed
from trading.services import exercise
from trading.services.exercise import InstructionClosedError

EXPIRY = date(2026, 6, 12)
SYMBOL = market.option(STOCK, EXPIRY, "C", 200)
CLOSE = datetime(2026, 6, 12, 20, 0, tzinfo=UTC)  # the paper broker's cut-off
LAST = datetime(2026, 6, 12, 20, 30, tzinfo=UTC)  # 16:30 in New York
SECOND = timedelta(seconds=1)


@pytest.fixture
def held(desk: Connection) -> Position:
    return Position.objects.create(
        account=Account.objects.get(code="GEN-1"), instrument=market.instrument(SYMBOL), qty=3, avg_px=2,
        booked_through=market.START, updated_at=market.START,
    )  # fmt: skip


def instruct(actor: Actor, **changes: object) -> ExerciseInstruction:
    wanted = {"account": "GEN-1", "symbol": SYMBOL, "kind": "EXERCISE", "qty": 2, "reason": "The dividend."} | changes
    return exercise.instruct(actor=actor, now=utc_now(), **wanted)  # type: ignore[arg-type]  # as a request has them


def test_an_instruction_is_kept_with_its_cut_off_and_audited(held: Position, trader: Actor) -> None:
    made = instruct(trader, kind="DO_NOT_EXERCISE")

    assert (made.state, made.qty, made.cut_off_at) == ("RECORDED", 2, CLOSE)
    entry = AuditEntry.objects.filter(action="exercise.instructed").get()
    assert entry.payload["symbol"] == SYMBOL


def test_contracts_are_not_spoken_for_twice(held: Position, trader: Actor) -> None:
    instruct(trader)
    instruct(trader, qty=1)

    with pytest.raises(NotInstructableError, match="0 long contracts are free"):
        instruct(trader, qty=1)


def test_what_was_withdrawn_is_free_again_and_stays_withdrawn(held: Position, trader: Actor) -> None:
    made = instruct(trader, qty=3)
    exercise.close(instruction_id=made.pk, state="WITHDRAWN", actor=trader, now=utc_now())

    assert instruct(trader, qty=3).state == "RECORDED"
    with pytest.raises(InstructionClosedError):
        exercise.close(instruction_id=made.pk, state="CONFIRMED", actor=trader, now=utc_now())


def test_a_short_position_cannot_be_exercised(held: Position, trader: Actor) -> None:
    Position.objects.update(qty=-3)

    with pytest.raises(NotInstructableError, match="0 long contracts"):
        instruct(trader, qty=1)


def test_who_may_not_send_orders_may_not_instruct(held: Position, approver: Actor) -> None:
    with pytest.raises(ForbiddenError):
        instruct(approver)


def test_after_the_cut_off_nothing_is_taken_and_nothing_withdrawn(held: Position, trader: Actor) -> None:
    by_hand()
    made = instruct(trader, qty=1, kind="DO_NOT_EXERCISE")
    market.write_clock(LAST)

    with pytest.raises(NotInstructableError, match="ended at 16:30"):
        instruct(trader, qty=1)
    with pytest.raises(NotInstructableError, match="cut-off has passed"):
        exercise.close(instruction_id=made.pk, state="WITHDRAWN", actor=trader, now=utc_now())
    confirmed = exercise.close(instruction_id=made.pk, state="CONFIRMED", actor=trader, now=utc_now())
    assert (confirmed.state, confirmed.cut_off_at) == ("CONFIRMED", LAST)


def test_the_paper_brokers_cut_off_is_the_close(held: Position, trader: Actor) -> None:
    market.write_clock(CLOSE)

    with pytest.raises(NotInstructableError, match="ended at 16:00"):
        instruct(trader, qty=1)


def test_nobody_confirms_what_goes_to_the_broker_by_itself(held: Position, trader: Actor) -> None:
    made = instruct(trader)

    with pytest.raises(NotInstructableError, match="by itself"):
        exercise.close(instruction_id=made.pk, state="CONFIRMED", actor=trader, now=utc_now())


@pytest.mark.parametrize(("broker", "says"), [("paper", "Sent to Paper at once"), ("etrade", "tell it by phone")])
def test_it_is_said_whether_the_desk_or_a_person_tells_the_broker(
    held: Position, trader: Actor, broker: str, says: str
) -> None:
    by_hand(broker)
    instruct(trader)

    found: Any = listed(trader.user)

    assert says in found["results"][0]["note"]
    assert says in found["options"][0]["note"]
    assert found["results"][0]["travels"] is (broker == "paper")


def by_hand(broker: str = "etrade") -> None:
    """Put the account at a broker."""
    Connection.objects.update(broker=broker)


@pytest.mark.parametrize(("late", "passes"), [(-SECOND, True), (timedelta(0), False), (SECOND, False)])
def test_the_cut_off_is_half_past_four_in_new_york(late: timedelta, passes: bool) -> None:
    wanted = Wanted(InstructionKind.DO_NOT_EXERCISE, 1, EXPIRY, 1, 0)

    if passes:
        assert require(wanted, LAST + late) == LAST
    else:
        with pytest.raises(NotInstructableError):
            require(wanted, LAST + late)


def test_an_early_exercise_acts_on_its_own_day() -> None:
    monday = datetime(2026, 6, 8, 15, 0, tzinfo=UTC)
    evening = datetime(2026, 6, 8, 21, 0, tzinfo=UTC)

    early = Wanted(InstructionKind.EXERCISE, 1, EXPIRY, 1, 0, CutOff.CLOSE)
    not_at_all = replace(early, kind=InstructionKind.DO_NOT_EXERCISE)

    assert acts_until(early, monday) == datetime(2026, 6, 8, 20, tzinfo=UTC)
    assert acts_until(early, datetime(2026, 6, 8, 20, tzinfo=UTC)) == datetime(2026, 6, 9, 20, tzinfo=UTC)
    assert acts_until(early, evening).date() == date(2026, 6, 9)
    assert acts_until(not_at_all, monday) == CLOSE


def test_on_a_half_day_the_close_comes_at_one_and_half_past_four_stays() -> None:
    assert cut_off(date(2026, 11, 27), CutOff.CLOSE) == datetime(2026, 11, 27, 18, 0, tzinfo=UTC)
    assert cut_off(date(2026, 11, 27)) == datetime(2026, 11, 27, 21, 30, tzinfo=UTC)


def test_an_expiry_on_a_holiday_is_cut_off_the_session_before() -> None:
    assert cut_off(date(2026, 4, 3)) == datetime(2026, 4, 2, 20, 30, tzinfo=UTC)  # Good Friday
