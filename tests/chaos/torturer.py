"""Kills, pauses and restarts, one after another, as a seed decides."""

import itertools
import signal
import threading
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from brokers.paper.draws import draw
from tests.chaos.desk import Desk, Victim


class Torture(StrEnum):
    """What is done to a process."""

    KILL = "kills"
    PAUSE = "pauses"
    RESTART = "restarts"


LONGEST_PAUSE = 7.0  # seconds: a broker worker loses its lease after five
LONGEST_DEATH = 2.0
BETWEEN = 2.5


def deck(seed: str, names: Collection[str]) -> Iterator[tuple[Torture, str]]:
    """Yield what is done to whom, for ever: each torture of each victim once a round, in drawn order."""
    for turn in itertools.count():
        yield from sorted(itertools.product(Torture, names), key=lambda what: draw(seed, turn, *what))


@dataclass(slots=True)
class Torturer:
    """Tortures in a thread of its own until told to stop; every victim is alive afterwards."""

    desk: Desk
    seed: str
    done: dict[Torture, Counter[str]] = field(default_factory=lambda: {t: Counter() for t in Torture})
    failure: BaseException | None = None
    _stopping: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="torturer", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Return once every victim runs again."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(120)
        if self.failure is not None:
            raise self.failure

    def _run(self) -> None:
        try:
            for turn, (torture, name) in enumerate(deck(self.seed, self.desk.victims)):
                if self._stopping.wait(BETWEEN * draw(self.seed, turn, "between")):
                    return
                self._do(torture, self.desk.victims[name], draw(self.seed, turn, "seconds"))
                self.done[torture][name.partition("-")[0]] += 1
        except BaseException as e:  # noqa: BLE001 it is raised again by whoever waits for the thread
            self.failure = e

    def _do(self, torture: Torture, victim: Victim, how_long: float) -> None:
        if torture is Torture.PAUSE:
            victim.signal(signal.SIGSTOP)
            self._stopping.wait(0.5 + LONGEST_PAUSE * how_long)
            victim.signal(signal.SIGCONT)
            return
        victim.kill() if torture is Torture.KILL else victim.end()
        self._stopping.wait(LONGEST_DEATH * how_long)
        victim.revive()
