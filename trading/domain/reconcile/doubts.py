"""When to ask the broker about a request nobody answered, and when "not found" is an answer."""

from datetime import datetime, timedelta

ANSWER_EXPECTED = timedelta(seconds=5)  # a sent request without an answer is in doubt after this
ASK_AFTER = tuple(timedelta(seconds=s) for s in (1, 2, 5, 10, 30))
ASK_EVERY = timedelta(seconds=60)
QUERIES_NEEDED = 3
SILENCE_NEEDED = timedelta(seconds=60)


def next_query_at(sent_at: datetime, queries: int) -> datetime:
    """Return when the next question is due: after 1, 2, 5, 10, 30 s, then each minute."""
    if queries < len(ASK_AFTER):
        return sent_at + ASK_AFTER[queries]
    return sent_at + ASK_AFTER[-1] + ASK_EVERY * (queries - len(ASK_AFTER) + 1)


def is_final(sent_at: datetime, queries: int, *, indexes_our_ids: bool, now: datetime) -> bool:
    """Return whether "not found" may be believed: three answers over a minute, from a broker that knows our ids."""
    return indexes_our_ids and queries >= QUERIES_NEEDED and now - sent_at >= SILENCE_NEEDED
