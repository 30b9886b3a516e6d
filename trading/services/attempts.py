"""Many things to be done, of which one that breaks must not keep the others from being done."""

from collections.abc import Callable

import structlog

log = structlog.get_logger("desk.attempts")


class Attempts:
    """Makes one after another, keeps what went wrong, and raises the first of it at the end."""

    def __init__(self) -> None:
        self._faults: list[Exception] = []

    def make(self, act: Callable[[], int]) -> int:
        """Return what the act returns, or 0 if it breaks."""
        try:
            return act()
        except Exception as e:
            log.exception("attempt_failed")
            self._faults.append(e)
            return 0

    def end(self) -> None:
        """Raise what went wrong first, if anything did."""
        if self._faults:
            raise self._faults[0]
