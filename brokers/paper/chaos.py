"""The line that breaks now and then, if the connection's settings ask for it."""

from dataclasses import dataclass
from datetime import datetime

from allcore.kernel.calendar import session_on
from allcore.kernel.clock import new_york_date
from allcore.kernel.errors import UnknownOutcomeError
from brokers.paper.draws import draw


class LineCutError(UnknownOutcomeError):
    """The chaos setting has cut the line: what was on its way may have arrived."""

    code = "LINE_CUT"


@dataclass(frozen=True, slots=True)
class Chaos:
    """How often a session the line is cut."""

    seed: str
    cuts: int


CALM = Chaos("", 0)


def is_cut(chaos: Chaos, before: datetime | None, now: datetime) -> bool:
    """Return whether the line breaks after `before` up to `now` (the exchange's time)."""
    if not chaos.cuts:
        return False
    session = session_on(new_york_date(now))
    if session is None or before is None:
        return False
    length = session.closes_at - session.opens_at
    cuts = (session.opens_at + length * draw(chaos.seed, "cut", session.day, n) for n in range(chaos.cuts))
    return any(before < cut <= now for cut in cuts)
