"""The kill switch's level, from the database and from a file that works when nothing else does.

`VAR_DIR/KILL` holds the whole desk: its presence is level 2, a digit in it says which. It can only raise the level.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from allcore import rows
from risk.models import KillEvent, KillLevel, KillRelease, KillScope, KillState

FLAG = "KILL"
LEVEL = """
(SELECT coalesce(max(level), 0) FROM kill_state
  WHERE scope = 'GLOBAL' OR (scope = 'BROKER' AND target = %(connection)s)
     OR (scope = 'ACCOUNT' AND target = %(code)s) OR (scope = 'UNDERLYING' AND target = %(underlying)s))
"""


def level_for(*, connection: str, account: str, underlying: str) -> int:
    """Return the highest level that holds an order of the account, on the connection, in the underlying.

    A database that does not answer raises: who cannot know the level does not send.
    """
    names = asked(connection=connection, account=account, underlying=underlying)
    ((stored,),) = rows.read(f"SELECT {LEVEL}", names)
    return max(int(stored), flag_level())


def asked(*, connection: str, account: str, underlying: str) -> dict[str, object]:
    """Return what LEVEL asks for."""
    return {"connection": connection, "code": account, "underlying": underlying}


@dataclass(frozen=True, slots=True)
class Levels:
    """All that is engaged: each scope and target with its level, and what the file asks for."""

    stored: Mapping[tuple[str, str], int]
    flag: int

    def level_for(self, *, connection: str, account: str, underlying: str) -> int:
        """Return the highest level that holds such an order."""
        scopes: dict[str, str] = {
            KillScope.BROKER: connection,
            KillScope.ACCOUNT: account,
            KillScope.UNDERLYING: underlying,
        }
        holding = [level for (scope, target), level in self.stored.items() if target == scopes.get(scope, target)]
        return max((*holding, self.flag))


def in_force() -> Levels:
    """Return what is engaged, for who looks at many orders at once; one query."""
    found = rows.read("SELECT scope, target, level FROM kill_state WHERE level > 0", ())
    return Levels({(scope, target): level for scope, target, level in found}, flag_level())


def flag_level(var_dir: Path | None = None) -> int:
    """Return the level the file asks for; a file that says nothing readable is level 2."""
    path = (settings.VAR_DIR if var_dir is None else var_dir) / FLAG
    try:
        text = path.read_text().strip()
    except FileNotFoundError:
        return KillLevel.NORMAL
    except (OSError, UnicodeDecodeError):
        return KillLevel.BLOCK_NEW
    asked = int(text) if text.isascii() and text.isdigit() else KillLevel.BLOCK_NEW
    return min(max(asked, KillLevel.BLOCK_NEW), KillLevel.CANCEL_ALL)


def levels() -> list[KillState]:
    """Return the levels in force above 0, the widest scope first."""
    states = KillState.objects.filter(level__gt=KillLevel.NORMAL).select_related("event__user")
    order = list(KillScope.values)
    return sorted(states.order_by("id"), key=lambda state: (order.index(state.scope), state.target))


def open_releases() -> list[KillRelease]:
    """Return the releases that wait for their second person."""
    return list(KillRelease.objects.filter(closed_at=None).select_related("requested_by").order_by("id"))


def history(count: int = 50) -> list[KillEvent]:
    """Return the latest events, the newest first."""
    return list(KillEvent.objects.select_related("user", "second").order_by("-id")[:count])
