"""Exercise instructions to read, and the long options they could be about."""

from allcore.accounts.models import User
from risk.domain.lines import contract_of
from risk.selectors.permissions import visible_accounts
from trading.domain.exercise import cut_off
from trading.models import ExerciseInstruction, Position
from trading.selectors.rows import Row, iso

MOST = 50
PLAINLY = (
    "Held at the desk: no broker connection takes instructions yet. Tell the broker before the cut-off and confirm it "
    "here. The paper broker exercises whatever ends a cent in the money, whatever stands here."
)


def listed(user: User) -> Row:
    """Return the person's latest instructions, and each long option with its cut-off."""
    mine = visible_accounts(user)
    found = ExerciseInstruction.objects.filter(account__in=mine).select_related("account", "instrument", "given_by")
    held = Position.objects.filter(account__in=mine, qty__gt=0, instrument__kind="OPTION")
    return {
        "results": [instruction_row(one) for one in found.order_by("-given_at", "id")[:MOST]],
        "options": [
            {
                "account": position.account.code,
                "symbol": position.instrument.symbol,
                "said": str(contract_of(position.instrument.symbol)),
                "qty": position.qty,
                "cut_off_at": iso(cut_off(position.instrument.expiry)),
            }
            for position in held.select_related("account", "instrument").order_by("instrument__expiry", "id")
            if position.instrument.expiry is not None
        ],
        "note": PLAINLY,
    }


def instruction_row(one: ExerciseInstruction) -> Row:
    """Return an instruction as JSON values; account, instrument and giver should be loaded."""
    return {
        "id": str(one.pk),
        "account": one.account.code,
        "symbol": one.instrument.symbol,
        "said": str(contract_of(one.instrument.symbol)),
        "kind": one.kind,
        "qty": one.qty,
        "state": one.state,
        "reason": one.reason,
        "cut_off_at": iso(one.cut_off_at),
        "given_by": one.given_by.username,
        "given_at": iso(one.given_at),
    }
