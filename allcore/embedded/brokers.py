"""Which broker `make run` puts the desk on: the paper one inside it, or a test server of a real one's protocol."""

import os
import shlex
from dataclasses import dataclass
from pathlib import Path

from allcore.embedded.preflight import StartRefusedError

PAPER = "paper"
LOOPBACK = "127.0.0.1"
TOLD, KEPT = "broker.json", "broker.kept"  # what the server is told of accounts and credentials; what it remembers


@dataclass(frozen=True, slots=True)
class Sim:
    """A test server beside the desk.

    `numbers` are those of the demo's accounts there, in their order; `credentials` are what its login consists of, made
    once for this desk alone and worth nothing anywhere else.
    """

    name: str
    broker: str
    numbers: tuple[str, str, str]
    credentials: tuple[str, ...] = ()

    def settings(self, port: int) -> dict[str, object]:
        """Return the connection's settings."""
        if self.broker == "ibkr":
            return {"port": port, "simulated": True}
        return {"base_url": f"http://{LOOPBACK}:{port}"}

    def command(self, var: Path, port: int, feed: str) -> str:
        """Return how the server is started; it follows the desk's own quotes, found in the Redis at `feed`."""
        files = f"--told {shlex.quote(str(var / TOLD))} --kept {shlex.quote(str(var / KEPT))}"
        return f"python -m tests.brokers.servers.beside {self.name} --port {port} --feed {shlex.quote(feed)} {files}"


SIMS = {
    sim.name: sim
    for sim in (
        Sim("ibkr-sim", "ibkr", ("DU1000001", "DU1000002", "DU1000003")),
        Sim(
            "schwab-sim",
            "schwab",
            ("10000001", "10000002", "10000003"),
            credentials=("app_key", "app_secret", "refresh_token"),
        ),
        Sim(
            "etrade-sim",
            "etrade",
            ("800000001", "800000002", "800000003"),
            credentials=("consumer_key", "consumer_secret", "access_token", "access_secret"),
        ),
        # The broker is gone; its contract lives on here, so that a person can see what the adapter still knows of it.
        Sim("tda-sim", "tda", ("900000001", "900000002", "900000003"), credentials=("app_key", "refresh_token")),
    )
}


def chosen() -> Sim | None:
    """Return the test server that BROKER names, or None for the paper broker.

    Raises:
        StartRefusedError: it names neither.
    """
    name = os.environ.get("BROKER") or PAPER
    if name != PAPER and name not in SIMS:
        raise StartRefusedError(f"BROKER is one of {PAPER}, {', '.join(SIMS)}, was {name!r}.")
    return SIMS.get(name)
