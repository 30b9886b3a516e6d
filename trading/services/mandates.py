"""What scripts may send: only under a mandate that a person signed."""

from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction

from allcore.accounts.actors import Actor
from allcore.accounts.models import User
from allcore.audit.services import record
from allcore.kernel.errors import ForbiddenError, InvalidInputError, NotFoundError
from brokers.models import Account
from risk.domain.permissions import Action
from risk.selectors.permissions import require
from trading.models import Mandate

LONGEST = timedelta(days=90)
REASON_LENGTH = 15


class NoMandateError(ForbiddenError):
    """A script sent an order that nobody signed for."""

    code = "NO_MANDATE"


def right_to_send(account: Account, actor: Actor, in_force: Mandate | None) -> Mandate | None:
    """Return the mandate a script acts under; None for a person, who approves their own ticket by sending it.

    Raises:
        NoMandateError: a token without a mandate in force.
    """
    if actor.via == "session":
        return None
    if in_force is None:
        raise NoMandateError(
            f"No mandate in force lets {actor.name} send orders on {account.code}. Nothing was sent; "
            "a person may sign one, or approve the trade as a proposal.",
            account=account.code,
        )
    return in_force


@transaction.atomic
def sign(  # noqa: PLR0913 what a mandate says
    *, account: str, grantee: str, max_order_cash: Decimal, days: int, reason: str, actor: Actor, now: datetime
) -> Mandate:
    """Sign a mandate for a script's user (`grantee`, a user name) on one account (`account`, its code).

    Raises:
        NotFoundError: there is no such account or user.
        InvalidInputError: no end within ninety days, no ceiling, or no reason.
    """
    signed_for = Account.objects.filter(code=account).first()
    holder = User.objects.filter(username=grantee, is_active=True).first()
    if signed_for is None or holder is None:
        raise NotFoundError(f"There is no account {account} or no user {grantee}.", account=account, grantee=grantee)
    require(actor.user, Action.SIGN_MANDATE, signed_for)
    if actor.via != "session":
        raise ForbiddenError("A mandate is signed by a person in the browser, not by a token.")
    if not 1 <= days <= LONGEST.days or max_order_cash <= 0 or len(reason) < REASON_LENGTH:
        raise InvalidInputError(
            f"A mandate ends within {LONGEST.days} days, and has a ceiling above zero and a reason of "
            f"{REASON_LENGTH} characters."
        )
    mandate = Mandate.objects.create(
        account=signed_for,
        grantee=holder,
        signed_by=actor.user,
        max_order_cash=max_order_cash,
        reason=reason,
        signed_at=now,
        expires_at=now + timedelta(days=days),
    )
    seen = {"grantee": grantee, "max_order_cash": str(max_order_cash), "days": days, "reason": reason}
    record("mandate.signed", f"mandate:{mandate.pk}", seen, actor=actor.name, at=now, account=account)
    return mandate
