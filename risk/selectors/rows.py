"""Limits, their edits and the kill switch as they travel."""

from datetime import datetime
from decimal import Decimal

from risk.domain.defaults import LABELS
from risk.models import KillRelease, KillState, Limit, LimitChange
from risk.selectors import kill
from risk.selectors.limits import direction_of

Row = dict[str, object]


def text(value: Decimal | None) -> str | None:
    """Return a decimal as plain text without trailing zeros."""
    return None if value is None else f"{value.normalize():f}"


def iso(moment: datetime | None) -> str | None:
    """Return a moment as ISO text."""
    return None if moment is None else moment.isoformat()


def limit_row(limit: Limit) -> Row:
    """Return a limit's row; `limit.account` should be loaded."""
    return {
        "id": limit.pk,
        "code": limit.code,
        "label": LABELS.get(limit.code, limit.code),
        "account": None if limit.account is None else limit.account.code,
        "underlying": limit.underlying,
        "unit": limit.unit,
        "direction": str(direction_of(limit.code)),
        "soft": text(limit.soft),
        "hard": text(limit.hard),
        "version": limit.version,
        "effective_at": iso(limit.effective_at),
    }


def change_row(change: LimitChange) -> Row:
    """Return an edit's row; its limit and people should be loaded."""
    return {
        "id": change.pk,
        "limit": limit_row(change.limit),
        "old_soft": text(change.old_soft),
        "old_hard": text(change.old_hard),
        "new_soft": text(change.new_soft),
        "new_hard": text(change.new_hard),
        "is_loosening": change.is_loosening,
        "reason": change.reason,
        "status": change.status,
        "requested_by": change.requested_by.username,
        "requested_at": iso(change.requested_at),
        "decided_by": None if change.decided_by is None else change.decided_by.username,
        "decided_at": iso(change.decided_at),
    }


def state_row(state: KillState) -> Row:
    """Return one scope's level; its event should be loaded."""
    return {
        "scope": state.scope,
        "target": state.target,
        "level": state.level,
        "label": state.get_level_display(),
        "actor": state.event.actor,
        "reason": state.event.reason,
        "at": iso(state.event.at),
    }


def release_row(release: KillRelease) -> Row:
    """Return a release that waits for its second person."""
    return {
        "id": release.pk,
        "scope": release.scope,
        "target": release.target,
        "to_level": release.to_level,
        "reason": release.reason,
        "requested_by": release.requested_by.username,
        "requested_at": iso(release.requested_at),
        "closed_at": iso(release.closed_at),
    }


def kill_row() -> Row:
    """Return the whole switch: the highest level, each scope's, the file's, and the releases that wait."""
    states, flag = kill.levels(), kill.flag_level()
    return {
        "level": max([flag, *(state.level for state in states)]),
        "levels": [state_row(state) for state in states],
        "file_level": flag,
        "releases": [release_row(release) for release in kill.open_releases()],
    }
