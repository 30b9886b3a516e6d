"""A person takes a mandate back: nothing more is sent by it, and what the desk still holds of it never leaves."""

from datetime import datetime

from django.db import transaction

from allcore.accounts.actors import Actor
from allcore.audit.services import record
from allcore.kernel.errors import InvalidInputError, NotFoundError
from allcore.kernel.orders import OrdStatus
from risk.domain.permissions import Action
from risk.selectors.permissions import may, require
from trading.models import Mandate, Order
from trading.services import submit
from trading.services.mandates import REASON_LENGTH


@transaction.atomic
def revoke(*, mandate_id: int, reason: str, actor: Actor, now: datetime) -> Mandate:
    """Revoke the mandate, and cancel its orders that wait at the desk; what works at a broker works on.

    Whoever may sign one may revoke it, a token too: taking back is never held up. Revoking twice is revoking once.

    Raises:
        NotFoundError: there is no such mandate, or it is not theirs to see.
        ForbiddenError: they may sign none on its account.
        InvalidInputError: no reason.
    """
    found = Mandate.objects.select_for_update(of=("self",)).select_related("account", "grantee", "signed_by")
    mandate = found.filter(pk=mandate_id).first()
    if mandate is None or not may(actor.user, Action.VIEW, mandate.account):
        raise NotFoundError(f"There is no mandate {mandate_id}.", mandate=mandate_id)
    require(actor.user, Action.SIGN_MANDATE, mandate.account)
    if len(reason.strip()) < REASON_LENGTH:
        raise InvalidInputError(f"To revoke a mandate, give a reason of {REASON_LENGTH} characters.")
    if mandate.revoked_at is not None:
        return mandate
    mandate.revoked_at = now
    mandate.save(update_fields=["revoked_at"])
    stopped = _stop_held(mandate, actor, now)
    seen = {"grantee": mandate.grantee.username, "reason": reason, "cancelled": stopped}
    record("mandate.revoked", f"mandate:{mandate.pk}", seen, actor=actor.name, at=now, account=mandate.account.code)
    return mandate


def _stop_held(mandate: Mandate, actor: Actor, now: datetime) -> list[str]:
    """Cancel what waits at the desk by the mandate; the end of one may end others of its list."""
    held = Order.objects.filter(approval__mandate=mandate, status=OrdStatus.HELD).order_by("pk")
    stopped = []
    for order_id in list(held.values_list("pk", flat=True)):
        order = submit.locked(order_id)
        if order.status == OrdStatus.HELD:
            submit.cancel_locked(order, actor=actor.name, reason="its mandate was revoked", now=now)
            stopped.append(str(order_id))
    return stopped
