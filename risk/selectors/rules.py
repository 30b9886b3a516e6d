"""What risk says of an order just now: the limits in force and the kill switch's level, in one statement."""

from dataclasses import dataclass

from allcore import rows
from brokers.models import Account
from risk.domain.limits import Limits
from risk.selectors import kill, limits

READ = f"SELECT {kill.LEVEL}, {limits.IN_FORCE}::text"


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules for one account and underlying."""

    limits: Limits
    kill_level: int


def rules(account: Account, underlying: str) -> Rules:
    """Return the rules; `account.connection` should be loaded. A database that does not answer raises."""
    names = kill.asked(connection=account.connection.name, account=account.code, underlying=underlying)
    ((level, text),) = rows.read(READ, {**names, "account_id": account.pk})
    return Rules(limits=limits.limits_of(text), kill_level=max(level, kill.flag_level()))
