"""A person says what is to become of a long option.

Who may send orders on the account may say it: giving it is the approval. Where the broker takes instructions it leaves
by the outbox (`trading.services.instructing`); elsewhere the desk keeps a note until a person has told the broker.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Sum

from allcore.accounts.actors import Actor
from allcore.audit.services import record
from allcore.kernel.errors import ConflictError, NotFoundError
from allcore.kernel.instructions import InstructionKind
from brokers.models import Account
from brokers.selectors.capabilities import capabilities_of
from marketdata.selectors import clock, instruments
from risk.domain.permissions import Action
from risk.selectors.permissions import require
from risk.services import gate
from trading.domain import exercise
from trading.domain.exercise import NotInstructableError, Wanted
from trading.models import ExerciseInstruction, Position

State = ExerciseInstruction.State
IN_FORCE = (State.RECORDED, State.SENT, State.ACCEPTED, State.WITHDRAWING, State.CONFIRMED)


class InstructionClosedError(ConflictError):
    """The instruction is not in a state in which that can be said of it."""

    code = "INSTRUCTION_CLOSED"


@transaction.atomic
def instruct(  # noqa: PLR0913 keywords, as the request has them
    *, account: str, symbol: str, kind: str, qty: int, reason: str, actor: Actor, now: datetime
) -> ExerciseInstruction:
    """Keep an instruction on long options. The account's lock is held, so that no contract is spoken for twice.

    Raises:
        NotFoundError: there is no such account or option.
        ForbiddenError: they may not send orders on it.
        NotInstructableError: nothing that it could act on is held, or it comes too late.
    """
    owner = Account.objects.select_related("connection").filter(code=account).first()
    if owner is None:
        raise NotFoundError(f"There is no account {account}.", account=account)
    require(actor.user, Action.SEND_ORDER, owner)
    instrument = instruments.get(symbol)
    if instrument.expiry is None:
        raise NotInstructableError(f"{symbol} is no option. Nothing was kept.", symbol=symbol)
    gate.lock(owner)
    held = Position.objects.filter(account=owner, instrument=instrument).values_list("qty", flat=True).first() or 0
    standing = ExerciseInstruction.objects.filter(account=owner, instrument=instrument, state__in=IN_FORCE)
    taken = standing.aggregate(total=Sum("qty"))["total"] or 0
    until = capabilities_of(owner.connection.broker).exercise_cut_off
    wanted = Wanted(InstructionKind(kind), qty, instrument.expiry, held, taken, until)
    made = ExerciseInstruction.objects.create(
        account=owner,
        instrument=instrument,
        kind=kind,
        qty=qty,
        reason=reason,
        cut_off_at=exercise.require(wanted, clock.exchange_now(now)),
        given_by=actor.user,
        given_at=now,
    )
    note(made, "exercise.instructed", actor.name, now)
    return made


@transaction.atomic
def close(*, instruction_id: UUID, state: str, actor: Actor, now: datetime) -> ExerciseInstruction:
    """Withdraw an instruction before its cut-off, or confirm that a person has told the broker. Once.

    One that the broker has is withdrawn there first: it is WITHDRAWING until the broker has said yes. One that it has
    not answered, and somebody was warned of, may be confirmed by a person who has asked the broker.

    Raises:
        NotFoundError: there is none.
        InstructionClosedError: it was closed already, or is on its way.
        NotInstructableError: its cut-off has passed, or it needs no confirmation.
    """
    query = ExerciseInstruction.objects.select_for_update(of=("self",))
    found = query.select_related("account__connection", "instrument").filter(pk=instruction_id).first()
    if found is None:
        raise NotFoundError(f"There is no instruction {instruction_id}.", instruction_id=instruction_id)
    require(actor.user, Action.SEND_ORDER, found.account)
    _ensure_can_become(found, State(state), now)
    found.state = State.WITHDRAWING if found.state == State.ACCEPTED else State(state)
    found.closed_by = actor.user
    found.sent_at = None if found.state == State.WITHDRAWING else found.sent_at
    found.closed_at = None if found.state == State.WITHDRAWING else now
    found.save(update_fields=["state", "closed_by", "closed_at", "sent_at"])
    note(found, f"exercise.{found.state.lower()}", actor.name, now)
    return found


def _ensure_can_become(found: ExerciseInstruction, state: str, now: datetime) -> None:
    if found.state == State.SENT and state == State.CONFIRMED and found.warned_at is not None:
        return  # the broker cannot be asked by the desk, and a person has asked it
    if found.state == State.SENT:
        raise InstructionClosedError("The broker has not answered yet; nothing was changed.", state=found.state)
    may_be_withdrawn = state == State.WITHDRAWN and found.state == State.ACCEPTED
    if found.state != State.RECORDED and not may_be_withdrawn:
        raise InstructionClosedError(f"It is {found.state.lower()} already; nothing was changed.", state=found.state)
    if state == State.CONFIRMED and travels(found.account):
        raise NotInstructableError("It goes to the broker by itself; nobody needs to tell them. Nothing was changed.")
    if state == State.WITHDRAWN and clock.exchange_now(now) >= found.cut_off_at:
        raise NotInstructableError("Its cut-off has passed; nothing was changed.", cut_off_at=found.cut_off_at)


def travels(account: Account) -> bool:
    """Return whether the account's broker takes instructions from the desk."""
    return capabilities_of(account.connection.broker).takes_exercise_instructions


def note(made: ExerciseInstruction, action: str, actor: str, now: datetime) -> None:
    """Put what happened to an instruction on record."""
    payload = {
        "symbol": made.instrument.symbol,
        "kind": made.kind,
        "qty": made.qty,
        "cut_off_at": made.cut_off_at.isoformat(),
        "reason": made.reason,
        "answer": made.answer,
        "exercised": made.exercised,
    }
    record(action, f"instruction:{made.pk}", payload, actor=actor, at=now, account=made.account.code)
