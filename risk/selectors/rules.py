"""What risk says of an order just now: the limits in force and the kill switch's level, for another's statement."""

from dataclasses import dataclass

from brokers.models import Account
from risk.domain.limits import Limits
from risk.selectors import kill, limits

COLUMNS = f"{kill.LEVEL}, {limits.IN_FORCE}::text"


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules for one account and underlying."""

    limits: Limits
    kill_level: int


def asked(account: Account, underlying: str) -> dict[str, object]:
    """Return what COLUMNS asks for; `account.connection` should be loaded."""
    names = kill.asked(connection=account.connection.name, account=account.code, underlying=underlying)
    return {**names, "account_id": account.pk}


def rules_of(level: int, text: str | None) -> Rules:
    """Return the rules that COLUMNS answered."""
    return Rules(limits=limits.limits_of(text), kill_level=max(level, kill.flag_level()))
