"""Giving an account or an underlying a limit of its own."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from allcore.accounts.actors import Actor
from allcore.kernel.errors import ConflictError, InvalidInputError, NotFoundError
from brokers.models import Account
from risk.domain.defaults import DEFAULTS
from risk.domain.edits import Edit
from risk.domain.limits import Bound
from risk.domain.permissions import Action
from risk.models import Limit, LimitChange
from risk.selectors.limits import in_force, narrowest, scoped
from risk.selectors.permissions import require
from risk.services.limits import request_change


@dataclass(frozen=True, slots=True)
class OwnLimit:
    """A limit that an account, an underlying or both are to have for themselves. `account` is a code or empty."""

    code: str
    account: str
    underlying: str
    edit: Edit


def own_limit(*, code: str, account: str = "", underlying: str = "", **edit: Any) -> OwnLimit:
    """Return the limit that flat fields ask for."""
    return OwnLimit(code, account, underlying, Edit(**edit))


@transaction.atomic
def narrow(wanted: OwnLimit, *, actor: Actor, now: datetime) -> LimitChange:
    """Make the scope's own limit. It starts at what holds there now; the edit of it follows the rule of all edits.

    Raises:
        NotFoundError: there is no such account.
        InvalidInputError: there is no such control, or no scope.
        ConflictError: the scope has its own limit already; edit that.
    """
    account = _account(wanted.account)
    require(actor.user, Action.EDIT_LIMITS, account)
    if wanted.code not in DEFAULTS:
        raise InvalidInputError(f"There is no limit named {wanted.code!r}.", code=wanted.code)
    if account is None and not wanted.underlying:
        raise InvalidInputError("A limit of its own is for an account or an underlying.")
    present = _bound_now(wanted.code, account, wanted.underlying)
    own, is_new = Limit.objects.get_or_create(
        code=wanted.code,
        account=account,
        underlying=wanted.underlying,
        defaults={"unit": present.unit, "soft": present.soft, "hard": present.hard, "effective_at": now},
    )
    if not is_new:
        raise ConflictError("There is such a limit already; edit that.", limit=own.pk)
    return request_change(own.pk, edit=wanted.edit, actor=actor, now=now)


def _account(code: str) -> Account | None:
    account = Account.objects.filter(code=code).first() if code else None
    if code and account is None:
        raise NotFoundError(f"There is no account {code}.", account=code)
    return account


def _bound_now(code: str, account: Account | None, underlying: str) -> Bound:
    if account is not None:
        return in_force(account, underlying)[code]
    rows = Limit.objects.filter(code=code, account=None, underlying__in={"", underlying})
    return narrowest(scoped(row) for row in rows.order_by("id")).get(code, DEFAULTS[code])
