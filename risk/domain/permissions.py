"""What each role may do (protocol 4.8): one table, checked on the server alone."""

from collections.abc import Iterable
from enum import StrEnum

from risk.domain.verdict import Level


class Action(StrEnum):
    """What a person may be allowed to do on an account, or on the desk as a whole."""

    VIEW = "VIEW"
    PROPOSE = "PROPOSE"
    SEND_ORDER = "SEND_ORDER"
    CANCEL_ORDER = "CANCEL_ORDER"
    CHANGE_PROPOSAL = "CHANGE_PROPOSAL"
    REJECT_PROPOSAL = "REJECT_PROPOSAL"
    APPROVE_PROPOSAL = "APPROVE_PROPOSAL"
    OVERRIDE_SOFT = "OVERRIDE_SOFT"
    OVERRIDE_PROTOCOL = "OVERRIDE_PROTOCOL"
    SIGN_MANDATE = "SIGN_MANDATE"
    RESOLVE_BREAK = "RESOLVE_BREAK"
    PAUSE_CONNECTION = "PAUSE_CONNECTION"
    ENGAGE_KILL = "ENGAGE_KILL"
    RELEASE_KILL = "RELEASE_KILL"
    EDIT_LIMITS = "EDIT_LIMITS"
    DECIDE_LIMITS = "DECIDE_LIMITS"
    READ_AUDIT = "READ_AUDIT"
    EXPORT = "EXPORT"
    ADMINISTER = "ADMINISTER"


class RoleName(StrEnum):
    """The roles."""

    VIEWER = "VIEWER"
    TRADER = "TRADER"
    APPROVER = "APPROVER"
    RISK_OFFICER = "RISK_OFFICER"
    COMPLIANCE = "COMPLIANCE"
    ADMIN = "ADMIN"


# Admins keep the house and second a risk officer; they do not trade. Whoever trades or keeps risk may stop the desk.
ACTIONS: dict[RoleName, frozenset[Action]] = {
    RoleName.VIEWER: frozenset({Action.VIEW}),
    RoleName.TRADER: frozenset(
        {
            Action.VIEW,
            Action.PROPOSE,
            Action.SEND_ORDER,
            Action.CANCEL_ORDER,
            Action.CHANGE_PROPOSAL,
            Action.REJECT_PROPOSAL,
            Action.APPROVE_PROPOSAL,
            Action.ENGAGE_KILL,
        }
    ),
    RoleName.APPROVER: frozenset(
        {
            Action.VIEW,
            Action.APPROVE_PROPOSAL,
            Action.REJECT_PROPOSAL,
            Action.CHANGE_PROPOSAL,
            Action.CANCEL_ORDER,
            Action.OVERRIDE_PROTOCOL,
            Action.ENGAGE_KILL,
        }
    ),
    RoleName.RISK_OFFICER: frozenset(
        {
            Action.VIEW,
            Action.APPROVE_PROPOSAL,
            Action.REJECT_PROPOSAL,
            Action.CANCEL_ORDER,
            Action.OVERRIDE_SOFT,
            Action.OVERRIDE_PROTOCOL,
            Action.SIGN_MANDATE,
            Action.RESOLVE_BREAK,
            Action.PAUSE_CONNECTION,
            Action.ENGAGE_KILL,
            Action.RELEASE_KILL,
            Action.EDIT_LIMITS,
            Action.DECIDE_LIMITS,
            Action.READ_AUDIT,
        }
    ),
    RoleName.COMPLIANCE: frozenset({Action.VIEW, Action.READ_AUDIT, Action.EXPORT}),
    RoleName.ADMIN: frozenset(
        {
            Action.VIEW,
            Action.PAUSE_CONNECTION,
            Action.RELEASE_KILL,
            Action.DECIDE_LIMITS,
            Action.READ_AUDIT,
            Action.ADMINISTER,
        }
    ),
}

# The protocol's own soft rules need an approver; all other soft limits a risk officer.
OVERRIDE: dict[Level, Action] = {Level.PROTOCOL_SOFT: Action.OVERRIDE_PROTOCOL}


def actions_of(roles: Iterable[RoleName]) -> frozenset[Action]:
    """Return what somebody with these roles may do."""
    return frozenset(action for role in roles for action in ACTIONS[role])


def needed_to_override(levels: Iterable[Level]) -> frozenset[Action]:
    """Return what somebody must be allowed in order to accept soft blocks of these levels."""
    return frozenset(OVERRIDE.get(level, Action.OVERRIDE_SOFT) for level in levels)
