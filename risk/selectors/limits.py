"""The limits in force, and the edits that wait."""

from collections.abc import Iterable

from django.db.models import F, Q, QuerySet

from allcore.accounts.models import User
from brokers.models import Account
from risk.domain.defaults import DEFAULTS
from risk.domain.limits import Bound, Direction, Limits, Unit
from risk.models import Limit, LimitChange
from risk.selectors.permissions import visible_accounts


def in_force(account: Account, underlying: str = "") -> Limits:
    """Return every limit for the account and underlying: the narrowest scope's; of two as narrow, the stricter."""
    rows = Limit.objects.filter(Q(account=None) | Q(account=account), underlying__in={"", underlying})
    return Limits(narrowest(rows.order_by("id")))


def in_force_for(accounts: Iterable[Account]) -> dict[int, Limits]:
    """Return, by account's key, every limit that holds whatever the underlying; one query for all."""
    rows = list(Limit.objects.filter(underlying="").order_by("id"))
    return {a.pk: Limits(narrowest(row for row in rows if row.account_id in (None, a.pk))) for a in accounts}


def narrowest(rows: Iterable[Limit]) -> dict[str, Bound]:
    """Return by code the bound of the narrowest row."""
    found: dict[str, tuple[int, Bound]] = {}
    for row in rows:
        rank, bound = (row.account_id is not None) + (row.underlying != ""), bound_of(row)
        known_rank, known = found.get(row.code, (-1, bound))
        if rank > known_rank:
            found[row.code] = (rank, bound)
        elif rank == known_rank:
            found[row.code] = (rank, known.narrowed(soft=bound.soft, hard=bound.hard))
    return {code: bound for code, (_, bound) in found.items()}


def bound_of(limit: Limit) -> Bound:
    """Return a row's numbers."""
    return Bound(Unit(limit.unit), limit.soft, limit.hard, direction_of(limit.code))


def direction_of(code: str) -> Direction:
    """Return which way the limit of the code points."""
    return DEFAULTS[code].direction if code in DEFAULTS else Direction.CEILING


def visible(user: User) -> QuerySet[Limit]:
    """Return the limits for everybody and for the accounts the user may see, by code, the widest scope first."""
    mine = Limit.objects.filter(Q(account=None) | Q(account__in=visible_accounts(user)))
    return mine.select_related("account").order_by("code", F("account_id").asc(nulls_first=True), "underlying", "id")


def visible_changes(user: User, *, status: str = "") -> QuerySet[LimitChange]:
    """Return the edits of those limits, the newest first; of one status if it is named."""
    mine = LimitChange.objects.filter(Q(limit__account=None) | Q(limit__account__in=visible_accounts(user)))
    wanted = mine.filter(status=status) if status else mine
    return wanted.select_related("limit__account", "requested_by", "decided_by").order_by("-id")
