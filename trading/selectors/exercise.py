"""Exercise instructions to read, and the long options they could be about."""

from datetime import date

from allcore.accounts.models import User
from brokers.models import Account
from brokers.selectors.capabilities import capabilities_of, title_of
from risk.domain.lines import contract_of
from risk.selectors.permissions import visible_accounts
from trading.domain.exercise import cut_off
from trading.models import ExerciseInstruction, Position
from trading.selectors.rows import Row, iso

MOST = 50
BY_HAND = (
    "{broker} takes no instructions from the desk: tell it by phone or on its own page; this is only a note of it."
)
BY_ITSELF = "Sent to {broker} at once; it counts when {broker} has accepted it."


def listed(user: User) -> Row:
    """Return the person's latest instructions, and each long option with its cut-off."""
    mine = visible_accounts(user)
    found = ExerciseInstruction.objects.filter(account__in=mine).select_related(
        "account__connection", "instrument", "given_by"
    )
    held = Position.objects.filter(account__in=mine, qty__gt=0, instrument__kind="OPTION")
    return {
        "results": [instruction_row(one) for one in found.order_by("-given_at", "id")[:MOST]],
        "options": [
            _option_row(position, position.instrument.expiry)
            for position in held.select_related("account__connection", "instrument").order_by(
                "instrument__expiry", "id"
            )
            if position.instrument.expiry is not None
        ],
    }


def _option_row(position: Position, expiry: date) -> Row:
    until = capabilities_of(position.account.connection.broker).exercise_cut_off
    return {
        "account": position.account.code,
        "symbol": position.instrument.symbol,
        "said": str(contract_of(position.instrument.symbol)),
        "qty": position.qty,
        "cut_off_at": iso(cut_off(expiry, until)),
        "note": said_of(position.account),
    }


def said_of(account: Account) -> str:
    """Return how an instruction on the account gets to its broker."""
    sentence = BY_ITSELF if capabilities_of(account.connection.broker).takes_exercise_instructions else BY_HAND
    return sentence.format(broker=title_of(account.connection.broker))


def instruction_row(one: ExerciseInstruction) -> Row:
    """Return an instruction as JSON values; account, instrument and giver should be loaded."""
    travels = capabilities_of(one.account.connection.broker).takes_exercise_instructions
    is_unknown = one.state == ExerciseInstruction.State.SENT and one.warned_at is not None
    return {
        "id": str(one.pk),
        "account": one.account.code,
        "symbol": one.instrument.symbol,
        "said": str(contract_of(one.instrument.symbol)),
        "kind": one.kind,
        "qty": one.qty,
        "state": one.state,
        "said_state": one.get_state_display(),
        "travels": travels,
        "may_be_confirmed": is_unknown or (one.state == ExerciseInstruction.State.RECORDED and not travels),
        "note": said_of(one.account),
        "reason": one.reason,
        "answer": one.answer,
        "exercised": one.exercised,
        "sent_at": iso(one.sent_at),
        "cut_off_at": iso(one.cut_off_at),
        "given_by": one.given_by.username,
        "given_at": iso(one.given_at),
    }
