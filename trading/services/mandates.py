"""What scripts may send: only under a mandate that a person signed."""

from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction

from allcore.accounts.actors import Actor
from allcore.accounts.models import User
from allcore.audit.services import record
from allcore.kernel.errors import ForbiddenError, InvalidInputError, NotFoundError
from allcore.kernel.tickets import OrderTicket
from brokers.models import Account
from risk.domain.permissions import Action
from risk.models import Reservation
from risk.selectors.permissions import require
from trading.models import Mandate, Order
from trading.selectors import senders

LONGEST = timedelta(days=90)
REASON_LENGTH = 15


class NoMandateError(ForbiddenError):
    """A script sent an order that nobody signed for."""

    code = "NO_MANDATE"


class MandateExceededError(ForbiddenError):
    """The order is larger than what a person signed for."""

    code = "MANDATE_EXCEEDED"


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


def right_of(order: Order, new: OrderTicket, actor: Actor, now: datetime) -> Mandate | None:
    """Return the mandate by which a script gives the order the new terms; None of a person, who needs none.

    Raises:
        NoMandateError: a token without a mandate in force.
        NotFoundError: the account is not theirs to see.
    """
    code = order.account.code
    sender = senders.sender_of(actor.user, code, [leg.symbol for leg in new.legs], now=now)
    if sender is None:
        raise NotFoundError(f"There is no account {code}.", account=code)
    return right_to_send(order.account, actor, sender.mandate)


def keep_within(mandate: Mandate | None, order: Order) -> None:
    """Pass if what the order may use is within what was signed.

    Raises:
        MandateExceededError: it is not.
    """
    if mandate is not None:
        hold_to(mandate, Reservation.objects.get(order_id=order.pk).cash)


def hold_to(mandate: Mandate, cash: Decimal) -> None:
    """Pass if the mandate allows an order that uses so many dollars.

    Raises:
        MandateExceededError: it does not.
    """
    if cash > mandate.max_order_cash:
        raise MandateExceededError(
            f"The order would use ${cash}; the mandate allows ${mandate.max_order_cash} an order. Nothing was sent.",
            cash=cash,
            allowed=mandate.max_order_cash,
        )


@transaction.atomic
def sign(  # noqa: PLR0913 what a mandate says
    *, account: str, grantee: str, max_order_cash: Decimal, days: int, reason: str, actor: Actor, now: datetime
) -> Mandate:
    """Sign a mandate for a script's user (`grantee`, a user name) on one account (`account`, its code).

    It takes the place of what was signed for them there before: one alone is in force, and once it is revoked, none is.

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
    replaced = Mandate.objects.filter(account=signed_for, grantee=holder, revoked_at=None)
    replaced.update(revoked_at=now)
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
