"""The limits in force, and the edits that wait."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

import orjson
from django.db.models import F, Q, QuerySet

from allcore import rows
from allcore.accounts.models import User
from brokers.models import Account
from risk.domain.defaults import DEFAULTS
from risk.domain.limits import Bound, Direction, Limits, Unit
from risk.models import Limit, LimitChange
from risk.selectors.permissions import visible_accounts

IN_FORCE = """
(SELECT json_agg(json_build_array(code, (account_id IS NOT NULL)::int + (underlying <> '')::int, unit,
                                  soft::text, hard::text) ORDER BY id)
   FROM risk_limit
  WHERE (account_id IS NULL OR account_id = %(account_id)s) AND underlying IN ('', %(underlying)s))
"""


@dataclass(frozen=True, slots=True)
class Scoped:
    """One stored limit, and how narrow its scope is: 0 for everybody, 1 for an account or a name, 2 for both."""

    code: str
    rank: int
    bound: Bound


def in_force(account: Account, underlying: str = "") -> Limits:
    """Return every limit for the account and underlying: the narrowest scope's; of two as narrow, the stricter."""
    ((text,),) = rows.read(f"SELECT {IN_FORCE}::text", {"account_id": account.pk, "underlying": underlying})
    return limits_of(text)


@lru_cache(maxsize=64)
def limits_of(text: str | None) -> Limits:
    """Return the limits that IN_FORCE answered; other rows are another text, so that what is kept is never old."""
    return Limits({} if text is None else narrowest(_stored(row) for row in orjson.loads(text)))


def in_force_for(accounts: Iterable[Account]) -> dict[int, Limits]:
    """Return, by account's key, every limit that holds whatever the underlying; one query for all."""
    found = [(row.account_id, scoped(row)) for row in Limit.objects.filter(underlying="").order_by("id")]
    return {a.pk: Limits(narrowest(one for owner, one in found if owner in (None, a.pk))) for a in accounts}


def for_everybody() -> Limits:
    """Return the limits that hold where nothing narrower does."""
    return Limits(narrowest(scoped(row) for row in Limit.objects.filter(account=None, underlying="").order_by("id")))


def narrowest(found: Iterable[Scoped]) -> dict[str, Bound]:
    """Return by code the bound of the narrowest limit."""
    narrow: dict[str, Scoped] = {}
    for one in found:
        known = narrow.get(one.code)
        if known is None or one.rank > known.rank:
            narrow[one.code] = one
        elif one.rank == known.rank:
            bound = known.bound.narrowed(soft=one.bound.soft, hard=one.bound.hard)
            narrow[one.code] = Scoped(one.code, one.rank, bound)
    return {code: one.bound for code, one in narrow.items()}


def scoped(limit: Limit) -> Scoped:
    """Return a row with how narrow it is."""
    return Scoped(limit.code, (limit.account_id is not None) + (limit.underlying != ""), bound_of(limit))


def _stored(answer: Sequence[Any]) -> Scoped:
    code, rank, unit, soft, hard = answer
    return Scoped(code, rank, Bound(Unit(unit), _decimal(soft), _decimal(hard), direction_of(code)))


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


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
