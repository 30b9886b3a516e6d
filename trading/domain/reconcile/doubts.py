"""When to ask the broker about a request nobody answered, when "not found" is an answer, and for how long to listen."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from allcore.kernel.calendar import next_session
from allcore.kernel.clock import new_york_date

ANSWER_EXPECTED = timedelta(seconds=5)  # a sent request without an answer is in doubt after this
ASK_AFTER = tuple(timedelta(seconds=s) for s in (1, 2, 5, 10, 30))
ASK_EVERY = timedelta(seconds=60)
ASK_FOR = timedelta(minutes=15)  # from then on only the periodic reconciliation looks, and a person is told
QUERIES_NEEDED = 3
SILENCE_NEEDED = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Asked:
    """How an answer was come by. `since` is how far back it reaches; the broker keeps our ids, or it does not."""

    since: datetime
    is_healthy: bool
    indexes_our_ids: bool


def next_query_at(sent_at: datetime, queries: int, last_query_at: datetime | None = None) -> datetime | None:
    """Return when the next question is due: after 1, 2, 5, 10, 30 s, then each minute; None after a quarter of an hour.

    Questions that fell due while nobody could ask are not made up for in one burst: each keeps its distance.
    """
    due = sent_at + _after(queries)
    if due - sent_at > ASK_FOR:
        return None
    if last_query_at is None or queries == 0:
        return due
    return max(due, last_query_at + (_after(queries) - _after(queries - 1)))


def _after(queries: int) -> timedelta:
    if queries < len(ASK_AFTER):
        return ASK_AFTER[queries]
    return ASK_AFTER[-1] + ASK_EVERY * (queries - len(ASK_AFTER) + 1)


def is_final(first_query_at: datetime, queries: int, *, indexes_our_ids: bool, now: datetime) -> bool:
    """Return whether "not found" may be believed: three answers over a minute, from a broker that knows our ids."""
    return indexes_our_ids and has_asked_enough(first_query_at, queries, now=now)


def has_asked_enough(first_query_at: datetime, queries: int, *, now: datetime) -> bool:
    """Return whether the broker was asked often and long enough; if it does not keep our ids, a person decides then."""
    return queries >= QUERIES_NEEDED and now - first_query_at >= SILENCE_NEEDED


def counts(asked: Asked, sent_at: datetime) -> bool:
    """Return whether an answer says anything of a request: it reaches back before it, and the line was well."""
    return asked.is_healthy and asked.since <= sent_at


def listen_until(sent_at: datetime) -> datetime:
    """Return until when an order that was not found may yet turn up: the end of the next session."""
    return next_session(new_york_date(sent_at)).closes_at
