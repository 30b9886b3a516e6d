"""Credentials that are open in this process, so that no log line and no error page repeats them."""

from collections.abc import Iterable
from threading import Lock

HIDDEN = "[hidden]"
SHORTEST = 6  # shorter ones would blot out ordinary text

_open: set[str] = set()
_lock = Lock()


def remember(values: Iterable[str]) -> None:
    """Hide these texts wherever they turn up from now on."""
    with _lock:
        _open.update(value for value in values if len(value) >= SHORTEST)


def forget_all() -> None:
    """Hide nothing any more; for tests."""
    with _lock:
        _open.clear()


def scrub(text: str) -> str:
    """Return the text without any open credential."""
    if _open:
        for value in sorted(_open, key=len, reverse=True):
            text = text.replace(value, HIDDEN)
    return text
