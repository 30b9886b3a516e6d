"""The levels of certification, and what each allows."""

import hashlib
from datetime import timedelta
from enum import StrEnum
from pathlib import Path


class Level(StrEnum):
    """How far an adapter has been tried, in rising order."""

    SIMULATED = "SIMULATED"  # against our own test server of the broker's protocol
    SANDBOX = "SANDBOX"  # against the broker's sandbox
    PAPER = "PAPER"  # against a paper account at the broker
    LIVE_CERTIFIED = "LIVE_CERTIFIED"  # against the account itself, with one order far from the market

    @property
    def rank(self) -> int:
        """The place in the order, from 1."""
        return list(Level).index(self) + 1


LASTS = {
    Level.SIMULATED: timedelta(days=90),
    Level.SANDBOX: timedelta(days=30),
    Level.PAPER: timedelta(days=30),
    Level.LIVE_CERTIFIED: timedelta(days=30),
}
NEEDED = {Level.SANDBOX: Level.SIMULATED, Level.PAPER: Level.SIMULATED, Level.LIVE_CERTIFIED: Level.SANDBOX}

BUILT_ON = {"schwab": ("rest",), "etrade": ("rest",), "tda": ("rest", "schwab")}


def digest_of(broker: str, root: Path | None = None) -> str:
    """Return the SHA-256 of the port, the adapter's source and what it is built on: a changed adapter is a new one."""
    home = root or Path(__file__).resolve().parent.parent
    digest = hashlib.sha256((home / "ports.py").read_bytes())
    sources = [file for folder in (broker, *BUILT_ON.get(broker, ())) for file in (home / folder).rglob("*.py")]
    for file in sorted(sources):
        digest.update(file.relative_to(home).as_posix().encode() + file.read_bytes())
    return digest.hexdigest()
