"""The audit trail as one person may read it."""

from django.db.models import Q

from allcore.accounts.models import User
from allcore.audit.chain import ChainReport
from allcore.audit.models import AuditEntry
from allcore.audit.selectors import Filter, entries, verify_chain
from risk.domain.permissions import Action
from risk.selectors.permissions import may_anywhere, require_anywhere, visible_accounts

PAGE = 100


def trail(user: User, *, text: str, action: str, account: str, before: int | None) -> list[AuditEntry]:
    """Return one page of entries, newest first: of the accounts the person may see; empty words narrow nothing.

    Who may read the trail of any account reads what concerns none, too: sign-ins, limits, the kill switch.
    """
    seen = list(visible_accounts(user).values_list("code", flat=True))
    codes = [code for code in seen if account in ("", code)]
    reads_all = account == "" and may_anywhere(user, Action.READ_AUDIT)
    found = entries(Filter(action=action, accounts=(*codes, "") if reads_all else tuple(codes)))
    if text:
        found = found.filter(Q(subject__icontains=text) | Q(actor__icontains=text) | Q(trace_id=text))
    if before is not None:
        found = found.filter(id__lt=before)
    return list(found[:PAGE])


def may_verify(user: User) -> bool:
    """Return whether the person may have the chain checked."""
    return may_anywhere(user, Action.READ_AUDIT)


def verified(user: User) -> ChainReport:
    """Return what a check of the whole chain found.

    Raises:
        ForbiddenError: the person may not read the audit trail.
    """
    require_anywhere(user, Action.READ_AUDIT)
    return verify_chain()
