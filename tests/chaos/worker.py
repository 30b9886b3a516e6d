"""The broker worker as it is, but for the line: `python -m tests.chaos.worker NAME`.

CHAOS_SEED, CHAOS_FOLDER and CHAOS_SILENCE (seconds for which a broker must not know an order) come from the suite.
"""

import os
import sys
from datetime import timedelta
from pathlib import Path

import django

django.setup()

from allcore.celery import app  # noqa: E402 Django must be up
from brokers.ports import Session  # noqa: E402
from tests.chaos.torn import Fates, TornSession  # noqa: E402
from trading.domain.reconcile import doubts  # noqa: E402
from trading.gateway import bootstep, runner  # noqa: E402
from trading.gateway.knowledge import session_for  # noqa: E402

OPTIONS = "-Q broker.any -P threads -c 1 --without-gossip --without-mingle --without-heartbeat -l WARNING"


def main(name: str) -> None:
    silence = float(os.environ["CHAOS_SILENCE"])
    doubts.SILENCE_NEEDED = timedelta(seconds=silence)
    runner.RECONCILE_EVERY = min(runner.RECONCILE_EVERY, silence)
    fates = Fates(f"{os.environ['CHAOS_SEED']}:{name}", Path(os.environ["CHAOS_FOLDER"]))

    def torn(connection: str) -> Session:
        return TornSession(session_for(connection), fates)

    vars(bootstep)["session_for"] = torn  # where the bootstep finds it
    app.worker_main(["worker", "-n", f"{name}@%h", *OPTIONS.split()])


if __name__ == "__main__":
    main(sys.argv[1])
