"""How long a broker's 429 asks to wait."""

from email.utils import parsedate_to_datetime

import httpx

PAUSE = 1.0  # seconds, where it does not say


def said_429(response: httpx.Response) -> float | None:
    """Return how long a 429 asks to wait: its Retry-After in seconds, or until a time by the broker's own clock."""
    if response.status_code != httpx.codes.TOO_MANY_REQUESTS:
        return None
    after = response.headers.get("Retry-After", "")
    return float(after) if after.replace(".", "", 1).isdigit() else _until(after, response.headers.get("Date", ""))


def _until(then: str, now: str) -> float:
    try:
        return max((parsedate_to_datetime(then) - parsedate_to_datetime(now)).total_seconds(), PAUSE)
    except (TypeError, ValueError):
        return PAUSE
