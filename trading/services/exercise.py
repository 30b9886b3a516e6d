"""A person says what is to become of a long option.

No adapter takes such instructions yet: the desk keeps them, with their cut-off, until a person confirms that the
broker has them. The paper broker knows nothing of them and exercises whatever is a cent in the money.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Sum

from allcore.accounts.actors import Actor
from allcore.audit.services import record
from allcore.kernel.errors import ConflictError, NotFoundError
from brokers.models import Account
from marketdata.selectors import clock, instruments
from risk.domain.permissions import Action
from risk.selectors.permissions import require
from risk.services import gate
from trading.domain import exercise
from trading.domain.exercise import InstructionKind, NotInstructableError, Wanted
from trading.models import ExerciseInstruction, Position

IN_FORCE = (ExerciseInstruction.State.HELD, ExerciseInstruction.State.CONFIRMED)


class InstructionClosedError(ConflictError):
    """The instruction is no longer held."""

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
    owner = Account.objects.filter(code=account).first()
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
    wanted = Wanted(InstructionKind(kind), qty, instrument.expiry, held, taken)
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
    _record(made, "exercise.instructed", actor, now)
    return made


@transaction.atomic
def close(*, instruction_id: UUID, state: str, actor: Actor, now: datetime) -> ExerciseInstruction:
    """Withdraw an instruction, or confirm that the broker has it. Once, and before its cut-off if it is withdrawn.

    Raises:
        NotFoundError: there is none.
        InstructionClosedError: it was closed already.
        NotInstructableError: its cut-off has passed.
    """
    query = ExerciseInstruction.objects.select_for_update(of=("self",)).select_related("account", "instrument")
    found = query.filter(pk=instruction_id).first()
    if found is None:
        raise NotFoundError(f"There is no instruction {instruction_id}.", instruction_id=instruction_id)
    require(actor.user, Action.SEND_ORDER, found.account)
    if found.state != ExerciseInstruction.State.HELD:
        raise InstructionClosedError(f"It is {found.state.lower()} already; nothing was changed.", state=found.state)
    if state == ExerciseInstruction.State.WITHDRAWN and clock.exchange_now(now) >= found.cut_off_at:
        raise NotInstructableError("Its cut-off has passed; nothing was changed.", cut_off_at=found.cut_off_at)
    found.state, found.closed_by, found.closed_at = ExerciseInstruction.State(state), actor.user, now
    found.save(update_fields=["state", "closed_by", "closed_at"])
    _record(found, f"exercise.{state.lower()}", actor, now)
    return found


def _record(made: ExerciseInstruction, action: str, actor: Actor, now: datetime) -> None:
    payload = {
        "symbol": made.instrument.symbol,
        "kind": made.kind,
        "qty": made.qty,
        "cut_off_at": made.cut_off_at.isoformat(),
        "reason": made.reason,
    }
    record(action, f"instruction:{made.pk}", payload, actor=actor.name, at=now, account=made.account.code)
