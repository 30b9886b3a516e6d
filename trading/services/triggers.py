"""The kill switch engaged by what is seen, and carried out; a person engages it as well, and only people release it."""

from datetime import datetime

import redis
import structlog

from allcore.kernel.errors import UnavailableError
from risk.domain.triggers import Firing, fired
from risk.models import KillLevel
from risk.selectors import kill as levels
from risk.services import kill
from trading.selectors import triggers
from trading.services.kill import enforce

PROCESS = "kill-trigger"

log = structlog.get_logger("desk.triggers")


def watch(*, now: datetime) -> int:
    """Engage what has fired, then do what every level asks for; that is done without eyes, too."""
    try:
        look(now=now)
    except (redis.RedisError, UnavailableError) as e:
        log.warning("triggers_blind", reason=str(e))
    return enforce(now=now)


def look(*, now: datetime) -> list[Firing]:
    """Engage each trigger beyond its limit; what is at its level already stays as it is. Returns what was engaged."""
    stored = levels.in_force().stored
    new = [
        firing
        for firing in fired(triggers.seen(now), triggers.limits())
        if stored.get((firing.scope, firing.target), KillLevel.NORMAL) < firing.level
    ]
    for firing in new:
        kill.engage(
            scope=firing.scope,
            target=firing.target,
            level=firing.level,
            actor=None,
            reason=firing.reason,
            now=now,
            process=PROCESS,
        )
    return new
