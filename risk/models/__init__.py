"""Tables of permission and limit."""

from risk.models.grants import AccountGrant, Role
from risk.models.kill import KillEvent, KillLevel, KillRelease, KillScope, KillState
from risk.models.limits import Limit, LimitChange
from risk.models.names import NameRule, StrategyHold
from risk.models.verdicts import AccountRisk, Reservation, Verdict

__all__ = [
    "AccountGrant",
    "AccountRisk",
    "KillEvent",
    "KillLevel",
    "KillRelease",
    "KillScope",
    "KillState",
    "Limit",
    "LimitChange",
    "NameRule",
    "Reservation",
    "Role",
    "StrategyHold",
    "Verdict",
]
