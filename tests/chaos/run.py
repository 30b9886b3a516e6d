"""`make chaos`: thousands of orders while everything is killed, paused and restarted, and the broker's line is torn.

Options come from the environment: ORDERS, SECONDS (of torture at most), SEED, WEBS, SILENCE. One JSON object is
printed; the exit code is 0 only if no promise was broken.
"""

import importlib
import json
import signal
import sys
import time
from types import FrameType

from benchmarks.harness import servers

SUITES = {"chaos": "tests.chaos.suite", "storm": "tests.chaos.gale"}


def main(name: str) -> None:
    """Run the suite on servers of its own; a signal to end takes them along."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    began = time.monotonic()
    with servers():
        told, broken = importlib.import_module(SUITES[name]).run()  # Django is imported once its settings are made
        seconds = round(time.monotonic() - began, 1)
        # Before the servers' directory goes: whoever ends the run then still has its counts.
        sys.stdout.write(json.dumps({"name": name, "seconds": seconds, **told, "violations": broken}) + "\n")
        sys.stdout.flush()
    sys.exit(1 if any(broken.values()) else 0)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main("chaos")
