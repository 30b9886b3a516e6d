"""Exercise instructions on their way to a broker, and what became of them.

As with orders: claim, commit, send once; who gives no answer is asked, and nothing is sent a second time.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from allcore.kernel.instructions import Instruction, InstructionKind, InstructionReport, Standing
from allcore.live import publish_on_commit
from brokers.selectors.connections import holds_lease
from marketdata.selectors import clock
from trading.models import ExerciseInstruction
from trading.services.claim import ACTOR
from trading.services.exercise import note

State = ExerciseInstruction.State
ASK_AFTER = timedelta(seconds=10)  # a sending has ended by then, one way or the other
CHANGED = ("state", "sent_at", "answer", "exercised", "closed_at", "closed_by")
NEVER_ARRIVED = "It never reached the broker. Give it again if it is still wanted."
TOO_LATE = "Its cut-off passed before it could be sent."
ANSWERS_WITHIN = timedelta(minutes=1)
LAST_CALL = timedelta(minutes=30)  # before the cut-off, on the exchange's clock
UNANSWERED = "The broker has not answered for a minute. Ask it by phone before the cut-off."
NOT_GIVEN = "The broker does not have it yet, and its cut-off is near. Tell the broker, or withdraw it."
REFUSED_LATER = "The broker has it no longer."
ASKED_FOR = timedelta(days=3)  # after its cut-off: a broker that never says what came of it has said all it will
STILL_STANDS = "The withdrawal never reached the broker; the instruction stands."


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to the broker: an instruction, or without one the withdrawal of what has the id."""

    instruction_id: UUID
    broker_account: str
    instruction: Instruction | None


@transaction.atomic
def claim(connection: str, *, epoch: int, now: datetime) -> tuple[Outgoing, ...]:
    """Claim what is to be sent, the oldest first; end what comes too late. Commit before anything is sent."""
    unsent = Q(state=State.RECORDED) | Q(state=State.WITHDRAWING, sent_at=None)
    found = list(_of(connection).select_for_update(of=("self",)).filter(unsent).order_by("given_at", "id"))
    if not found or not holds_lease(connection, epoch=epoch, now=now):
        return ()
    exchange_now = clock.exchange_now(now)
    for one in found:
        if exchange_now >= one.cut_off_at:
            _refuse(one, TOO_LATE, now)
    going = [one for one in found if exchange_now < one.cut_off_at]
    return tuple(_outgoing(one, now) for one in going)


@transaction.atomic
def answered(report: InstructionReport, *, now: datetime) -> None:
    """Take the broker's answer, or what it says when asked."""
    one = _locked(UUID(report.instruction_id))
    if one is not None:
        _apply(one, report, now)


@transaction.atomic
def refused(instruction_id: UUID, *, reason: str, now: datetime) -> None:
    """Note a plain no: the broker has no such instruction, or keeps the one that was to be withdrawn."""
    if (one := _locked(instruction_id)) is not None:
        _refuse(one, reason, now)


@transaction.atomic
def not_sent(instruction_id: UUID, *, now: datetime) -> None:
    """Put it back: the adapter vouches that nothing left."""
    one = _locked(instruction_id)
    if one is None:
        return
    one.state = State.RECORDED if one.state == State.SENT else one.state
    one.sent_at = None
    one.save(update_fields=CHANGED)


def in_question(connection: str, *, now: datetime) -> tuple[UUID, ...]:
    """Return what the broker is to be asked about: sent without an answer, or accepted and past its cut-off."""
    unanswered = Q(state__in=(State.SENT, State.WITHDRAWING), sent_at__lte=now - ASK_AFTER)
    waiting = _of(connection).filter(unanswered | Q(state=State.ACCEPTED)).values_list("pk", "state", "cut_off_at")
    found = list(waiting.order_by("given_at", "id"))
    exchange_now = clock.exchange_now(now) if any(state == State.ACCEPTED for _, state, _ in found) else now
    return tuple(pk for pk, state, at in found if state != State.ACCEPTED or at <= exchange_now < at + ASKED_FOR)


@transaction.atomic
def told(asked: Sequence[UUID], reports: Iterable[InstructionReport], *, now: datetime) -> None:
    """Take the answer to a question: who is missing never arrived."""
    by_id = {UUID(report.instruction_id): report for report in reports}
    for one in _everything().select_for_update(of=("self",)).filter(pk__in=asked).order_by("given_at", "id"):
        if (report := by_id.get(one.pk)) is not None:
            _apply(one, report, now)
        elif one.state == State.SENT:
            _refuse(one, NEVER_ARRIVED, now)


def _apply(one: ExerciseInstruction, report: InstructionReport, now: datetime) -> None:
    if one.closed_at is not None or report.standing is Standing.UNKNOWN:
        return  # said before, or nothing is
    if report.standing is Standing.REFUSED:
        _refuse(one, report.reason or REFUSED_LATER, now)
        return
    if report.standing is Standing.ACCEPTED:
        if one.state == State.WITHDRAWING:
            _refuse(one, STILL_STANDS, now)
        elif one.state == State.SENT:
            _become(one, State.ACCEPTED, now)
        return
    one.exercised, one.closed_at = report.exercised, now
    if report.standing is Standing.DONE:
        one.closed_by = None
    _become(one, State(report.standing.value), now)


def _refuse(one: ExerciseInstruction, reason: str, now: datetime) -> None:
    """A refused instruction ends; one whose withdrawal is refused stands as it did. Somebody hears of either."""
    one.answer = reason[:300]
    if one.state == State.WITHDRAWING:
        one.closed_by = None
        _become(one, State.ACCEPTED, now)
        warn(one, "EXERCISE_NOT_WITHDRAWN", reason)
    elif one.closed_at is None:
        one.closed_at = now
        _become(one, State.REFUSED, now)
        warn(one, "EXERCISE_REFUSED", reason)


def warn(one: ExerciseInstruction, code: str, reason: str) -> None:
    """Alert to an instruction; account and instrument should be loaded."""
    said = f"{one.get_kind_display().capitalize()} {one.qty} {one.instrument.symbol}: {reason}"
    told_as = {"code": code, "message": said, "severity": "CRITICAL", "instruction_id": str(one.pk)}
    publish_on_commit("alerts", "instruction", told_as, account=one.account.code)


@transaction.atomic
def warn_of_late(*, now: datetime) -> int:
    """Alert, once each, to what the broker has not answered in a minute and to what it does not have near the cut-off.

    Raises:
        UnavailableError: no feed has run, so that nobody knows how near it is.
    """
    unanswered = Q(state__in=(State.SENT, State.WITHDRAWING), sent_at__lte=now - ANSWERS_WITHIN)
    waiting = _everything().select_for_update(of=("self",), skip_locked=True).filter(warned_at=None)
    found = list(waiting.filter(unanswered | Q(state=State.RECORDED)).order_by("given_at", "id"))
    near = clock.exchange_now(now) + LAST_CALL if found else now
    due = [one for one in found if one.state != State.RECORDED or one.cut_off_at <= near]
    for one in due:
        one.warned_at = now
        one.save(update_fields=["warned_at"])
        not_there = one.state == State.RECORDED
        code, why = ("EXERCISE_NOT_GIVEN", NOT_GIVEN) if not_there else ("EXERCISE_UNANSWERED", UNANSWERED)
        note(one, "exercise.warned", ACTOR, now)
        warn(one, code, why)
    return len(due)


def _become(one: ExerciseInstruction, state: str, now: datetime) -> None:
    one.state = State(state)
    one.save(update_fields=CHANGED)
    note(one, f"exercise.{state.lower()}", ACTOR, now)


def _outgoing(one: ExerciseInstruction, now: datetime) -> Outgoing:
    is_withdrawal = one.state == State.WITHDRAWING
    one.sent_at = now
    if is_withdrawal:
        one.save(update_fields=CHANGED)
    else:
        _become(one, State.SENT, now)
    wanted = Instruction(str(one.pk), one.instrument.symbol, InstructionKind(one.kind), one.qty, one.cut_off_at)
    return Outgoing(one.pk, one.account.broker_account, None if is_withdrawal else wanted)


def _everything() -> QuerySet[ExerciseInstruction]:
    return ExerciseInstruction.objects.select_related("account", "instrument")


def _of(connection: str) -> QuerySet[ExerciseInstruction]:
    return _everything().filter(account__connection__name=connection)


def _locked(pk: UUID) -> ExerciseInstruction | None:
    """Return it if it still waits for an answer."""
    waits = Q(state__in=(State.SENT, State.WITHDRAWING))
    return _everything().select_for_update(of=("self",)).filter(waits, pk=pk).first()
